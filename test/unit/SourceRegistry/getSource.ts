import { expect } from "chai";
import { loadFixture } from "../../helpers/network.js";
import { deployPublished, MIN_STAKE, SOURCE, sourceOf } from "../../helpers/registry.js";

describe("SourceRegistry.getSource", () => {
  it("tells all of a source", async () => {
    const { registry, publisher, other } = await loadFixture(deployPublished);
    expect(await sourceOf(registry, 1)).to.deep.equal({
      floorPrice: 1n,
      stakePerSlot: MIN_STAKE,
      royaltyBps: 0n,
      versions: 1n,
      active: true,
      publisher: other.address,
    });
    expect(await sourceOf(registry, 2)).to.deep.equal({
      ...SOURCE,
      versions: 2n,
      active: true,
      publisher: publisher.address,
    });
  });

  for (const source of [0, 3, 2 ** 32 - 1]) {
    it(`does not know source ${source}`, async () => {
      const { registry } = await loadFixture(deployPublished);
      await expect(registry.getSource(source))
        .to.be.revertedWithCustomError(registry, "UnknownSource")
        .withArgs(source);
    });
  }
});
