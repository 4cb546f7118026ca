import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { amountsOf, deployEscrow, endow, MAX_UINT96, NOTHING } from "../../helpers/escrow.js";
import { ethers, loadFixture, networkHelpers } from "../../helpers/network.js";

describe("Escrow.transfer", () => {
  async function funded() {
    const deployed = await deployEscrow();
    await endow(deployed, deployed.client, { free: 1000n, held: 20n, fees: 3n });
    return deployed;
  }

  it("moves free balance to another account and no coin", async () => {
    const { escrow, client, stranger } = await loadFixture(funded);
    const transfer = escrow.connect(client).transfer(stranger, 400);
    await expect(transfer).to.changeEtherBalances(ethers, [client, stranger, escrow], [0n, 0n, 0n]);
    await expect(transfer).to.emit(escrow, "Transferred").withArgs(client.address, stranger.address, 400);
    expect(await amountsOf(escrow, client, stranger)).to.deep.equal([
      { free: 600n, held: 20n, fees: 3n },
      { free: 400n, held: 0n, fees: 0n },
    ]);
  });

  it("changes nothing if an account pays itself, and still needs the balance", async () => {
    const { escrow, client } = await loadFixture(funded);
    await escrow.connect(client).transfer(client, 1000);
    expect(await amountsOf(escrow, client)).to.deep.equal([{ free: 1000n, held: 20n, fees: 3n }]);
    await expect(escrow.connect(client).transfer(client, 1001))
      .to.be.revertedWithCustomError(escrow, "InsufficientBalance")
      .withArgs(client.address, 1000, 1001);
  });

  it("moves all that is free and no wei more", async () => {
    const { escrow, client, stranger } = await loadFixture(funded);
    await expect(escrow.connect(client).transfer(stranger, 1001))
      .to.be.revertedWithCustomError(escrow, "InsufficientBalance")
      .withArgs(client.address, 1000, 1001);
    expect(await amountsOf(escrow, stranger)).to.deep.equal([NOTHING]);
    await escrow.connect(client).transfer(stranger, 1000);
    expect(await amountsOf(escrow, client)).to.deep.equal([{ free: 0n, held: 20n, fees: 3n }]);
  });

  it("refuses the recipient zero", async () => {
    const { escrow, client } = await loadFixture(funded);
    await expect(escrow.connect(client).transfer(ZeroAddress, 1)).to.be.revertedWithCustomError(escrow, "ZeroAddress");
  });

  it("refuses nothing", async () => {
    const { escrow, client, stranger } = await loadFixture(funded);
    await expect(escrow.connect(client).transfer(stranger, 0)).to.be.revertedWithCustomError(escrow, "ZeroAmount");
  });

  it("refuses what the recipient's 96 bits do not hold", async () => {
    const { escrow, client, stranger } = await loadFixture(funded);
    await networkHelpers.setBalance(stranger.address, 2n ** 98n);
    await escrow.connect(stranger).deposit({ value: MAX_UINT96 - 10n });
    await expect(escrow.connect(client).transfer(stranger, 11))
      .to.be.revertedWithCustomError(escrow, "SafeCastOverflowedUintDowncast")
      .withArgs(96, 2n ** 96n);
    await escrow.connect(client).transfer(stranger, 10);
    expect(await amountsOf(escrow, client, stranger)).to.deep.equal([
      { free: 990n, held: 20n, fees: 3n },
      { free: MAX_UINT96, held: 0n, fees: 0n },
    ]);
  });
});
