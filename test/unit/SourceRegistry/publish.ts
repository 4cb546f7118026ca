import { expect } from "chai";
import { ZeroAddress, ZeroHash } from "ethers";
import { loadFixture } from "../../helpers/network.js";
import {
  deployRegistry,
  digest,
  MAX_UINT96,
  MIN_STAKE,
  SOURCE,
  sourceOf,
  V1,
  V2,
  verifierAt,
  versionOf,
} from "../../helpers/registry.js";

const verifiers = (count: number) => Array.from({ length: count }, (_, place) => verifierAt(place));

describe("SourceRegistry.publish", () => {
  it("numbers sources from 1 and answers the number", async () => {
    const { registry, publisher, other } = await loadFixture(deployRegistry);
    for (const source of [1n, 2n, 3n]) {
      const by = registry.connect(source === 2n ? other : publisher);
      expect(await by.publish.staticCall(SOURCE, V1, [])).to.equal(source);
      await by.publish(SOURCE, V1, []);
      expect(await registry.sourceCount()).to.equal(source);
    }
    expect(await registry.ownerOf(2)).to.equal(other.address);
    expect(await registry.balanceOf(publisher)).to.equal(2n);
  });

  it("keeps every term of the source and of its first version, both active", async () => {
    const { registry, publisher } = await loadFixture(deployRegistry);
    await registry.connect(publisher).publish(SOURCE, V1, [verifierAt(1)]);
    expect(await sourceOf(registry, 1)).to.deep.equal({
      ...SOURCE,
      versions: 1n,
      active: true,
      publisher: publisher.address,
    });
    expect(await versionOf(registry, 1, 1)).to.deep.equal({ ...V1, active: true });
    expect(await registry.isAdmitted(1, 1, verifierAt(1))).to.equal(true);
  });

  it("keeps sources apart", async () => {
    const { registry, publisher, other } = await loadFixture(deployRegistry);
    await registry.connect(publisher).publish(SOURCE, V1, [verifierAt(1)]);
    const second = { floorPrice: 1n, stakePerSlot: MIN_STAKE, royaltyBps: 1n };
    await registry.connect(other).publish(second, V2, []);
    expect(await versionOf(registry, 1, 1)).to.deep.equal({ ...V1, active: true });
    expect(await versionOf(registry, 2, 1)).to.deep.equal({ ...V2, active: true });
    expect((await sourceOf(registry, 1)).publisher).to.equal(publisher.address);
    expect(await sourceOf(registry, 2)).to.deep.equal({
      ...second,
      versions: 1n,
      active: true,
      publisher: other.address,
    });
    expect(await registry.isAdmitted(2, 1, verifierAt(1))).to.equal(false);
  });

  it("tells of the source, its token and its version", async () => {
    const { registry, publisher } = await loadFixture(deployRegistry);
    const list = [verifierAt(2), verifierAt(1)];
    const { manifestDigest, environments, minGpuMemory, deterministic } = V1;
    await expect(registry.connect(publisher).publish(SOURCE, V1, list))
      .to.emit(registry, "SourcePublished")
      .withArgs(1, publisher.address, SOURCE.floorPrice, SOURCE.stakePerSlot, SOURCE.royaltyBps)
      .and.to.emit(registry, "Transfer")
      .withArgs(ZeroAddress, publisher.address, 1)
      .and.to.emit(registry, "VersionPublished")
      .withArgs(1, 1, manifestDigest, environments, minGpuMemory, deterministic, list);
  });

  for (const [title, terms] of [
    ["the lowest", { floorPrice: 1n, stakePerSlot: MIN_STAKE, royaltyBps: 0n }],
    ["the highest", { floorPrice: MAX_UINT96, stakePerSlot: MAX_UINT96, royaltyBps: 2000n }],
  ] as const) {
    it(`takes ${title} terms of a source`, async () => {
      const { registry, publisher } = await loadFixture(deployRegistry);
      await registry.connect(publisher).publish(terms, V1, []);
      const { floorPrice, stakePerSlot, royaltyBps } = await sourceOf(registry, 1);
      expect({ floorPrice, stakePerSlot, royaltyBps }).to.deep.equal(terms);
    });
  }

  for (const [environments, minGpuMemory] of [
    [1n, 0n],
    [2n, 0n],
    [2n, 1n],
    [3n, 65_535n],
    [4n, 1n],
    [5n, 80n],
    [6n, 80n],
    [7n, 80n],
  ] as const) {
    it(`takes environments ${environments} with ${minGpuMemory} GiB`, async () => {
      const { registry, publisher } = await loadFixture(deployRegistry);
      const version = { manifestDigest: digest(7), environments, minGpuMemory, deterministic: false };
      await registry.connect(publisher).publish(SOURCE, version, []);
      expect(await versionOf(registry, 1, 1)).to.deep.equal({ ...version, active: true });
    });
  }

  it("admits each of 16 verifiers, and nobody else", async () => {
    const { registry, publisher } = await loadFixture(deployRegistry);
    await registry.connect(publisher).publish(SOURCE, V1, verifiers(16));
    for (const verifier of verifiers(16)) expect(await registry.isAdmitted(1, 1, verifier)).to.equal(true);
    expect(await registry.isAdmitted(1, 1, verifierAt(16))).to.equal(false);
    expect(await registry.isAdmitted(1, 1, ZeroAddress)).to.equal(false);
  });

  for (const [title, source, version, list, error, args] of [
    ["no floor price", { floorPrice: 0n }, {}, [], "ZeroFloorPrice", []],
    [
      "a floor price beyond 96 bits",
      { floorPrice: MAX_UINT96 + 1n },
      {},
      [],
      "AmountTooLarge",
      [MAX_UINT96 + 1n, MAX_UINT96],
    ],
    [
      "a stake below the lowest",
      { stakePerSlot: MIN_STAKE - 1n },
      {},
      [],
      "StakePerSlotBelowMinimum",
      [MIN_STAKE - 1n, MIN_STAKE],
    ],
    [
      "a stake beyond 96 bits",
      { stakePerSlot: MAX_UINT96 + 1n },
      {},
      [],
      "AmountTooLarge",
      [MAX_UINT96 + 1n, MAX_UINT96],
    ],
    ["a royalty above a fifth", { royaltyBps: 2001n }, {}, [], "RoyaltyAboveMaximum", [2001n, 2000n]],
    // 16 bits of it would be zero.
    ["a royalty beyond its field", { royaltyBps: 65_536n }, {}, [], "RoyaltyAboveMaximum", [65_536n, 2000n]],
    ["no manifest", {}, { manifestDigest: ZeroHash }, [], "ZeroDigest", []],
    ["no environment", {}, { environments: 0n, minGpuMemory: 0n }, [], "InvalidEnvironments", [0n]],
    ["an unknown environment", {}, { environments: 8n, minGpuMemory: 0n }, [], "InvalidEnvironments", [8n]],
    ["known environments with an unknown one", {}, { environments: 15n }, [], "InvalidEnvironments", [15n]],
    ["all bits of environments", {}, { environments: 255n }, [], "InvalidEnvironments", [255n]],
    ["GPU memory without a GPU", {}, { environments: 1n, minGpuMemory: 1n }, [], "GpuMemoryWithoutGpu", [1n]],
    ["17 verifiers", {}, {}, verifiers(17), "TooManyVerifiers", [17n, 16n]],
    ["a verifier of zero", {}, {}, [ZeroAddress], "ZeroVerifier", []],
    ["a verifier of zero behind another", {}, {}, [verifierAt(1), ZeroAddress], "ZeroVerifier", []],
  ] as const) {
    it(`refuses ${title}`, async () => {
      const { registry, publisher } = await loadFixture(deployRegistry);
      await expect(registry.connect(publisher).publish({ ...SOURCE, ...source }, { ...V1, ...version }, [...list]))
        .to.be.revertedWithCustomError(registry, error)
        .withArgs(...args);
      expect(await registry.sourceCount()).to.equal(0n);
      expect(await registry.balanceOf(publisher)).to.equal(0n);
    });
  }
});
