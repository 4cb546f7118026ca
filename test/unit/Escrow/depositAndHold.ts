import { expect } from "chai";
import { amountsOf, deployEscrow, endow, MAX_UINT96, NOTHING } from "../../helpers/escrow.js";
import { ethers, loadFixture, networkHelpers } from "../../helpers/network.js";

describe("Escrow.depositAndHold", () => {
  it("adds the coin to what is held of the client", async () => {
    const alone = await loadFixture(deployEscrow);
    const { escrow, manager, client } = alone;
    await endow(alone, client, { free: 1n, held: 20n, fees: 3n });
    const deposit = escrow.connect(manager).depositAndHold(client, { value: 500 });
    await expect(deposit).to.changeEtherBalances(ethers, [manager, client, escrow], [-500n, 0n, 500n]);
    // The coin is the client's: it came through TaskManager only.
    await expect(deposit).to.emit(escrow, "Deposited").withArgs(client.address, client.address, 500);
    expect(await amountsOf(escrow, client, manager)).to.deep.equal([{ free: 1n, held: 520n, fees: 3n }, NOTHING]);
  });

  it("is TaskManager's alone", async () => {
    const { escrow, client, pool, stranger } = await loadFixture(deployEscrow);
    for (const caller of [client, pool, stranger]) {
      await expect(escrow.connect(caller).depositAndHold(client, { value: 1 }))
        .to.be.revertedWithCustomError(escrow, "NotAuthorised")
        .withArgs(caller.address);
    }
    expect(await ethers.provider.getBalance(escrow)).to.equal(0n);
  });

  describe("when what is held reaches the end of its 96 bits", () => {
    it("takes the last wei that fits and refuses the next", async () => {
      const { escrow, manager, client } = await loadFixture(deployEscrow);
      await networkHelpers.setBalance(manager.address, 2n ** 99n);
      await expect(escrow.connect(manager).depositAndHold(client, { value: 2n ** 96n }))
        .to.be.revertedWithCustomError(escrow, "SafeCastOverflowedUintDowncast")
        .withArgs(96, 2n ** 96n);
      await escrow.connect(manager).depositAndHold(client, { value: MAX_UINT96 });
      await expect(escrow.connect(manager).depositAndHold(client, { value: 1 })).to.be.revertedWithPanic(0x11);
      expect(await amountsOf(escrow, client)).to.deep.equal([{ free: 0n, held: MAX_UINT96, fees: 0n }]);
    });
  });
});
