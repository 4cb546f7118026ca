import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { ProviderPool__factory } from "../../../typechain-types/index.js";
import { ethers, loadFixture } from "../../helpers/network.js";
import { deployPool, PERIOD } from "../../helpers/pool.js";

describe("ProviderPool.constructor", () => {
  it("keeps its four arguments for good and starts with no provider", async () => {
    const { pool, manager, escrow, registry } = await loadFixture(deployPool);
    expect(await pool.TASK_MANAGER()).to.equal(manager.address);
    expect(await pool.ESCROW()).to.equal(await escrow.getAddress());
    expect(await pool.SOURCE_REGISTRY()).to.equal(await registry.getAddress());
    expect(await pool.UNBONDING_PERIOD()).to.equal(PERIOD);
    expect(await pool.providerCount()).to.equal(0);
  });

  describe("when an address is missing", () => {
    for (const missing of [0, 1, 2]) {
      it(`refuses a zero as argument ${missing}`, async () => {
        const { pool, deployer, manager, escrow, registry } = await loadFixture(deployPool);
        const [first, second, third] = [manager, escrow, registry].map((value, i) =>
          i === missing ? ZeroAddress : value,
        );
        if (first === undefined || second === undefined || third === undefined) throw new Error("three are given");
        await expect(new ProviderPool__factory(deployer).deploy(first, second, third, PERIOD))
          .to.be.revertedWithCustomError(pool, "ZeroAddress")
          .withArgs();
      });
    }
  });

  it("takes an unbonding period of 32 bits, not a second more", async () => {
    const { pool, deployer, manager, escrow, registry } = await loadFixture(deployPool);
    const longest = 2n ** 32n - 1n;
    const deploy = (period: bigint) => new ProviderPool__factory(deployer).deploy(manager, escrow, registry, period);
    expect(await (await deploy(longest)).UNBONDING_PERIOD()).to.equal(longest);
    await expect(deploy(longest + 1n))
      .to.be.revertedWithCustomError(pool, "AmountTooLarge")
      .withArgs(longest + 1n, longest);
  });

  it("takes no coin", async () => {
    const { pool, stranger } = await loadFixture(deployPool);
    await expect(stranger.sendTransaction({ to: pool, value: 1n })).to.be.revertedWithoutReason(ethers);
  });
});
