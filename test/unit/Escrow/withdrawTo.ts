import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { amountsOf, deployEscrow, endow, NOTHING, ONE } from "../../helpers/escrow.js";
import { ethers, loadFixture } from "../../helpers/network.js";

describe("Escrow.withdrawTo", () => {
  async function funded() {
    const deployed = await deployEscrow();
    await deployed.escrow.connect(deployed.client).deposit({ value: 1000 });
    return deployed;
  }

  it("sends coin of the caller's free balance to the recipient", async () => {
    const { escrow, client, stranger } = await loadFixture(funded);
    const withdrawal = escrow.connect(client).withdrawTo(stranger, 300);
    await expect(withdrawal).to.changeEtherBalances(ethers, [client, stranger, escrow], [0n, 300n, -300n]);
    await expect(withdrawal).to.emit(escrow, "Withdrawn").withArgs(client.address, stranger.address, 300);
    expect(await amountsOf(escrow, client, stranger)).to.deep.equal([{ free: 700n, held: 0n, fees: 0n }, NOTHING]);
  });

  it("takes it from the caller's account, not from the recipient's", async () => {
    const { escrow, client, stranger } = await loadFixture(funded);
    await expect(escrow.connect(stranger).withdrawTo(client, 1))
      .to.be.revertedWithCustomError(escrow, "InsufficientBalance")
      .withArgs(stranger.address, 0, 1);
  });

  it("reaches a contract", async () => {
    const { escrow, client, recipient } = await loadFixture(funded);
    await expect(escrow.connect(client).withdrawTo(recipient, 1000)).to.changeEtherBalance(ethers, recipient, 1000n);
    expect(await amountsOf(escrow, client)).to.deep.equal([NOTHING]);
  });

  it("fails if the recipient refuses the coin, and the balance stays", async () => {
    const { escrow, client, recipient } = await loadFixture(funded);
    await recipient.setRefuses(true);
    await expect(escrow.connect(client).withdrawTo(recipient, 999))
      .to.be.revertedWithCustomError(escrow, "WithdrawalFailed")
      .withArgs(await recipient.getAddress(), 999);
    expect(await amountsOf(escrow, client)).to.deep.equal([{ free: 1000n, held: 0n, fees: 0n }]);
    expect(await ethers.provider.getBalance(escrow)).to.equal(1000n);
  });

  it("fails if the recipient is Escrow itself, which takes no stray coin", async () => {
    const { escrow, client } = await loadFixture(funded);
    await expect(escrow.connect(client).withdrawTo(escrow, 1))
      .to.be.revertedWithCustomError(escrow, "WithdrawalFailed")
      .withArgs(await escrow.getAddress(), 1);
  });

  it("refuses the recipient zero", async () => {
    const { escrow, client } = await loadFixture(funded);
    await expect(escrow.connect(client).withdrawTo(ZeroAddress, 1)).to.be.revertedWithCustomError(
      escrow,
      "ZeroAddress",
    );
  });

  it("refuses nothing", async () => {
    const { escrow, client, stranger } = await loadFixture(funded);
    await expect(escrow.connect(client).withdrawTo(stranger, 0)).to.be.revertedWithCustomError(escrow, "ZeroAmount");
  });

  it("refuses more than is free", async () => {
    const alone = await loadFixture(funded);
    const { escrow, client, stranger } = alone;
    await endow(alone, client, { held: ONE });
    await expect(escrow.connect(client).withdrawTo(stranger, 1001))
      .to.be.revertedWithCustomError(escrow, "InsufficientBalance")
      .withArgs(client.address, 1000, 1001);
  });
});
