import { expect } from "chai";
import { loadFixture } from "../../helpers/network.js";
import { deployPublished, sourceOf, V1, V2, versionOf } from "../../helpers/registry.js";

describe("SourceRegistry.setActive", () => {
  it("stops and resumes one source, and changes nothing else", async () => {
    const { registry, publisher } = await loadFixture(deployPublished);
    const before = await sourceOf(registry, 2);
    for (const active of [false, true, false]) {
      await expect(registry.connect(publisher).setActive(2, active))
        .to.emit(registry, "SourceActivitySet")
        .withArgs(2, active);
      expect(await sourceOf(registry, 2)).to.deep.equal({ ...before, active });
      expect((await sourceOf(registry, 1)).active).to.equal(true);
      expect(await versionOf(registry, 2, 1)).to.deep.equal({ ...V1, active: true });
      expect(await versionOf(registry, 2, 2)).to.deep.equal({ ...V2, active: true });
    }
  });

  it("refuses the state in which the source is", async () => {
    const { registry, publisher } = await loadFixture(deployPublished);
    await expect(registry.connect(publisher).setActive(2, true))
      .to.be.revertedWithCustomError(registry, "SourceAlreadyInState")
      .withArgs(2, true);
    await registry.connect(publisher).setActive(2, false);
    await expect(registry.connect(publisher).setActive(2, false))
      .to.be.revertedWithCustomError(registry, "SourceAlreadyInState")
      .withArgs(2, false);
  });

  it("is the publisher's alone", async () => {
    const { registry, other, stranger } = await loadFixture(deployPublished);
    for (const caller of [other, stranger]) {
      await expect(registry.connect(caller).setActive(2, false))
        .to.be.revertedWithCustomError(registry, "NotPublisher")
        .withArgs(2, caller.address);
    }
    expect((await sourceOf(registry, 2)).active).to.equal(true);
  });

  for (const source of [0, 3]) {
    it(`does not know source ${source}`, async () => {
      const { registry, publisher } = await loadFixture(deployPublished);
      await expect(registry.connect(publisher).setActive(source, true))
        .to.be.revertedWithCustomError(registry, "UnknownSource")
        .withArgs(source);
    });
  }
});
