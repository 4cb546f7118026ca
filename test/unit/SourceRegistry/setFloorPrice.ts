import { expect } from "chai";
import { loadFixture } from "../../helpers/network.js";
import { deployPublished, MAX_UINT96, sourceOf } from "../../helpers/registry.js";

describe("SourceRegistry.setFloorPrice", () => {
  for (const floorPrice of [1n, 12_345n, MAX_UINT96]) {
    it(`sets ${floorPrice} and changes nothing else`, async () => {
      const { registry, publisher } = await loadFixture(deployPublished);
      const [first, before] = [await sourceOf(registry, 1), await sourceOf(registry, 2)];
      await expect(registry.connect(publisher).setFloorPrice(2, floorPrice))
        .to.emit(registry, "FloorPriceSet")
        .withArgs(2, floorPrice);
      expect(await sourceOf(registry, 2)).to.deep.equal({ ...before, floorPrice });
      expect(await sourceOf(registry, 1)).to.deep.equal(first);
    });
  }

  for (const [floorPrice, error, args] of [
    [0n, "ZeroFloorPrice", []],
    [MAX_UINT96 + 1n, "AmountTooLarge", [MAX_UINT96 + 1n, MAX_UINT96]],
    [2n ** 256n - 1n, "AmountTooLarge", [2n ** 256n - 1n, MAX_UINT96]],
  ] as const) {
    it(`refuses ${floorPrice}`, async () => {
      const { registry, publisher } = await loadFixture(deployPublished);
      const before = await sourceOf(registry, 2);
      await expect(registry.connect(publisher).setFloorPrice(2, floorPrice))
        .to.be.revertedWithCustomError(registry, error)
        .withArgs(...args);
      expect(await sourceOf(registry, 2)).to.deep.equal(before);
    });
  }

  it("is the publisher's alone", async () => {
    const { registry, other, stranger } = await loadFixture(deployPublished);
    for (const caller of [other, stranger]) {
      await expect(registry.connect(caller).setFloorPrice(2, 12_345n))
        .to.be.revertedWithCustomError(registry, "NotPublisher")
        .withArgs(2, caller.address);
    }
  });

  for (const source of [0, 3]) {
    it(`does not know source ${source}`, async () => {
      const { registry, publisher } = await loadFixture(deployPublished);
      await expect(registry.connect(publisher).setFloorPrice(source, 12_345n))
        .to.be.revertedWithCustomError(registry, "UnknownSource")
        .withArgs(source);
    });
  }
});
