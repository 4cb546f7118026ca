import { expect } from "chai";
import { loadFixture } from "../../helpers/network.js";
import { deployPublished } from "../../helpers/registry.js";

describe("SourceRegistry.floorPriceOf", () => {
  it("is the floor of today, of a stopped source too", async () => {
    const { registry, publisher } = await loadFixture(deployPublished);
    expect(await registry.floorPriceOf(2)).to.equal((await registry.getSource(2)).floorPrice);
    await registry.connect(publisher).setFloorPrice(2, 12_345n);
    await registry.connect(publisher).setActive(2, false);
    expect(await registry.floorPriceOf(2)).to.equal(12_345n);
  });

  for (const source of [0, 3]) {
    it(`does not know source ${source}`, async () => {
      const { registry } = await loadFixture(deployPublished);
      await expect(registry.floorPriceOf(source))
        .to.be.revertedWithCustomError(registry, "UnknownSource")
        .withArgs(source);
    });
  }
});
