import { expect } from "chai";
import { concat, parseEther, ZeroAddress } from "ethers";
import { Escrow__factory } from "../../../typechain-types/index.js";
import { amountsOf, deployEscrow, NOTHING, ONE } from "../../helpers/escrow.js";
import { ethers, loadFixture } from "../../helpers/network.js";

describe("Escrow constructor", () => {
  it("keeps each of the two contracts in its place", async () => {
    const { escrow, manager, pool } = await loadFixture(deployEscrow);
    expect(await escrow.TASK_MANAGER()).to.equal(manager.address);
    expect(await escrow.PROVIDER_POOL()).to.equal(pool.address);
  });

  for (const [missing, place] of [
    ["TaskManager", 0],
    ["ProviderPool", 1],
    ["both", 2],
  ] as const) {
    it(`refuses an address of zero for ${missing}`, async () => {
      const { escrow, deployer, manager, pool } = await loadFixture(deployEscrow);
      const taskManager = place === 1 ? manager.address : ZeroAddress;
      const providerPool = place === 0 ? pool.address : ZeroAddress;
      await expect(new Escrow__factory(deployer).deploy(taskManager, providerPool)).to.be.revertedWithCustomError(
        escrow,
        "ZeroAddress",
      );
    });
  }
});

describe("Escrow and coin that is nobody's", () => {
  it("refuses a plain transfer", async () => {
    const { escrow, client } = await loadFixture(deployEscrow);
    await expect(client.sendTransaction({ to: escrow, value: 1 })).to.be.revertedWithoutReason(ethers);
    expect(await ethers.provider.getBalance(escrow)).to.equal(0n);
  });

  it("refuses coin with calldata that names no function", async () => {
    const { escrow, client } = await loadFixture(deployEscrow);
    await expect(client.sendTransaction({ to: escrow, value: 1, data: "0xdeadbeef" })).to.be.revertedWithoutReason(
      ethers,
    );
  });

  describe("when coin is forced in by a contract that destroys itself", () => {
    it("credits no account and lets everybody withdraw just what is theirs", async () => {
      const { escrow, client, stranger, manager, pool } = await loadFixture(deployEscrow);
      await escrow.connect(client).deposit({ value: ONE });
      const address = await escrow.getAddress();
      const force = concat(["0x73", address, "0xff"]); // PUSH20 escrow, SELFDESTRUCT
      await stranger.sendTransaction({ data: force, value: parseEther("3") });

      expect(await ethers.provider.getBalance(address)).to.equal(parseEther("4"));
      expect(await amountsOf(escrow, stranger, manager, pool, address, ZeroAddress)).to.deep.equal(
        Array(5).fill(NOTHING),
      );
      await expect(escrow.connect(client).withdraw(ONE + 1n))
        .to.be.revertedWithCustomError(escrow, "InsufficientBalance")
        .withArgs(client.address, ONE, ONE + 1n);
      await escrow.connect(client).withdraw(ONE);
      expect(await ethers.provider.getBalance(address)).to.equal(parseEther("3"));
    });
  });
});
