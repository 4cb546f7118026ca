import { expect } from "chai";
import { AbiCoder, keccak256, toBeHex, ZeroAddress, ZeroHash } from "ethers";
import { loadFixture, networkHelpers } from "../../helpers/network.js";
import { deployPublished, SOURCE, sourceOf, V1, V2, V3, verifierAt, versionOf } from "../../helpers/registry.js";

describe("SourceRegistry.publishVersion", () => {
  it("numbers versions of each source from 1 and answers the number", async () => {
    const { registry, publisher, other } = await loadFixture(deployPublished);
    expect(await registry.connect(publisher).publishVersion.staticCall(2, V3, [])).to.equal(3n);
    expect(await registry.connect(other).publishVersion.staticCall(1, V3, [])).to.equal(2n);
    await registry.connect(publisher).publishVersion(2, V3, []);
    expect((await sourceOf(registry, 2)).versions).to.equal(3n);
    expect((await sourceOf(registry, 1)).versions).to.equal(1n);
  });

  it("keeps the terms of all versions and of the source", async () => {
    const { registry, publisher } = await loadFixture(deployPublished);
    await registry.connect(publisher).publishVersion(2, V3, []);
    expect(await versionOf(registry, 2, 1)).to.deep.equal({ ...V1, active: true });
    expect(await versionOf(registry, 2, 2)).to.deep.equal({ ...V2, active: true });
    expect(await versionOf(registry, 2, 3)).to.deep.equal({ ...V3, active: true });
    expect(await sourceOf(registry, 2)).to.deep.equal({
      ...SOURCE,
      versions: 3n,
      active: true,
      publisher: publisher.address,
    });
  });

  it("starts active whatever the version before it was, and leaves that one as it was", async () => {
    const { registry, publisher } = await loadFixture(deployPublished);
    await registry.connect(publisher).setVersionActive(2, 2, false);
    await registry.connect(publisher).publishVersion(2, V3, []);
    expect(await versionOf(registry, 2, 1)).to.deep.equal({ ...V1, active: true });
    expect(await versionOf(registry, 2, 2)).to.deep.equal({ ...V2, active: false });
    expect(await versionOf(registry, 2, 3)).to.deep.equal({ ...V3, active: true });
  });

  it("does not resume a source that was stopped", async () => {
    const { registry, publisher } = await loadFixture(deployPublished);
    await registry.connect(publisher).setActive(2, false);
    await registry.connect(publisher).publishVersion(2, V3, []);
    expect((await sourceOf(registry, 2)).active).to.equal(false);
  });

  it("admits the verifiers of this version for this version alone", async () => {
    const { registry, publisher } = await loadFixture(deployPublished);
    await registry.connect(publisher).publishVersion(2, V3, [verifierAt(3), verifierAt(1)]);
    for (const [version, admitted] of [
      [1, [1]],
      [2, [2]],
      [3, [1, 3]],
      [4, []],
    ] as const) {
      const found = [];
      for (const place of [1, 2, 3]) {
        if (await registry.isAdmitted(2, version, verifierAt(place))) found.push(place);
      }
      expect(found).to.deep.equal(admitted);
    }
  });

  it("tells of the version and mints no token", async () => {
    const { registry, publisher } = await loadFixture(deployPublished);
    const publication = registry.connect(publisher).publishVersion(2, V3, [verifierAt(3)]);
    await expect(publication)
      .to.emit(registry, "VersionPublished")
      .withArgs(2, 3, V3.manifestDigest, V3.environments, V3.minGpuMemory, V3.deterministic, [verifierAt(3)]);
    await expect(publication).not.to.emit(registry, "Transfer");
    await expect(publication).not.to.emit(registry, "SourcePublished");
    expect(await registry.sourceCount()).to.equal(2n);
  });

  for (const [title, version, list, error, args] of [
    ["no manifest", { manifestDigest: ZeroHash }, [], "ZeroDigest", []],
    ["an unknown environment", { environments: 9n }, [], "InvalidEnvironments", [9n]],
    ["GPU memory without a GPU", { environments: 1n, minGpuMemory: 3n }, [], "GpuMemoryWithoutGpu", [3n]],
    ["17 verifiers", {}, Array<string>(17).fill(verifierAt(1)), "TooManyVerifiers", [17n, 16n]],
    ["a verifier of zero", {}, [ZeroAddress], "ZeroVerifier", []],
  ] as const) {
    it(`refuses ${title}`, async () => {
      const { registry, publisher } = await loadFixture(deployPublished);
      await expect(registry.connect(publisher).publishVersion(2, { ...V2, ...version }, [...list]))
        .to.be.revertedWithCustomError(registry, error)
        .withArgs(...args);
      expect((await sourceOf(registry, 2)).versions).to.equal(2n);
    });
  }

  it("refuses a version that its 16 bits do not count, and keeps the last that they do", async () => {
    const { registry, publisher } = await loadFixture(deployPublished);
    // _sources is the mapping in slot 7; versions are the 16 bits from bit 112.
    const slot = keccak256(AbiCoder.defaultAbiCoder().encode(["uint32", "uint256"], [2, 7]));
    const address = await registry.getAddress();
    const word = BigInt(await networkHelpers.getStorageAt(address, slot));
    const seeded = (word & ~(0xffffn << 112n)) | (65_534n << 112n);
    await networkHelpers.setStorageAt(address, slot, toBeHex(seeded, 32));
    await registry.connect(publisher).publishVersion(2, V3, []);
    expect((await sourceOf(registry, 2)).versions).to.equal(65_535n);
    await expect(registry.connect(publisher).publishVersion(2, V1, [])).to.be.revertedWithPanic(0x11);
    expect(await versionOf(registry, 2, 65_535)).to.deep.equal({ ...V3, active: true });
    expect(await versionOf(registry, 2, 65_534)).to.deep.include({ environments: 4n, active: true });
  });

  it("is the publisher's alone", async () => {
    const { registry, other, stranger } = await loadFixture(deployPublished);
    for (const caller of [other, stranger]) {
      await expect(registry.connect(caller).publishVersion(2, V3, []))
        .to.be.revertedWithCustomError(registry, "NotPublisher")
        .withArgs(2, caller.address);
    }
  });

  for (const source of [0, 3]) {
    it(`does not know source ${source}`, async () => {
      const { registry, publisher } = await loadFixture(deployPublished);
      await expect(registry.connect(publisher).publishVersion(source, V3, []))
        .to.be.revertedWithCustomError(registry, "UnknownSource")
        .withArgs(source);
    });
  }
});
