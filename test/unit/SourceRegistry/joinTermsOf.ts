import { expect } from "chai";
import { loadFixture } from "../../helpers/network.js";
import { deployPublished, MIN_STAKE, SOURCE, V1, V2 } from "../../helpers/registry.js";

const join = (version: typeof V1) => [SOURCE.stakePerSlot, version.environments, version.minGpuMemory];

describe("SourceRegistry.joinTermsOf", () => {
  it("tells stake and hardware of the latest version and of those before it", async () => {
    const { registry } = await loadFixture(deployPublished);
    expect(await registry.joinTermsOf(2, 1)).to.deep.equal(join(V1));
    expect(await registry.joinTermsOf(2, 2)).to.deep.equal(join(V2));
    expect(await registry.joinTermsOf(1, 1)).to.deep.equal([MIN_STAKE, 1n, 0n]);
  });

  it("tells the stake of now", async () => {
    const { registry, publisher } = await loadFixture(deployPublished);
    await registry.connect(publisher).setStakePerSlot(2, MIN_STAKE * 3n);
    for (const version of [1, 2]) expect((await registry.joinTermsOf(2, version))[0]).to.equal(MIN_STAKE * 3n);
  });

  it("refuses a source that is stopped, whatever the version", async () => {
    const { registry, publisher } = await loadFixture(deployPublished);
    await registry.connect(publisher).setActive(2, false);
    for (const version of [1, 2]) {
      await expect(registry.joinTermsOf(2, version))
        .to.be.revertedWithCustomError(registry, "SourceNotActive")
        .withArgs(2);
    }
    expect(await registry.joinTermsOf(1, 1)).to.deep.equal([MIN_STAKE, 1n, 0n]);
  });

  for (const [version, rest, terms] of [
    [1, 2, V2],
    [2, 1, V1],
  ] as const) {
    it(`refuses version ${version} of 2 while it is stopped, and no other`, async () => {
      const { registry, publisher } = await loadFixture(deployPublished);
      await registry.connect(publisher).setVersionActive(2, version, false);
      await expect(registry.joinTermsOf(2, version))
        .to.be.revertedWithCustomError(registry, "VersionNotActive")
        .withArgs(2, version);
      expect(await registry.joinTermsOf(2, rest)).to.deep.equal(join(terms));
    });
  }

  for (const version of [0, 3]) {
    it(`does not know version ${version}`, async () => {
      const { registry } = await loadFixture(deployPublished);
      await expect(registry.joinTermsOf(2, version))
        .to.be.revertedWithCustomError(registry, "UnknownVersion")
        .withArgs(2, version);
    });
  }

  for (const source of [0, 3]) {
    it(`does not know source ${source}`, async () => {
      const { registry } = await loadFixture(deployPublished);
      await expect(registry.joinTermsOf(source, 1))
        .to.be.revertedWithCustomError(registry, "UnknownSource")
        .withArgs(source);
    });
  }
});
