import { expect } from "chai";
import { amountsOf, deployEscrow, endow, MAX_UINT96, NOTHING, ONE } from "../../helpers/escrow.js";
import { ethers, loadFixture, networkHelpers } from "../../helpers/network.js";

describe("Escrow.deposit", () => {
  it("adds the coin to the caller's free balance and to nobody else's", async () => {
    const { escrow, client, stranger, manager, pool } = await loadFixture(deployEscrow);
    await expect(escrow.connect(client).deposit({ value: ONE })).to.changeEtherBalances(
      ethers,
      [client, escrow],
      [-ONE, ONE],
    );
    expect(await amountsOf(escrow, client, stranger, manager, pool)).to.deep.equal([
      { free: ONE, held: 0n, fees: 0n },
      NOTHING,
      NOTHING,
      NOTHING,
    ]);
  });

  it("tells whose coin it is and where it came from", async () => {
    const { escrow, client } = await loadFixture(deployEscrow);
    await expect(escrow.connect(client).deposit({ value: 17 }))
      .to.emit(escrow, "Deposited")
      .withArgs(client.address, client.address, 17);
  });

  it("adds up, and leaves what is held and the fees alone", async () => {
    const alone = await loadFixture(deployEscrow);
    const { escrow, client } = alone;
    await endow(alone, client, { free: 1n, held: 2n, fees: 3n });
    await escrow.connect(client).deposit({ value: 40 });
    await escrow.connect(client).deposit({ value: 1 });
    expect(await amountsOf(escrow, client)).to.deep.equal([{ free: 42n, held: 2n, fees: 3n }]);
  });

  it("refuses nothing", async () => {
    const { escrow, client } = await loadFixture(deployEscrow);
    await expect(escrow.connect(client).deposit()).to.be.revertedWithCustomError(escrow, "ZeroAmount");
  });

  describe("when the balance reaches the end of its 96 bits", () => {
    it("takes the last wei that fits and refuses the next", async () => {
      const { escrow, client } = await loadFixture(deployEscrow);
      await networkHelpers.setBalance(client.address, 2n ** 98n);
      await escrow.connect(client).deposit({ value: MAX_UINT96 });
      expect(await amountsOf(escrow, client)).to.deep.equal([{ free: MAX_UINT96, held: 0n, fees: 0n }]);
      await expect(escrow.connect(client).deposit({ value: 1 }))
        .to.be.revertedWithCustomError(escrow, "SafeCastOverflowedUintDowncast")
        .withArgs(96, 2n ** 96n);
      expect(await amountsOf(escrow, client)).to.deep.equal([{ free: MAX_UINT96, held: 0n, fees: 0n }]);
    });
  });
});
