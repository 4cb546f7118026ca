import { expect } from "chai";
import { loadFixture } from "../../helpers/network.js";
import { deployPublished, sourceOf } from "../../helpers/registry.js";

describe("SourceRegistry.setRoyalty", () => {
  for (const royaltyBps of [0n, 1n, 2000n]) {
    it(`sets ${royaltyBps} and changes nothing else`, async () => {
      const { registry, publisher } = await loadFixture(deployPublished);
      const [first, before] = [await sourceOf(registry, 1), await sourceOf(registry, 2)];
      await expect(registry.connect(publisher).setRoyalty(2, royaltyBps))
        .to.emit(registry, "RoyaltySet")
        .withArgs(2, royaltyBps);
      expect(await sourceOf(registry, 2)).to.deep.equal({ ...before, royaltyBps });
      expect(await sourceOf(registry, 1)).to.deep.equal(first);
    });
  }

  for (const [royaltyBps, error, args] of [
    [2001n, "RoyaltyAboveMaximum", [2001n, 2000n]],
    // 16 bits of it would be 1.
    [65_537n, "RoyaltyAboveMaximum", [65_537n, 2000n]],
  ] as const) {
    it(`refuses ${royaltyBps}`, async () => {
      const { registry, publisher } = await loadFixture(deployPublished);
      const before = await sourceOf(registry, 2);
      await expect(registry.connect(publisher).setRoyalty(2, royaltyBps))
        .to.be.revertedWithCustomError(registry, error)
        .withArgs(...args);
      expect(await sourceOf(registry, 2)).to.deep.equal(before);
    });
  }

  it("is the publisher's alone", async () => {
    const { registry, other, stranger } = await loadFixture(deployPublished);
    for (const caller of [other, stranger]) {
      await expect(registry.connect(caller).setRoyalty(2, 1n))
        .to.be.revertedWithCustomError(registry, "NotPublisher")
        .withArgs(2, caller.address);
    }
  });

  for (const source of [0, 3]) {
    it(`does not know source ${source}`, async () => {
      const { registry, publisher } = await loadFixture(deployPublished);
      await expect(registry.connect(publisher).setRoyalty(source, 1n))
        .to.be.revertedWithCustomError(registry, "UnknownSource")
        .withArgs(source);
    });
  }
});
