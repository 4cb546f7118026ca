import { expect } from "chai";
import { amountsOf, deployEscrow, endow } from "../../helpers/escrow.js";
import { ethers, loadFixture } from "../../helpers/network.js";

describe("Escrow.collectStake", () => {
  async function funded() {
    const deployed = await deployEscrow();
    await endow(deployed, deployed.client, { free: 1000n, held: 20n, fees: 3n });
    await endow(deployed, deployed.pool, { free: 5n });
    return deployed;
  }

  for (const amount of [0n, 1n, 400n, 1000n]) {
    it(`moves ${amount} of 1000 wei to ProviderPool's account`, async () => {
      const { escrow, pool, client } = await loadFixture(funded);
      await expect(escrow.connect(pool).collectStake(client, amount)).to.changeEtherBalances(
        ethers,
        [escrow, pool, client],
        [0n, 0n, 0n],
      );
      expect(await amountsOf(escrow, client, pool)).to.deep.equal([
        { free: 1000n - amount, held: 20n, fees: 3n },
        { free: 5n + amount, held: 0n, fees: 0n },
      ]);
    });
  }

  it("refuses one wei more than is free", async () => {
    const { escrow, pool, client } = await loadFixture(funded);
    await expect(escrow.connect(pool).collectStake(client, 1001))
      .to.be.revertedWithCustomError(escrow, "InsufficientBalance")
      .withArgs(client.address, 1000, 1001);
    expect(await amountsOf(escrow, client, pool)).to.deep.equal([
      { free: 1000n, held: 20n, fees: 3n },
      { free: 5n, held: 0n, fees: 0n },
    ]);
  });

  it("is ProviderPool's alone: TaskManager may not take a stake either", async () => {
    const { escrow, client, manager, stranger } = await loadFixture(funded);
    for (const caller of [client, manager, stranger]) {
      await expect(escrow.connect(caller).collectStake(client, 1))
        .to.be.revertedWithCustomError(escrow, "NotAuthorised")
        .withArgs(caller.address);
    }
  });
});
