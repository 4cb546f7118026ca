import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { Reputation__factory } from "../../../typechain-types/index.js";
import { loadFixture } from "../../helpers/network.js";
import { deployReputation, EPOCH, FEE_SCALE, HALF_LIFE } from "../../helpers/reputation.js";

describe("Reputation constructor", () => {
  it("keeps who may record and what half a point costs", async () => {
    const { reputation, manager } = await loadFixture(deployReputation);
    expect(await reputation.TASK_MANAGER()).to.equal(manager.address);
    expect(await reputation.FEE_SCALE()).to.equal(FEE_SCALE);
  });

  it("halves scores in 30 days and counts a bucket once a day", async () => {
    const { reputation } = await loadFixture(deployReputation);
    expect(await reputation.HALF_LIFE()).to.equal(HALF_LIFE);
    expect(await reputation.EPOCH()).to.equal(EPOCH);
  });

  it("takes the smallest fee scale", async () => {
    const { deployer, manager } = await loadFixture(deployReputation);
    const reputation = await new Reputation__factory(deployer).deploy(manager, 1);
    expect(await reputation.FEE_SCALE()).to.equal(1n);
  });

  it("refuses a fee scale of zero, by which every fee would earn a point", async () => {
    const { reputation, deployer, manager } = await loadFixture(deployReputation);
    await expect(new Reputation__factory(deployer).deploy(manager, 0)).to.be.revertedWithCustomError(
      reputation,
      "ZeroFeeScale",
    );
  });

  it("refuses a TaskManager of zero", async () => {
    const { reputation, deployer } = await loadFixture(deployReputation);
    await expect(new Reputation__factory(deployer).deploy(ZeroAddress, FEE_SCALE)).to.be.revertedWithCustomError(
      reputation,
      "ZeroAddress",
    );
  });
});
