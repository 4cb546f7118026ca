import { expect } from "chai";
import { parseEther, toUtf8Bytes, Wallet } from "ethers";
import { acceptOpening } from "../../../src/client/acceptOpening.js";
import { memoryJournal } from "../../../src/client/journal.js";
import { submitOrder } from "../../../src/client/submitOrder.js";
import { digestOf } from "../../../src/content/digest.js";
import { memoryDebts } from "../../../src/provider/debts.js";
import { chainEffects, type Effects } from "../../../src/provider/effects.js";
import { type ProviderEvent, type ProviderOptions, runProvider } from "../../../src/provider/loop.js";
import { sealEnvelope } from "../../../src/protocol/envelope.js";
import { packOrder } from "../../../src/protocol/order.js";
import { pause } from "../../../src/protocol/retry.js";
import { connect } from "../../../src/protocol/protocol.js";
import { ethers, loadFixture, time } from "../../helpers/network.js";
import { IMPATIENCE, locationOf, protocolOf } from "../../helpers/protocol.js";
import { startRelay } from "../../helpers/rpcRelay.js";
import { CAP, deployMarket, joinProvider, type Market, random32 } from "../../helpers/suite.js";

const OUTPUT = toUtf8Bytes("output");
const HOUR = 3600;

describe("provider loop", () => {
  let market: Market;
  const stops: (() => Promise<void>)[] = [];
  /** Unix time of the chain, as far as the test has looked. */
  let now = 0;
  const inbox: { taskId: string; provider: number; envelope: string }[] = [];

  beforeEach(async () => {
    market = await loadFixture(deployMarket);
    inbox.length = 0;
  });
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });

  /** A provider in the market; what it does can be replaced. */
  const start = async (id: 1 | 2, changes: Partial<Effects> = {}, options: Partial<ProviderOptions> = {}) => {
    const signer = id === 1 ? market.agent : (market.others[0] ?? market.stranger);
    if (id === 2 && (await market.providerPool.providerCount()) === 1n) await joinProvider(market, signer);
    const protocol = options.protocol ?? (await protocolOf(market, signer));
    const events: ProviderEvent[] = [];
    const ending = new AbortController();
    const debts = options.debts ?? memoryDebts();
    const effects: Effects = {
      ...chainEffects(protocol, id),
      perform: async (_order, signal) => {
        await pause(50, signal);
        return OUTPUT;
      },
      publish: () => Promise.resolve("here"),
      send: (order, envelope) => {
        inbox.push({ taskId: order.inputDigest, provider: id, envelope });
        return Promise.resolve();
      },
      ...changes,
    };
    const running = runProvider({
      protocol,
      provider: id,
      effects,
      debts,
      costs: () => ({ payment: 1n, duration: 1 }),
      capacity: 2,
      from: 0,
      discloseWindow: HOUR,
      clock: () => now,
      report: (event) => events.push(event),
      ...options,
      signal: ending.signal,
    });
    let stopped = false;
    const stop = async () => {
      if (stopped) return;
      stopped = true;
      ending.abort();
      await running;
    };
    stops.push(stop);
    return { events, debts, stop, kinds: () => events.map(({ kind }) => kind) };
  };

  const submit = async (changes: { bond?: bigint } = {}) => {
    const protocol = await protocolOf(market, market.client);
    const draft = {
      source: 1,
      maxReward: CAP,
      bond: CAP,
      rampDuration: 600,
      deadline: (await time.latest()) + 2 * HOUR,
      inputDigest: random32(),
      ...changes,
    };
    const { entry, taskId } = await submitOrder(protocol, draft, { journal: memoryJournal() });
    return { protocol, entry, taskId };
  };
  /** Looks until something is so, within 20 seconds. */
  const until = async (what: string, look: () => boolean | Promise<boolean>) => {
    const end = Date.now() + 20_000;
    while (!(await look())) {
      now = await time.latest();
      if (Date.now() > end) throw new Error(`${what} did not happen`);
      await pause(20);
    }
  };
  const stateOf = async (taskId: string) => (await market.taskManager.getTask(taskId)).state;
  const accept = async ({ protocol, entry }: Awaited<ReturnType<typeof submit>>) => {
    await until("an envelope", () => inbox.some(({ taskId }) => taskId === entry.order.inputDigest));
    const { envelope } = inbox.find(({ taskId }) => taskId === entry.order.inputDigest) ?? { envelope: "" };
    const task = { order: entry.order, secretKey: entry.secretKey ?? "", envelope };
    return acceptOpening(protocol, task, ({ resultDigest }) => resultDigest === digestOf(OUTPUT));
  };

  it("delivers, hands over, and is paid by a client that accepts", async () => {
    const provider = await start(1);
    const task = await submit();
    const accepted = await accept(task);
    expect(accepted?.opening.location).to.equal("here");
    await until("the payment", () => provider.kinds().includes("paid"));
    expect(provider.kinds()).to.deep.equal(["attempted", "delivered", "paid"]);
    expect(await provider.debts.open()).to.deep.equal([]);
    const paid = provider.events.find(({ kind }) => kind === "paid");
    expect(paid?.kind === "paid" && paid.price).to.equal(accepted?.price);
  });

  it("discloses and settles when the client is silent", async () => {
    const provider = await start(1);
    const { taskId, entry } = await submit();
    await until("the delivery", () => provider.kinds().includes("delivered"));
    await time.increase(HOUR / 2 + 1);
    await until("the disclosure", async () => (await stateOf(taskId)) === 4n);
    await time.increase(entry.order.reviewPeriod + 1);
    await until("the payment", () => provider.kinds().includes("paid"));
    expect(await stateOf(taskId)).to.equal(6n);
  });

  it("races, and the loser abandons its work at once", async () => {
    let cut = false;
    const slow = await start(2, {
      perform: async (_order, signal) => {
        try {
          await pause(15_000, signal);
        } catch (error) {
          cut = true;
          throw error;
        }
        return OUTPUT;
      },
    });
    const quick = await start(1);
    const task = await submit();
    await accept(task);
    await until("the end of the race", () => slow.kinds().includes("abandoned"));
    expect(cut).to.equal(true);
    expect(slow.events.at(-1)).to.include({ kind: "abandoned", reason: "another was first" });
    await until("the payment", () => quick.kinds().includes("paid"));
    expect(await slow.debts.open()).to.deep.equal([]);
  });

  it("asks its price: a greedy one waits for the ramp, a modest one takes the task", async () => {
    const greedy = await start(2, {}, { costs: () => ({ payment: (CAP * 9n) / 10n, duration: 1 }) });
    const modest = await start(1);
    const task = await submit();
    await accept(task);
    await until("the payment", () => modest.kinds().includes("paid"));
    expect(greedy.kinds()).to.deep.equal([]);
    expect((await market.taskManager.getTask(task.taskId)).provider).to.equal(1n);
  });

  it("loses its bond when it neither hands over nor discloses, and another finishes the task", async () => {
    const never = () => Promise.reject(new Error("silent"));
    const silent = await start(2, { send: never, disclose: never });
    const task = await submit();
    await until("the delivery", () => silent.kinds().includes("delivered"));
    const before = await market.providerPool.getProvider(2);
    await time.increase(HOUR + 1);
    await market.taskManager.connect(market.stranger).reopen(packOrder(task.entry.order));
    expect((await market.providerPool.getProvider(2)).stake).to.be.lessThan(before.stake);
    const honest = await start(1);
    await accept(task);
    await until("the payment", () => honest.kinds().includes("paid"));
    await until("the loss", () => silent.kinds().includes("abandoned"));
    expect(await silent.debts.open()).to.deep.equal([]);
  });

  it("is not paid for a lie by a client that checks", async () => {
    const liar = await start(1, { perform: () => Promise.resolve(toUtf8Bytes("a lie")) });
    const task = await submit();
    expect(await accept(task)).to.equal(undefined);
    expect(await stateOf(task.taskId)).to.equal(3n);
    expect(liar.kinds()).not.to.include("paid");
  });

  it("goes on with what it owes after a crash just before or just after its delivery", async () => {
    for (const moment of ["before", "after"] as const) {
      const debts = memoryDebts();
      const protocol = await protocolOf(market, market.agent);
      const { deliver } = chainEffects(protocol, 1);
      const crashed = await start(
        1,
        {
          deliver: async (debt) => {
            if (moment === "after") await deliver(debt);
            throw new Error("crash");
          },
          send: () => Promise.reject(new Error("crashed")),
        },
        { debts },
      );
      const task = await submit();
      await until("the crash", () => crashed.kinds().includes("trouble"));
      await crashed.stop();
      // Whether the seal has arrived or will, only the chain can tell: the debt is kept until it has.
      expect(await debts.open(), moment).to.have.length(1);
      const again = await start(1, {}, { debts });
      await accept(task);
      await until("the payment", () => again.kinds().includes("paid"));
      expect(await debts.open(), moment).to.deep.equal([]);
      await again.stop();
    }
  });

  it("does not stop for a task that fails, a market it is no member of, or an envelope it cannot send", async () => {
    let failed = 0;
    const provider = await start(1, {
      perform: () => (failed++ === 0 ? Promise.reject(new Error("the module trapped")) : Promise.resolve(OUTPUT)),
    });
    const first = await submit();
    await until("the failure", () => provider.kinds().includes("abandoned"));
    expect(provider.events.at(-1)).to.include({ kind: "abandoned", reason: "the module trapped" });
    expect(await stateOf(first.taskId)).to.equal(1n);
    await accept(await submit());
    await until("the payment", () => provider.kinds().includes("paid"));
  });

  it("is not misled by a node that is behind: it learns of the task all the same", async () => {
    const relay = await startRelay();
    stops.push(() => relay.stop());
    let behind = 0;
    // Every look at a task is answered once as of a block before it.
    relay.fault = async ({ method, params }) => {
      const [call] = params as [{ to?: string; data?: string }];
      if (method !== "eth_call" || call.to !== undefined || behind++ % 2 === 1) return undefined;
      const number = (await ethers.provider.getBlockNumber()) - 1;
      return { result: await ethers.provider.send("eth_call", [call, `0x${number.toString(16)}`]) };
    };
    const key = new Wallet(random32(), await relay.connect());
    await market.deployer.sendTransaction({ to: key.address, value: parseEther("3") });
    await market.providerPool.connect(market.providerOwner).setAgent(1, key, true);
    const provider = await start(
      1,
      {},
      { protocol: await connect(key, await locationOf(market), { patience: IMPATIENCE }) },
    );
    const task = await submit();
    await accept(task);
    await until("the payment", () => provider.kinds().includes("paid"));
    expect(behind).to.be.greaterThan(2);
  });

  it("never seals over a result that it owes, however late its seal arrives", async () => {
    const debts = memoryDebts();
    const seals: string[] = [];
    const protocol = await protocolOf(market, market.agent);
    const { deliver } = chainEffects(protocol, 1);
    let computed = 0;
    const provider = await start(
      1,
      {
        perform: () => Promise.resolve(toUtf8Bytes(`output ${++computed}`)),
        deliver: async (debt) => {
          seals.push(debt.sealed.seal);
          // The node is silent three times: the seal may be anywhere.
          if (seals.length <= 3) throw new Error("no answer");
          return deliver(debt);
        },
      },
      { debts },
    );
    const { taskId } = await submit();
    await until("the delivery", () => provider.kinds().includes("delivered"));
    expect(computed).to.equal(1);
    expect(new Set(seals).size).to.equal(1);
    expect((await market.taskManager.getTask(taskId)).seal).to.equal(seals[0]);
    expect((await debts.open()).map(({ sealed }) => sealed.seal)).to.deep.equal([seals[0]]);
  });

  it("owes nothing for a seal that is not the one on chain", async () => {
    const debts = memoryDebts();
    const { entry, taskId } = await submit();
    const opening = { resultDigest: digestOf(OUTPUT), location: "here" };
    const seal = () => sealEnvelope({ taskId, provider: 1 }, entry.order.clientKey, opening);
    await market.taskManager.connect(market.agent).deliver(packOrder(entry.order), 1, seal().seal);
    await debts.incur({ taskId, order: entry.order, provider: 1, sealed: seal() });
    const provider = await start(1, {}, { debts });
    await until("the loss", () => provider.kinds().includes("abandoned"));
    expect(await debts.open()).to.deep.equal([]);
    expect(inbox).to.deep.equal([]);
  });

  it("hands over again and again until the client has the envelope", async () => {
    let refused = 0;
    const send = (order: { inputDigest: string }, envelope: string) => {
      if (refused++ < 3) return Promise.reject(new Error("the inbox is away"));
      inbox.push({ taskId: order.inputDigest, provider: 1, envelope });
      return Promise.resolve();
    };
    const provider = await start(1, { send });
    await accept(await submit());
    await until("the payment", () => provider.kinds().includes("paid"));
    expect(refused).to.equal(4);
  });

  it("works on no more than its capacity at a time", async () => {
    let now = 0;
    let most = 0;
    const provider = await start(1, {
      perform: async (_order, signal) => {
        most = Math.max(most, ++now);
        await pause(100, signal).finally(() => now--);
        return OUTPUT;
      },
    });
    await market.providerPool.connect(market.providerOwner).stake(1, parseEther("1"), { value: parseEther("1") });
    const tasks = [await submit(), await submit(), await submit(), await submit(), await submit()];
    for (const task of tasks) await accept(task);
    await until("five payments", () => provider.kinds().filter((kind) => kind === "paid").length === 5);
    expect(most).to.equal(2);
  });
});
