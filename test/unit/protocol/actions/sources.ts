import { expect } from "chai";
import { ZeroAddress, ZeroHash } from "ethers";
import { publishSource, type PublishSourceRevert } from "../../../../src/protocol/actions/publishSource.js";
import { publishVersion, type PublishVersionRevert } from "../../../../src/protocol/actions/publishVersion.js";
import { setFloorPrice, type SetFloorPriceRevert } from "../../../../src/protocol/actions/setFloorPrice.js";
import { setRoyalty, type SetRoyaltyRevert } from "../../../../src/protocol/actions/setRoyalty.js";
import { setSourceActive, type SetSourceActiveRevert } from "../../../../src/protocol/actions/setSourceActive.js";
import { setStakePerSlot, type SetStakePerSlotRevert } from "../../../../src/protocol/actions/setStakePerSlot.js";
import { setVersionActive, type SetVersionActiveRevert } from "../../../../src/protocol/actions/setVersionActive.js";
import { transferSource, type TransferSourceRevert } from "../../../../src/protocol/actions/transferSource.js";
import { Environment } from "../../../../src/protocol/order.js";
import { loadFixture } from "../../../helpers/network.js";
import { protocolOf } from "../../../helpers/protocol.js";
import { expectRevert } from "../../../helpers/refusal.js";
import { deployMarket, FLOOR, random32, STAKE_PER_SLOT } from "../../../helpers/suite.js";

const setUp = async () => {
  const market = await loadFixture(deployMarket);
  const { publisher, stranger, source, sourceRegistry: registry } = market;
  const protocol = await protocolOf(market, publisher);
  const foreign = await protocolOf(market, stranger);
  const notPublisher = { source: BigInt(source), caller: stranger.address };
  return { market, registry, protocol, foreign, source, notPublisher };
};

const draft = () => ({
  floorPrice: 5n,
  stakePerSlot: STAKE_PER_SLOT + 1n,
  royaltyBps: 700,
  manifestDigest: random32(),
  environments: Environment.Cpu | Environment.Amd,
});

describe("protocol.publishSource", () => {
  it("publishes a source with its first version", async () => {
    const { market, registry, protocol } = await setUp();
    const verifier = await market.attestation.getAddress();
    const terms = { ...draft(), minGpuMemory: 24, deterministic: true, verifiers: [verifier] };
    const { source, version, publisher } = await publishSource(protocol, terms);
    expect({ source, version, publisher }).to.deep.equal({
      source: 2,
      version: 1,
      publisher: market.publisher.address,
    });
    const { floorPrice, stakePerSlot, royaltyBps, versions, active } = await registry.getSource(source);
    expect([floorPrice, stakePerSlot, royaltyBps]).to.deep.equal([5n, STAKE_PER_SLOT + 1n, 700n]);
    expect([versions, active, await registry.ownerOf(source)]).to.deep.equal([1n, true, publisher]);
    const { manifestDigest, environments, minGpuMemory, deterministic } = await registry.getVersion(source, version);
    expect([manifestDigest, environments]).to.deep.equal([terms.manifestDigest, 5n]);
    expect([minGpuMemory, deterministic]).to.deep.equal([24n, true]);
    expect(await registry.isAdmitted(source, version, verifier)).to.equal(true);
  });

  it("asks for no GPU memory and promises no determinism by default", async () => {
    const { registry, protocol } = await setUp();
    const { source } = await publishSource(protocol, draft());
    const { minGpuMemory, deterministic } = await registry.getVersion(source, 1);
    expect([minGpuMemory, deterministic]).to.deep.equal([0n, false]);
  });

  it("is refused for terms out of bounds", async () => {
    const { protocol } = await setUp();
    const refusal = (changes: object, revert: PublishSourceRevert["revert"], args?: PublishSourceRevert["args"]) =>
      expectRevert<PublishSourceRevert>(publishSource(protocol, { ...draft(), ...changes }), revert, args);
    await refusal({ floorPrice: 0n }, "ZeroFloorPrice");
    await refusal({ royaltyBps: 2001 }, "RoyaltyAboveMaximum", { royaltyBps: 2001n, maximum: 2000n });
    await refusal({ stakePerSlot: 1n }, "StakePerSlotBelowMinimum", { stakePerSlot: 1n, minimum: STAKE_PER_SLOT });
    await refusal({ manifestDigest: ZeroHash }, "ZeroDigest");
    await refusal({ environments: 9 }, "InvalidEnvironments", { environments: 9n });
    await refusal({ environments: 1, minGpuMemory: 8 }, "GpuMemoryWithoutGpu", { minGpuMemory: 8n });
    await refusal({ verifiers: [ZeroAddress] }, "ZeroVerifier");
    const verifiers = Array.from({ length: 17 }, () => protocol.addresses.escrow);
    await refusal({ verifiers }, "TooManyVerifiers", { count: 17n, maximum: 16n });
  });
});

describe("protocol.publishVersion", () => {
  it("adds a version", async () => {
    const { registry, protocol, source } = await setUp();
    const manifestDigest = random32();
    const done = await publishVersion(protocol, { source, manifestDigest, environments: Environment.Cpu });
    expect({ source: done.source, version: done.version }).to.deep.equal({ source, version: 2 });
    expect((await registry.getVersion(source, 2)).manifestDigest).to.equal(manifestDigest);
  });

  it("is refused to others, and for a source that is none", async () => {
    const { protocol, foreign, source, notPublisher } = await setUp();
    const version = { manifestDigest: random32(), environments: Environment.Cpu };
    await expectRevert<PublishVersionRevert>(
      publishVersion(foreign, { source, ...version }),
      "NotPublisher",
      notPublisher,
    );
    await expectRevert<PublishVersionRevert>(publishVersion(protocol, { source: 9, ...version }), "UnknownSource", {
      source: 9n,
    });
  });
});

describe("protocol.setSourceActive", () => {
  it("stops and resumes a source", async () => {
    const { registry, protocol, source } = await setUp();
    for (const active of [false, true]) {
      const done = await setSourceActive(protocol, { source, active });
      expect({ source: done.source, active: done.active }).to.deep.equal({ source, active });
      expect((await registry.getSource(source)).active).to.equal(active);
    }
  });

  it("is refused if nothing would change, and to others", async () => {
    const { protocol, foreign, source, notPublisher } = await setUp();
    const change = { source, active: true };
    const args = { source: BigInt(source), active: true };
    await expectRevert<SetSourceActiveRevert>(setSourceActive(protocol, change), "SourceAlreadyInState", args);
    await expectRevert<SetSourceActiveRevert>(setSourceActive(foreign, change), "NotPublisher", notPublisher);
  });
});

describe("protocol.setVersionActive", () => {
  it("stops and resumes a version", async () => {
    const { registry, protocol, source } = await setUp();
    for (const active of [false, true]) {
      const done = await setVersionActive(protocol, { source, version: 1, active });
      expect([done.source, done.version, done.active]).to.deep.equal([source, 1, active]);
      expect((await registry.getVersion(source, 1)).active).to.equal(active);
    }
  });

  it("is refused if nothing would change, and for a version that is none", async () => {
    const { protocol, foreign, source, notPublisher } = await setUp();
    const change = (version: number) => ({ source, version, active: true });
    const args = { source: BigInt(source), version: 1n, active: true };
    await expectRevert<SetVersionActiveRevert>(setVersionActive(protocol, change(1)), "VersionAlreadyInState", args);
    await expectRevert<SetVersionActiveRevert>(setVersionActive(protocol, change(2)), "UnknownVersion", {
      source: BigInt(source),
      version: 2n,
    });
    await expectRevert<SetVersionActiveRevert>(setVersionActive(foreign, change(1)), "NotPublisher", notPublisher);
  });
});

describe("protocol.setFloorPrice", () => {
  it("changes the floor price", async () => {
    const { registry, protocol, source } = await setUp();
    const done = await setFloorPrice(protocol, { source, floorPrice: FLOOR + 1n });
    expect([done.source, done.floorPrice]).to.deep.equal([source, FLOOR + 1n]);
    expect((await registry.getSource(source)).floorPrice).to.equal(FLOOR + 1n);
  });

  it("is refused for zero, and to others", async () => {
    const { protocol, foreign, source, notPublisher } = await setUp();
    await expectRevert<SetFloorPriceRevert>(setFloorPrice(protocol, { source, floorPrice: 0n }), "ZeroFloorPrice");
    await expectRevert<SetFloorPriceRevert>(
      setFloorPrice(foreign, { source, floorPrice: 1n }),
      "NotPublisher",
      notPublisher,
    );
  });
});

describe("protocol.setStakePerSlot", () => {
  it("changes the stake a slot", async () => {
    const { registry, protocol, source } = await setUp();
    const done = await setStakePerSlot(protocol, { source, stakePerSlot: 2n * STAKE_PER_SLOT });
    expect([done.source, done.stakePerSlot]).to.deep.equal([source, 2n * STAKE_PER_SLOT]);
    expect((await registry.getSource(source)).stakePerSlot).to.equal(2n * STAKE_PER_SLOT);
  });

  it("is refused below the minimum, and for a source that is none", async () => {
    const { protocol, source } = await setUp();
    const stakePerSlot = STAKE_PER_SLOT - 1n;
    await expectRevert<SetStakePerSlotRevert>(
      setStakePerSlot(protocol, { source, stakePerSlot }),
      "StakePerSlotBelowMinimum",
      { stakePerSlot, minimum: STAKE_PER_SLOT },
    );
    await expectRevert<SetStakePerSlotRevert>(setStakePerSlot(protocol, { source: 2, stakePerSlot }), "UnknownSource", {
      source: 2n,
    });
  });
});

describe("protocol.setRoyalty", () => {
  it("changes the royalty", async () => {
    const { registry, protocol, source } = await setUp();
    const done = await setRoyalty(protocol, { source, royaltyBps: 1234 });
    expect([done.source, done.royaltyBps]).to.deep.equal([source, 1234]);
    expect((await registry.getSource(source)).royaltyBps).to.equal(1234n);
  });

  it("is refused above the maximum", async () => {
    const { protocol, source } = await setUp();
    await expectRevert<SetRoyaltyRevert>(setRoyalty(protocol, { source, royaltyBps: 2001 }), "RoyaltyAboveMaximum", {
      royaltyBps: 2001n,
      maximum: 2000n,
    });
  });
});

describe("protocol.transferSource", () => {
  it("makes another account the publisher", async () => {
    const { market, registry, protocol, source } = await setUp();
    const done = await transferSource(protocol, { source, to: market.stranger.address });
    expect({ source: done.source, from: done.from, to: done.to }).to.deep.equal({
      source,
      from: market.publisher.address,
      to: market.stranger.address,
    });
    expect(await registry.ownerOf(source)).to.equal(market.stranger.address);
  });

  it("is refused to others, even if they are approved, for no source, and for who cannot hold it", async () => {
    const { market, registry, protocol, foreign, source } = await setUp();
    const { stranger, publisher } = market;
    const [to, tokenId] = [stranger.address, BigInt(source)];
    await expectRevert<TransferSourceRevert>(transferSource(foreign, { source, to }), "ERC721InsufficientApproval", {
      operator: stranger.address,
      tokenId,
    });
    await registry.connect(publisher).approve(stranger, source);
    await expectRevert<TransferSourceRevert>(transferSource(foreign, { source, to }), "ERC721IncorrectOwner", {
      sender: stranger.address,
      tokenId,
      owner: publisher.address,
    });
    await expectRevert<TransferSourceRevert>(transferSource(protocol, { source: 7, to }), "ERC721NonexistentToken", {
      tokenId: 7n,
    });
    for (const receiver of [ZeroAddress, protocol.addresses.taskManager]) {
      await expectRevert<TransferSourceRevert>(
        transferSource(protocol, { source, to: receiver }),
        "ERC721InvalidReceiver",
        { receiver },
      );
    }
    expect(await registry.ownerOf(source)).to.equal(publisher.address);
  });
});
