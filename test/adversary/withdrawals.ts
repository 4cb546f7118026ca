import { expect } from "chai";
import { concat, parseEther } from "ethers";
import { HostileAccount__factory } from "../../typechain-types/index.js";
import { ethers, loadFixture } from "../helpers/network.js";
import { CAP, deployMarket, type Market, openTask } from "../helpers/suite.js";

/** What a hostile account does when it is sent coin. */
const Receipt = { Accept: 0, Reject: 1, Bomb: 2, Burn: 3, Reenter: 4 } as const;
const ONE = parseEther("1");
// Hardhat estimates gas generously; a bound shows that a hostile recipient cannot make a call dearer than this.
const options = { gasLimit: 1_000_000 };

async function hostile(market: Market, deposit = ONE) {
  const account = await new HostileAccount__factory(market.stranger).deploy();
  if (deposit !== 0n) await market.escrow.connect(market.stranger).depositFor(account, { value: deposit });
  return account;
}

describe("adversary: recipients of withdrawals", () => {
  describe("when the recipient calls back", () => {
    const attacks = {
      withdraw: (market: Market) => market.escrow.interface.encodeFunctionData("withdraw", [ONE]),
      withdrawTo: (market: Market) =>
        market.escrow.interface.encodeFunctionData("withdrawTo", [market.stranger.address, 1n]),
      transfer: (market: Market) =>
        market.escrow.interface.encodeFunctionData("transfer", [market.stranger.address, 1n]),
    };
    for (const [name, payloadOf] of Object.entries(attacks)) {
      it(`gives a ${name} from the balance that is just being withdrawn nothing`, async () => {
        const market = await loadFixture(deployMarket);
        const { escrow, stranger, client } = market;
        const thief = await hostile(market);
        await thief.behave(Receipt.Reenter, escrow, payloadOf(market));
        const withdraw = escrow.interface.encodeFunctionData("withdraw", [ONE]);
        const before = await escrow.accountOf(client);

        await expect(thief.execute(escrow, withdraw)).to.changeEtherBalances(ethers, [thief, escrow], [ONE, -ONE]);

        expect(await thief.receipts()).to.equal(1n);
        expect(await thief.succeeded()).to.be.false;
        const needed = name === "withdraw" ? ONE : 1n;
        expect(await thief.answer()).to.equal(
          escrow.interface.encodeErrorResult("InsufficientBalance", [await thief.getAddress(), 0n, needed]),
        );
        expect((await escrow.accountOf(thief)).free).to.equal(0n);
        expect((await escrow.accountOf(stranger)).free).to.equal(0n);
        expect(await escrow.accountOf(client)).to.deep.equal(before);
      });
    }

    it("lets it withdraw what else it owns, once", async () => {
      const market = await loadFixture(deployMarket);
      const { escrow } = market;
      const account = await hostile(market, ONE + 1n);
      const withdraw = (amount: bigint) => escrow.interface.encodeFunctionData("withdraw", [amount]);
      await account.behave(Receipt.Reenter, escrow, withdraw(1n));
      const change = [ONE + 1n, -ONE - 1n];
      await expect(account.execute(escrow, withdraw(ONE))).to.changeEtherBalances(ethers, [account, escrow], change);
      expect(await account.succeeded()).to.be.true;
      expect((await escrow.accountOf(account)).free).to.equal(0n);
    });

    it("lets it spend the balance on a task no second time", async () => {
      const market = await loadFixture(deployMarket);
      const { escrow, taskManager } = market;
      const account = await hostile(market);
      const { packed } = await openTask(market);
      const reward = concat([await account.getAddress(), `0x${packed.reward.slice(42)}`]);
      const submit = taskManager.interface.encodeFunctionData("submit", [{ ...packed, reward }]);
      await account.behave(Receipt.Reenter, taskManager, submit);
      await account.execute(escrow, escrow.interface.encodeFunctionData("withdraw", [ONE]));
      expect(await account.succeeded()).to.be.false;
      expect(await account.answer()).to.equal(
        escrow.interface.encodeErrorResult("InsufficientBalance", [await account.getAddress(), 0n, CAP]),
      );
      const { free, held } = await escrow.accountOf(account);
      expect([free, held]).to.deep.equal([0n, 0n]);
    });
  });

  for (const [name, receipt] of Object.entries({ rejects: Receipt.Reject, bombs: Receipt.Bomb, burns: Receipt.Burn })) {
    describe(`when the recipient ${name}`, () => {
      it("fails to withdraw, keeps the balance, and can send it elsewhere", async () => {
        const market = await loadFixture(deployMarket);
        const { escrow, stranger } = market;
        const account = await hostile(market);
        await account.behave(receipt, escrow, "0x");
        const balance = await ethers.provider.getBalance(escrow);

        for (const [method, call] of Object.entries({
          withdraw: () => account.execute(escrow, escrow.interface.encodeFunctionData("withdraw", [ONE]), options),
          withdrawTo: () => escrow.connect(market.client).withdrawTo(account, ONE, options),
        })) {
          await expect(call(), method).to.be.revertedWithCustomError(escrow, "WithdrawalFailed").withArgs(account, ONE);
        }
        expect((await escrow.accountOf(account)).free).to.equal(ONE);
        expect((await escrow.accountOf(market.client)).free).to.equal(parseEther("10"));
        expect(await ethers.provider.getBalance(escrow)).to.equal(balance);

        const elsewhere = escrow.interface.encodeFunctionData("withdrawTo", [stranger.address, ONE]);
        await account.execute(escrow, elsewhere);
        expect((await escrow.accountOf(account)).free).to.equal(0n);
        expect(await ethers.provider.getBalance(escrow)).to.equal(balance - ONE);
      });
    });
  }

  describe("when coin is forced into Escrow", () => {
    it("belongs to nobody and stays", async () => {
      const market = await loadFixture(deployMarket);
      const { escrow, deployer, stranger, client, taskManager, treasury } = market;
      const before = await escrow.accountOf(client);
      // PUSH20 address, SELFDESTRUCT
      const data = concat(["0x73", await escrow.getAddress(), "0xff"]);
      const tx = () => deployer.sendTransaction({ data, value: ONE });
      await expect(tx).to.changeEtherBalance(ethers, escrow, ONE);

      expect(await escrow.accountOf(client)).to.deep.equal(before);
      for (const account of [escrow, deployer, taskManager, treasury, ethers.ZeroAddress]) {
        expect((await escrow.accountOf(account)).free).to.equal(0n);
      }
      await expect(escrow.connect(stranger).withdraw(1n))
        .to.be.revertedWithCustomError(escrow, "InsufficientBalance")
        .withArgs(stranger, 0n, 1n);
      await expect(taskManager.collectFees([escrow, stranger])).to.be.revertedWithCustomError(
        taskManager,
        "NothingCollected",
      );
      // All that is owed can still be withdrawn.
      await escrow.connect(client).withdraw(before.free);
      expect(await ethers.provider.getBalance(escrow)).to.equal(parseEther("1") + ONE);
    });
  });

  describe("when coin is sent to a contract of the suite by mistake", () => {
    for (const name of ["escrow", "taskManager", "providerPool", "reputation", "sourceRegistry"] as const) {
      it(`${name} refuses it, with and without data`, async () => {
        const market = await loadFixture(deployMarket);
        const to = await market[name].getAddress();
        for (const data of ["0x", "0x12345678"]) {
          await expect(market.client.sendTransaction({ to, value: 1n, data })).to.revert(ethers);
        }
        expect(await ethers.provider.getBalance(to)).to.equal(name === "escrow" ? parseEther("11") : 0n);
      });
    }

    it("TaskManager refuses it with a multicall, which could count it several times", async () => {
      const { taskManager, client } = await loadFixture(deployMarket);
      const data = taskManager.interface.encodeFunctionData("multicall", [[]]);
      const to = await taskManager.getAddress();
      await expect(client.sendTransaction({ to, data, value: 1n })).to.revert(ethers);
    });
  });
});
