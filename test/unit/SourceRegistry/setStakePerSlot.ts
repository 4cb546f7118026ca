import { expect } from "chai";
import { loadFixture } from "../../helpers/network.js";
import { deployPublished, MAX_UINT96, MIN_STAKE, sourceOf } from "../../helpers/registry.js";

describe("SourceRegistry.setStakePerSlot", () => {
  for (const stakePerSlot of [MIN_STAKE, MIN_STAKE + 1n, MAX_UINT96]) {
    it(`sets ${stakePerSlot} and changes nothing else`, async () => {
      const { registry, publisher } = await loadFixture(deployPublished);
      const [first, before] = [await sourceOf(registry, 1), await sourceOf(registry, 2)];
      await expect(registry.connect(publisher).setStakePerSlot(2, stakePerSlot))
        .to.emit(registry, "StakePerSlotSet")
        .withArgs(2, stakePerSlot);
      expect(await sourceOf(registry, 2)).to.deep.equal({ ...before, stakePerSlot });
      expect(await sourceOf(registry, 1)).to.deep.equal(first);
    });
  }

  for (const [stakePerSlot, error, args] of [
    [0n, "StakePerSlotBelowMinimum", [0n, MIN_STAKE]],
    [MIN_STAKE - 1n, "StakePerSlotBelowMinimum", [MIN_STAKE - 1n, MIN_STAKE]],
    [MAX_UINT96 + 1n, "AmountTooLarge", [MAX_UINT96 + 1n, MAX_UINT96]],
  ] as const) {
    it(`refuses ${stakePerSlot}`, async () => {
      const { registry, publisher } = await loadFixture(deployPublished);
      const before = await sourceOf(registry, 2);
      await expect(registry.connect(publisher).setStakePerSlot(2, stakePerSlot))
        .to.be.revertedWithCustomError(registry, error)
        .withArgs(...args);
      expect(await sourceOf(registry, 2)).to.deep.equal(before);
    });
  }

  it("is the publisher's alone", async () => {
    const { registry, other, stranger } = await loadFixture(deployPublished);
    for (const caller of [other, stranger]) {
      await expect(registry.connect(caller).setStakePerSlot(2, MIN_STAKE))
        .to.be.revertedWithCustomError(registry, "NotPublisher")
        .withArgs(2, caller.address);
    }
  });

  for (const source of [0, 3]) {
    it(`does not know source ${source}`, async () => {
      const { registry, publisher } = await loadFixture(deployPublished);
      await expect(registry.connect(publisher).setStakePerSlot(source, MIN_STAKE))
        .to.be.revertedWithCustomError(registry, "UnknownSource")
        .withArgs(source);
    });
  }
});
