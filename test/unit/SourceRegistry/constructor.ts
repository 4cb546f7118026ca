import { expect } from "chai";
import { SourceRegistry__factory } from "../../../typechain-types/index.js";
import { loadFixture } from "../../helpers/network.js";
import { deployRegistry, MIN_STAKE } from "../../helpers/registry.js";

describe("SourceRegistry constructor", () => {
  it("keeps the lowest stake a slot, and starts with no source", async () => {
    const { registry } = await loadFixture(deployRegistry);
    expect(await registry.MIN_STAKE_PER_SLOT()).to.equal(MIN_STAKE);
    expect(await registry.sourceCount()).to.equal(0n);
  });

  it("names the token and its bounds", async () => {
    const { registry } = await loadFixture(deployRegistry);
    expect(await registry.name()).to.equal("OpenGPU Source");
    expect(await registry.symbol()).to.equal("OGPU-SOURCE");
    expect(await registry.MAX_ROYALTY_BPS()).to.equal(2000n);
    expect(await registry.MAX_VERIFIERS()).to.equal(16n);
  });

  it("takes a stake of one wei and refuses none", async () => {
    const { registry, deployer } = await loadFixture(deployRegistry);
    const least = await new SourceRegistry__factory(deployer).deploy(1);
    expect(await least.MIN_STAKE_PER_SLOT()).to.equal(1n);
    await expect(new SourceRegistry__factory(deployer).deploy(0))
      .to.be.revertedWithCustomError(registry, "StakePerSlotBelowMinimum")
      .withArgs(0, 1);
  });
});
