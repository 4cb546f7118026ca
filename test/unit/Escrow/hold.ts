import { expect } from "chai";
import { amountsOf, deployEscrow, endow } from "../../helpers/escrow.js";
import { ethers, loadFixture } from "../../helpers/network.js";

describe("Escrow.hold", () => {
  async function funded() {
    const deployed = await deployEscrow();
    await endow(deployed, deployed.client, { free: 1000n, held: 20n, fees: 3n });
    await endow(deployed, deployed.stranger, { free: 5n });
    return deployed;
  }

  for (const [amount, free, held] of [
    [0n, 1000n, 20n],
    [1n, 999n, 21n],
    [1000n, 0n, 1020n],
  ] as const) {
    it(`moves ${amount} of 1000 wei from free to held`, async () => {
      const { escrow, manager, client, stranger } = await loadFixture(funded);
      await expect(escrow.connect(manager).hold(client, amount)).to.changeEtherBalances(
        ethers,
        [client, manager, escrow],
        [0n, 0n, 0n],
      );
      expect(await amountsOf(escrow, client, stranger)).to.deep.equal([
        { free, held, fees: 3n },
        { free: 5n, held: 0n, fees: 0n },
      ]);
    });
  }

  it("adds up", async () => {
    const { escrow, manager, client } = await loadFixture(funded);
    await escrow.connect(manager).hold(client, 100);
    await escrow.connect(manager).hold(client, 30);
    expect(await amountsOf(escrow, client)).to.deep.equal([{ free: 870n, held: 150n, fees: 3n }]);
  });

  it("refuses one wei more than is free", async () => {
    const { escrow, manager, client } = await loadFixture(funded);
    await expect(escrow.connect(manager).hold(client, 1001))
      .to.be.revertedWithCustomError(escrow, "InsufficientBalance")
      .withArgs(client.address, 1000, 1001);
    expect(await amountsOf(escrow, client)).to.deep.equal([{ free: 1000n, held: 20n, fees: 3n }]);
  });

  it("is TaskManager's alone", async () => {
    const { escrow, client, pool, stranger } = await loadFixture(funded);
    for (const caller of [client, pool, stranger]) {
      await expect(escrow.connect(caller).hold(client, 1))
        .to.be.revertedWithCustomError(escrow, "NotAuthorised")
        .withArgs(caller.address);
    }
  });
});
