import { expect } from "chai";
import { amountsOf, deployEscrow, endow, NOTHING, ONE } from "../../helpers/escrow.js";
import { ethers, loadFixture } from "../../helpers/network.js";

describe("Escrow.withdraw", () => {
  it("sends coin of the caller's free balance to the caller", async () => {
    const { escrow, client } = await loadFixture(deployEscrow);
    await escrow.connect(client).deposit({ value: ONE });
    const withdrawal = escrow.connect(client).withdraw(300);
    await expect(withdrawal).to.changeEtherBalances(ethers, [client, escrow], [300n, -300n]);
    await expect(withdrawal).to.emit(escrow, "Withdrawn").withArgs(client.address, client.address, 300);
    expect(await amountsOf(escrow, client)).to.deep.equal([{ free: ONE - 300n, held: 0n, fees: 0n }]);
  });

  it("empties the free balance and not one wei more, whatever is held or owed as fees", async () => {
    const alone = await loadFixture(deployEscrow);
    const { escrow, client, stranger } = alone;
    await escrow.connect(stranger).deposit({ value: ONE });
    await endow(alone, client, { free: 100n, held: 50n, fees: 25n });
    await expect(escrow.connect(client).withdraw(101))
      .to.be.revertedWithCustomError(escrow, "InsufficientBalance")
      .withArgs(client.address, 100, 101);
    await escrow.connect(client).withdraw(100);
    expect(await amountsOf(escrow, client)).to.deep.equal([{ free: 0n, held: 50n, fees: 25n }]);
    await expect(escrow.connect(client).withdraw(1))
      .to.be.revertedWithCustomError(escrow, "InsufficientBalance")
      .withArgs(client.address, 0, 1);
  });

  it("refuses nothing", async () => {
    const { escrow, client } = await loadFixture(deployEscrow);
    await expect(escrow.connect(client).withdraw(0)).to.be.revertedWithCustomError(escrow, "ZeroAmount");
  });

  describe("when the caller is a contract", () => {
    async function fundedRecipient() {
      const deployed = await deployEscrow();
      const { escrow, recipient, client, stranger } = deployed;
      const at = await recipient.getAddress();
      await escrow.connect(stranger).deposit({ value: ONE });
      await escrow.connect(client).depositFor(at, { value: 1000 });
      const withdraw = (amount: number) => escrow.interface.encodeFunctionData("withdraw", [amount]);
      return { ...deployed, at, withdraw };
    }

    it("fails if the contract refuses the coin, and the balance stays", async () => {
      const { escrow, recipient, at, withdraw } = await loadFixture(fundedRecipient);
      await recipient.setRefuses(true);
      await expect(recipient.execute(escrow, withdraw(400)))
        .to.be.revertedWithCustomError(escrow, "WithdrawalFailed")
        .withArgs(at, 400);
      expect(await amountsOf(escrow, at)).to.deep.equal([{ free: 1000n, held: 0n, fees: 0n }]);
      await recipient.setRefuses(false);
      await recipient.execute(escrow, withdraw(400));
      expect(await ethers.provider.getBalance(at)).to.equal(400n);
    });

    it("pays once if the contract calls back for the same coin", async () => {
      const { escrow, recipient, at, stranger, withdraw } = await loadFixture(fundedRecipient);
      await recipient.setCallback(escrow, withdraw(1000));
      await expect(recipient.execute(escrow, withdraw(1000))).to.changeEtherBalances(
        ethers,
        [at, escrow],
        [1000n, -1000n],
      );
      expect(await recipient.callbackSucceeded()).to.equal(false);
      expect(await recipient.callbackResult()).to.equal(
        escrow.interface.encodeErrorResult("InsufficientBalance", [at, 0, 1000]),
      );
      expect(await amountsOf(escrow, at, stranger)).to.deep.equal([NOTHING, { free: ONE, held: 0n, fees: 0n }]);
    });

    it("pays no more than the balance if the contract calls back for the rest again and again", async () => {
      const { escrow, recipient, at, withdraw } = await loadFixture(fundedRecipient);
      await recipient.setCallback(escrow, withdraw(300));
      await expect(recipient.execute(escrow, withdraw(300))).to.changeEtherBalances(ethers, [at, escrow], [900, -900]);
      expect(await amountsOf(escrow, at)).to.deep.equal([{ free: 100n, held: 0n, fees: 0n }]);
    });

    it("does not let it move the coin on to another account while it is being paid", async () => {
      const { escrow, recipient, at, client, withdraw } = await loadFixture(fundedRecipient);
      await recipient.setCallback(escrow, escrow.interface.encodeFunctionData("transfer", [client.address, 1]));
      await recipient.execute(escrow, withdraw(1000));
      expect(await recipient.callbackSucceeded()).to.equal(false);
      expect(await amountsOf(escrow, at, client)).to.deep.equal([NOTHING, NOTHING]);
    });
  });
});
