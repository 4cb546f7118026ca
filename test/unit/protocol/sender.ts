import { expect } from "chai";
import { parseEther, Transaction, Wallet } from "ethers";
import { submit } from "../../../src/protocol/actions/submit.js";
import {
  InsufficientFundsError,
  NodeError,
  NonceTakenError,
  ReadOnlyError,
  TimeoutError,
  TransactionRefusedError,
} from "../../../src/protocol/errors.js";
import { execute } from "../../../src/protocol/execute.js";
import { type Order, packOrder } from "../../../src/protocol/order.js";
import { connect, type ConnectOptions, type SigningProtocol } from "../../../src/protocol/protocol.js";
import { pause } from "../../../src/protocol/retry.js";
import { RevertError } from "../../../src/protocol/reverts.js";
import { rejection } from "../../helpers/caught.js";
import { ethers, loadFixture, networkHelpers } from "../../helpers/network.js";
import { IMPATIENCE, locationOf, readerOf } from "../../helpers/protocol.js";
import { type Relay, startRelay } from "../../helpers/rpcRelay.js";
import { CAP, deployMarket, FLOOR, type Market, reviewOrder } from "../../helpers/suite.js";

const KEY = `0x${"c1".repeat(32)}`;

describe("protocol sender", () => {
  let relay: Relay;
  let market: Market;
  let wallet: Wallet;

  beforeEach(async () => {
    market = await loadFixture(deployMarket);
    relay = await startRelay();
    wallet = new Wallet(KEY, await relay.connect());
    await market.deployer.sendTransaction({ to: wallet.address, value: parseEther("5") });
    await market.escrow.depositFor(wallet.address, { value: parseEther("50") });
  });
  afterEach(async () => {
    await relay.stop();
  });

  const connected = async (options: ConnectOptions = {}): Promise<SigningProtocol> =>
    connect(wallet, await locationOf(market), { patience: IMPATIENCE, ...options });
  const anOrder = (changes: Partial<Order> = {}) => reviewOrder(market, { client: wallet.address, ...changes });
  const count = () => ethers.provider.getTransactionCount(wallet.address);
  const held = async () => (await market.escrow.accountOf(wallet.address)).held;

  it("sends 50 at once from one key, of which the chain would refuse one, without a gap", async () => {
    const protocol = await connected();
    const orders = await Promise.all(
      Array.from({ length: 50 }, (_, index) => anOrder(index === 23 ? { maxReward: FLOOR - 1n } : {})),
    );
    const results = await Promise.allSettled(orders.map((order) => submit(protocol, { order })));
    const failed = results.flatMap((result, index) => (result.status === "rejected" ? [{ index, result }] : []));
    expect(failed.map(({ index }) => index)).to.deep.equal([23]);
    const reason: unknown = failed[0]?.result.reason;
    expect(reason).to.be.instanceOf(RevertError);
    expect((reason as RevertError).revert).to.equal("CapBelowFloor");
    const ids = results.flatMap((result) => (result.status === "fulfilled" ? [result.value.taskId] : []));
    expect(new Set(ids).size).to.equal(49);
    expect(await count()).to.equal(49);
    expect(await held()).to.equal(49n * CAP);
  });

  it("sends 50 at once of which one reverts on chain, and tells why", async () => {
    const protocol = await connected();
    const orders = await Promise.all(
      Array.from({ length: 50 }, (_, index) => anOrder(index === 7 ? { maxReward: FLOOR - 1n } : {})),
    );
    const results = await Promise.allSettled(
      orders.map((order, index) => submit(protocol, { order }, index === 7 ? { gasLimit: 300_000n } : {})),
    );
    expect(results.filter(({ status }) => status === "rejected")).to.have.length(1);
    const failure = results[7];
    expect(failure?.status === "rejected" && (failure.reason as RevertError).revert).to.equal("CapBelowFloor");
    expect(await count()).to.equal(50);
    expect(await held()).to.equal(49n * CAP);
  });

  it("sends each of 20 once though every third answer is lost", async () => {
    const protocol = await connected({ patience: { ...IMPATIENCE, requests: 8_000 } });
    let requests = 0;
    relay.fault = ({ method }) => (method === "eth_sendRawTransaction" && requests++ % 3 === 0 ? "lose" : undefined);
    const orders = await Promise.all(Array.from({ length: 20 }, () => anOrder()));
    await Promise.all(orders.map((order) => submit(protocol, { order })));
    expect(requests).to.be.greaterThan(20);
    expect(await count()).to.equal(20);
    expect(await held()).to.equal(20n * CAP);
  });

  it("goes on after answers that are no answers", async () => {
    const protocol = await connected();
    const hurdles = new Map<string, number>();
    relay.fault = ({ method }) => {
      const times = (hurdles.get(method) ?? 0) + 1;
      hurdles.set(method, times);
      if (times === 1) return "drop";
      if (times === 2) return { error: { code: -32005, message: "rate limit exceeded" } };
      return undefined;
    };
    await submit(protocol, { order: await anOrder() });
    expect(await held()).to.equal(CAP);
    expect(hurdles.get("eth_sendRawTransaction")).to.equal(3);
  });

  it("tells why a transaction failed that the node had taken", async () => {
    const protocol = await connected();
    relay.fault = async ({ method, params }) => {
      if (method !== "eth_sendRawTransaction") return undefined;
      await ethers.provider.send(method, params).catch(() => undefined);
      return { result: Transaction.from(String(params[0])).hash };
    };
    const order = await anOrder({ maxReward: FLOOR - 1n });
    const error = await rejection(submit(protocol, { order }, { gasLimit: 300_000n }));
    expect((error as RevertError).revert).to.equal("CapBelowFloor");
    expect(await count()).to.equal(1);
  });

  it("takes a transaction for sent that the node knows already", async () => {
    const protocol = await connected();
    relay.fault = async ({ method, params }) => {
      if (method !== "eth_sendRawTransaction") return undefined;
      await ethers.provider.send(method, params);
      return { error: { code: -32000, message: "already known" } };
    };
    await submit(protocol, { order: await anOrder() });
    expect(await count()).to.equal(1);
  });

  it("takes no nonce twice though a refusal made it forget, and the node counts too few", async () => {
    const protocol = await connected();
    await ethers.provider.send("evm_setAutomine", [false]);
    try {
      const first = execute(protocol, "escrow", "deposit", [], { value: 1n });
      while ((await ethers.provider.getTransactionCount(wallet.address, "pending")) === 0) await pause(20);
      relay.fault = ({ method }) =>
        method === "eth_sendRawTransaction" ? { error: { code: -32000, message: "no room" } } : undefined;
      await rejection(execute(protocol, "escrow", "deposit", [], { value: 2n }));
      relay.fault = ({ method }) => (method === "eth_getTransactionCount" ? { result: "0x0" } : undefined);
      let nonce = 0;
      const second = execute(protocol, "escrow", "deposit", [], {
        value: 3n,
        onHash: () => void (nonce += 1),
      });
      while (((await ethers.provider.send("eth_pendingTransactions", [])) as unknown[]).length < 2) await pause(20);
      expect(nonce).to.equal(1);
      await networkHelpers.mine();
      await Promise.all([first, second]);
      expect(await count()).to.equal(2);
    } finally {
      await ethers.provider.send("evm_setAutomine", [true]);
    }
  });

  it("reminds the node of a transaction that it lost", async () => {
    const protocol = await connected();
    let lost = 0;
    relay.fault = ({ method, params }) => {
      if (method !== "eth_sendRawTransaction" || lost++ > 0) return undefined;
      return { result: Transaction.from(String(params[0])).hash };
    };
    await submit(protocol, { order: await anOrder() });
    expect(lost).to.equal(2);
    expect(await held()).to.equal(CAP);
  });

  it("takes the next nonce when another program took one first", async () => {
    const protocol = await connected();
    await submit(protocol, { order: await anOrder() });
    let sneaked = false;
    relay.fault = async ({ method }) => {
      if (method === "eth_sendRawTransaction" && !sneaked) {
        sneaked = true;
        await new Wallet(KEY, ethers.provider).sendTransaction({ to: wallet.address, gasLimit: 21_000 });
      }
      return undefined;
    };
    const { transactionHash } = await submit(protocol, { order: await anOrder() });
    expect((await ethers.provider.getTransaction(transactionHash))?.nonce).to.equal(2);
    expect(await count()).to.equal(3);
    expect(await held()).to.equal(2n * CAP);
  });

  it("says that a nonce was taken when its transaction can no longer be mined", async () => {
    const protocol = await connected();
    let hash: string | null = "";
    relay.fault = async ({ method, params }) => {
      if (method !== "eth_sendRawTransaction") return undefined;
      hash = Transaction.from(String(params[0])).hash;
      if ((await count()) === 0) {
        await new Wallet(KEY, ethers.provider).sendTransaction({ to: wallet.address, gasLimit: 21_000 });
      }
      return { result: hash };
    };
    const error = await rejection(submit(protocol, { order: await anOrder() }));
    expect(error).to.be.instanceOf(NonceTakenError);
    expect(error).to.include({ account: wallet.address, nonce: 0, transaction: hash });
    relay.fault = () => undefined;
    await submit(protocol, { order: await anOrder() });
    expect(await held()).to.equal(CAP);
  });

  it("says that an account cannot pay, and sends nothing", async () => {
    const poor = new Wallet(`0x${"c2".repeat(32)}`, wallet.provider);
    const protocol = await connect(poor, await locationOf(market), { patience: IMPATIENCE });
    const error = await rejection(execute(protocol, "escrow", "deposit", [], { value: parseEther("1") }));
    expect(error).to.be.instanceOf(InsufficientFundsError);
    expect(error).to.include({ account: poor.address, balance: 0n });
    expect((error as InsufficientFundsError).needed).to.be.at.least(parseEther("1"));
    expect(await ethers.provider.getTransactionCount(poor.address, "pending")).to.equal(0);
  });

  it("gives up on a node that stays silent, and works when it is back", async () => {
    const protocol = await connected({ patience: { ...IMPATIENCE, requests: 400 } });
    relay.fault = () => "drop";
    const error = await rejection(submit(protocol, { order: await anOrder() }));
    expect(error).to.be.instanceOf(NodeError);
    expect((error as NodeError).message).to.include(relay.url);
    relay.fault = () => undefined;
    await submit(protocol, { order: await anOrder() });
    expect(await count()).to.equal(1);
  });

  it("never sends twice when the node falls silent just after it took the transaction", async () => {
    const protocol = await connected({ patience: { ...IMPATIENCE, requests: 400 } });
    const order = await anOrder();
    let gone = false;
    relay.fault = ({ method }) => {
      if (gone) return "drop";
      gone = method === "eth_sendRawTransaction";
      return gone ? "lose" : undefined;
    };
    expect(await rejection(submit(protocol, { order }))).to.be.instanceOf(NodeError);
    relay.fault = () => undefined;
    const again = await rejection(submit(protocol, { order }));
    expect((again as RevertError).revert).to.equal("WrongState");
    await submit(protocol, { order: await anOrder() });
    expect(await count()).to.equal(2);
    expect(await held()).to.equal(2n * CAP);
  });

  it("stops waiting for a block in time, naming the transaction, which may still be mined", async () => {
    const protocol = await connected({ patience: { ...IMPATIENCE, mining: 300 } });
    await ethers.provider.send("evm_setAutomine", [false]);
    try {
      let sent = "";
      const options = { onHash: (hash: string) => void (sent = hash) };
      const error = await rejection(submit(protocol, { order: await anOrder() }, options));
      expect(error).to.be.instanceOf(TimeoutError);
      expect((error as Error).message).to.include(sent);
      await networkHelpers.mine();
      expect(await held()).to.equal(CAP);
    } finally {
      await ethers.provider.send("evm_setAutomine", [true]);
    }
    await submit(protocol, { order: await anOrder() });
    expect(await count()).to.equal(2);
  });

  it("does not believe a refusal by a node that is behind", async () => {
    const protocol = await connected();
    const { order } = await submitted(protocol);
    let stale = 0;
    relay.fault = ({ method }) => {
      if (method !== "eth_estimateGas" || stale++ > 1) return undefined;
      const data = market.taskManager.interface.encodeErrorResult("WrongState", [`0x${"00".repeat(32)}`, 0]);
      return { error: { code: 3, message: "execution reverted", data } };
    };
    await execute(protocol, "taskManager", "cancel", [order]);
    expect(stale).to.equal(3);
  });

  it("believes at once that it is too late: no node is ahead of time", async () => {
    const protocol = await connected();
    const order = await anOrder({ deadline: 1_000_000_000 });
    relay.seen.length = 0;
    const error = await rejection(submit(protocol, { order }));
    expect((error as RevertError).revert).to.equal("DeadlinePassed");
    expect(relay.seen.map(({ method }) => method)).to.deep.equal(["eth_estimateGas"]);
  });

  it("waits for as many blocks as it is told", async () => {
    const protocol = await connected();
    const sending = execute(protocol, "escrow", "deposit", [], { value: 1n, confirmations: 3 });
    let done = false;
    void sending.then(() => (done = true));
    while ((await count()) === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await networkHelpers.mine(1);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(done).to.equal(false);
    await networkHelpers.mine(1);
    const { blockNumber } = await sending;
    expect(await ethers.provider.getBlockNumber()).to.equal(blockNumber + 2);
  });

  for (const [fees, type] of [
    ["legacy", 0],
    ["eip1559", 2],
    ["auto", 2],
  ] as const) {
    it(`sends transactions of type ${type} for ${fees} fees`, async () => {
      const protocol = await connected({ fees });
      const { transactionHash } = await submit(protocol, { order: await anOrder() });
      expect((await ethers.provider.getTransaction(transactionHash))?.type).to.equal(type);
    });
  }

  it("sends legacy transactions to a chain without a base fee", async () => {
    const protocol = await connected();
    relay.fault = async ({ method, params }) => {
      if (method !== "eth_getBlockByNumber") return undefined;
      const block = (await ethers.provider.send(method, params)) as Record<string, unknown>;
      delete block["baseFeePerGas"];
      return { result: block };
    };
    const { transactionHash } = await submit(protocol, { order: await anOrder() });
    expect((await ethers.provider.getTransaction(transactionHash))?.type).to.equal(0);
  });

  it("tells what a node says that refuses a transaction for a reason of its own", async () => {
    const protocol = await connected();
    relay.fault = ({ method }) =>
      method === "eth_sendRawTransaction" ? { error: { code: -32000, message: "exceeds block gas limit" } } : undefined;
    const error = await rejection(submit(protocol, { order: await anOrder() }));
    expect(error).to.be.instanceOf(TransactionRefusedError);
    expect((error as Error).message).to.include("exceeds block gas limit");
    relay.fault = () => undefined;
    await submit(protocol, { order: await anOrder() });
    expect(await count()).to.equal(1);
  });

  it("lets a wallet that keeps its key send, once", async () => {
    const protocol = await connect(market.client, await locationOf(market), { patience: IMPATIENCE });
    const before = await market.client.getNonce();
    const orders = await Promise.all(Array.from({ length: 10 }, () => reviewOrder(market)));
    await Promise.all(orders.map((order) => submit(protocol, { order })));
    expect(await market.client.getNonce()).to.equal(before + 10);
  });

  it("tells of no more than a connection that only reads", async () => {
    const reader = await readerOf(market);
    expect(await rejection(submit(reader, { order: await anOrder() }))).to.be.instanceOf(ReadOnlyError);
  });

  async function submitted(protocol: SigningProtocol) {
    const order = await anOrder();
    await submit(protocol, { order });
    return { order: packOrder(order) };
  }
});
