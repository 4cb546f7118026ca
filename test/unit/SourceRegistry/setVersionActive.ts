import { expect } from "chai";
import { loadFixture } from "../../helpers/network.js";
import { deployPublished, sourceOf, V1, V2, V3, versionOf } from "../../helpers/registry.js";

describe("SourceRegistry.setVersionActive", () => {
  /** Source 2 with three versions. */
  async function three() {
    const deployed = await deployPublished();
    await deployed.registry.connect(deployed.publisher).publishVersion(2, V3, []);
    return deployed;
  }
  const terms = [V1, V2, V3];

  for (const version of [1, 2, 3]) {
    it(`stops and resumes version ${version} of 3, and no other`, async () => {
      const { registry, publisher } = await loadFixture(three);
      const before = await sourceOf(registry, 2);
      for (const active of [false, true, false]) {
        await expect(registry.connect(publisher).setVersionActive(2, version, active))
          .to.emit(registry, "VersionActivitySet")
          .withArgs(2, version, active);
        for (const [place, of] of terms.entries()) {
          expect(await versionOf(registry, 2, place + 1)).to.deep.equal({
            ...of,
            active: place + 1 === version ? active : true,
          });
        }
        expect(await sourceOf(registry, 2)).to.deep.equal(before);
        expect((await versionOf(registry, 1, 1)).active).to.equal(true);
      }
    });

    it(`refuses the state in which version ${version} is`, async () => {
      const { registry, publisher } = await loadFixture(three);
      await expect(registry.connect(publisher).setVersionActive(2, version, true))
        .to.be.revertedWithCustomError(registry, "VersionAlreadyInState")
        .withArgs(2, version, true);
      await registry.connect(publisher).setVersionActive(2, version, false);
      await expect(registry.connect(publisher).setVersionActive(2, version, false))
        .to.be.revertedWithCustomError(registry, "VersionAlreadyInState")
        .withArgs(2, version, false);
    });
  }

  it("resumes a version that was stopped while it was the latest", async () => {
    const { registry, publisher } = await loadFixture(deployPublished);
    await registry.connect(publisher).setVersionActive(2, 2, false);
    await registry.connect(publisher).publishVersion(2, V3, []);
    await registry.connect(publisher).setVersionActive(2, 2, true);
    expect(await versionOf(registry, 2, 2)).to.deep.equal({ ...V2, active: true });
  });

  for (const version of [0n, 4n, 65_537n, 2n ** 256n - 1n]) {
    it(`does not know version ${version}`, async () => {
      const { registry, publisher } = await loadFixture(three);
      await expect(registry.connect(publisher).setVersionActive(2, version, true))
        .to.be.revertedWithCustomError(registry, "UnknownVersion")
        .withArgs(2, version);
    });
  }

  it("is the publisher's alone", async () => {
    const { registry, other, stranger } = await loadFixture(three);
    for (const caller of [other, stranger]) {
      await expect(registry.connect(caller).setVersionActive(2, 1, false))
        .to.be.revertedWithCustomError(registry, "NotPublisher")
        .withArgs(2, caller.address);
    }
  });

  for (const source of [0, 3]) {
    it(`does not know source ${source}`, async () => {
      const { registry, publisher } = await loadFixture(three);
      await expect(registry.connect(publisher).setVersionActive(source, 1, false))
        .to.be.revertedWithCustomError(registry, "UnknownSource")
        .withArgs(source);
    });
  }
});
