import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { deposit, type DepositRevert } from "../../../../src/protocol/actions/deposit.js";
import { transfer, type TransferRevert } from "../../../../src/protocol/actions/transfer.js";
import { withdraw, type WithdrawRevert } from "../../../../src/protocol/actions/withdraw.js";
import { CoinRecipient__factory } from "../../../../typechain-types/index.js";
import { ethers, loadFixture } from "../../../helpers/network.js";
import { protocolOf } from "../../../helpers/protocol.js";
import { expectRevert } from "../../../helpers/refusal.js";
import { deployMarket } from "../../../helpers/suite.js";

const setUp = async () => {
  const market = await loadFixture(deployMarket);
  const free = async (account: string) => (await market.escrow.accountOf(account)).free;
  const { client, stranger } = market;
  const protocol = await protocolOf(market, client);
  return { market, protocol, client: client.address, stranger: stranger.address, free };
};
const coinOf = (account: string) => ethers.provider.getBalance(account);

describe("protocol.deposit", () => {
  it("adds coin to the sender's free balance and tells what the transaction was", async () => {
    const { market, protocol, client, free } = await setUp();
    const escrow = await market.escrow.getAddress();
    const [before, coin, held] = [await free(client), await coinOf(client), await coinOf(escrow)];
    const { account, amount, transactionHash, blockNumber, gasUsed, cost, events } = await deposit(protocol, {
      amount: 7n,
    });
    expect({ account, amount }).to.deep.equal({ account: client, amount: 7n });
    expect(await free(client)).to.equal(before + 7n);
    expect(await coinOf(client)).to.equal(coin - 7n - cost);
    const receipt = await ethers.provider.getTransactionReceipt(transactionHash);
    expect({ blockNumber, gasUsed }).to.deep.equal({ blockNumber: receipt?.blockNumber, gasUsed: receipt?.gasUsed });
    expect(events.map(({ contract, name }) => `${contract}.${name}`)).to.deep.equal(["escrow.Deposited"]);
    expect(await coinOf(escrow)).to.equal(held + 7n);
  });

  it("adds coin to another account's", async () => {
    const { protocol, client, stranger, free } = await setUp();
    const before = await free(client);
    const { account, amount } = await deposit(protocol, { amount: 7n, account: stranger });
    expect({ account, amount }).to.deep.equal({ account: stranger, amount: 7n });
    expect([await free(client), await free(stranger)]).to.deep.equal([before, 7n]);
  });

  it("is refused for nothing and for nobody", async () => {
    const { protocol } = await setUp();
    await expectRevert<DepositRevert>(deposit(protocol, { amount: 0n }), "ZeroAmount");
    await expectRevert<DepositRevert>(deposit(protocol, { amount: 1n, account: ZeroAddress }), "ZeroAddress");
  });
});

describe("protocol.withdraw", () => {
  it("sends coin to the sender", async () => {
    const { protocol, client, free } = await setUp();
    const [before, coin] = [await free(client), await coinOf(client)];
    const { account, to, amount, cost } = await withdraw(protocol, { amount: 7n });
    expect({ account, to, amount }).to.deep.equal({ account: client, to: client, amount: 7n });
    expect(await free(client)).to.equal(before - 7n);
    expect(await coinOf(client)).to.equal(coin + 7n - cost);
  });

  it("sends coin to another account", async () => {
    const { protocol, client, stranger, free } = await setUp();
    const [before, coin] = [await free(client), await coinOf(stranger)];
    const { account, to, amount } = await withdraw(protocol, { amount: 7n, to: stranger });
    expect({ account, to, amount }).to.deep.equal({ account: client, to: stranger, amount: 7n });
    expect(await free(client)).to.equal(before - 7n);
    expect(await coinOf(stranger)).to.equal(coin + 7n);
  });

  it("is refused for what is not there, for nothing, for nobody, and by the recipient", async () => {
    const { market, protocol, client, free } = await setUp();
    const has = await free(client);
    await expectRevert<WithdrawRevert>(withdraw(protocol, { amount: has + 1n }), "InsufficientBalance", {
      account: client,
      free: has,
      needed: has + 1n,
    });
    await expectRevert<WithdrawRevert>(withdraw(protocol, { amount: 0n }), "ZeroAmount");
    await expectRevert<WithdrawRevert>(withdraw(protocol, { amount: 1n, to: ZeroAddress }), "ZeroAddress");
    const recipient = await new CoinRecipient__factory(market.deployer).deploy();
    await recipient.setRefuses(true);
    const to = await recipient.getAddress();
    await expectRevert<WithdrawRevert>(withdraw(protocol, { amount: 7n, to }), "WithdrawalFailed", { to, amount: 7n });
    expect(await free(client)).to.equal(has);
  });
});

describe("protocol.transfer", () => {
  it("moves free balance to another account", async () => {
    const { protocol, client, stranger, free } = await setUp();
    const before = await free(client);
    const { from, to, amount } = await transfer(protocol, { to: stranger, amount: 7n });
    expect({ from, to, amount }).to.deep.equal({ from: client, to: stranger, amount: 7n });
    expect([await free(client), await free(stranger)]).to.deep.equal([before - 7n, 7n]);
  });

  it("is refused for what is not there, for nothing and for nobody", async () => {
    const { market, protocol, client, stranger } = await setUp();
    const poor = await protocolOf(market, market.stranger);
    await expectRevert<TransferRevert>(transfer(poor, { to: client, amount: 3n }), "InsufficientBalance", {
      account: stranger,
      free: 0n,
      needed: 3n,
    });
    await expectRevert<TransferRevert>(transfer(protocol, { to: stranger, amount: 0n }), "ZeroAmount");
    await expectRevert<TransferRevert>(transfer(protocol, { to: ZeroAddress, amount: 1n }), "ZeroAddress");
  });
});
