import { expect } from "chai";
import { parseEther, toUtf8Bytes, Wallet } from "ethers";
import { acceptOpening } from "../../../src/client/acceptOpening.js";
import { memoryJournal } from "../../../src/client/journal.js";
import { submitOrder } from "../../../src/client/submitOrder.js";
import { digestOf } from "../../../src/content/digest.js";
import { memoryDebts } from "../../../src/provider/debts.js";
import { chainEffects, type Effects } from "../../../src/provider/effects.js";
import { TaskRefusedError } from "../../../src/provider/errors.js";
import { type ProviderEvent, type ProviderOptions, runProvider } from "../../../src/provider/loop.js";
import { sealEnvelope } from "../../../src/protocol/envelope.js";
import { packOrder } from "../../../src/protocol/order.js";
import { pause } from "../../../src/protocol/retry.js";
import { RevertError } from "../../../src/protocol/reverts.js";
import { connect } from "../../../src/protocol/protocol.js";
import { rejection } from "../../helpers/caught.js";
import { connection, ethers, loadFixture, time } from "../../helpers/network.js";
import { InterceptedProvider, type Interception, unreachable } from "../../helpers/node.js";
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
    /** What it ends with, by itself. */
    const ended = () => {
      stopped = true;
      return rejection(running);
    };
    stops.push(stop);
    const told = <K extends ProviderEvent["kind"]>(kind: K) =>
      events.filter((event): event is Extract<ProviderEvent, { kind: K }> => event.kind === kind);
    return { events, debts, stop, ended, told, kinds: () => events.map(({ kind }) => kind) };
  };

  /** A connection of provider 1 through a node that can be spoilt. */
  const spoilt = async (intercept: Interception) => {
    const key = new Wallet(random32(), new InterceptedProvider(connection.provider, 31_337n, intercept));
    await market.deployer.sendTransaction({ to: key.address, value: parseEther("3") });
    await market.providerPool.connect(market.providerOwner).setAgent(1, key, true);
    return connect(key, await locationOf(market), { patience: { ...IMPATIENCE, requests: 200 } });
  };

  const submit = async (changes: { bond?: bigint; inputDigest?: string } = {}) => {
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

  it("keeps a debt whose seal may be on its way, though the contracts would refuse it now", async () => {
    const debts = memoryDebts();
    const protocol = await protocolOf(market, market.agent);
    const { deliver } = chainEffects(protocol, 1);
    let sent = 0;
    const provider = await start(
      1,
      {
        deliver: async (debt) => {
          // The node falls silent, then refuses, and then what was sent first arrives after all.
          if (++sent === 1) throw new Error("no answer");
          if (sent < 4) throw new RevertError("InsufficientStake", { provider: 1n, free: 0n, needed: 1n }, "");
          return deliver(debt);
        },
      },
      { debts },
    );
    await accept(await submit());
    await until("the payment", () => provider.kinds().includes("paid"));
    expect(provider.kinds()).to.not.include("abandoned");
    expect(await debts.open()).to.deep.equal([]);
  });

  it("forgets a debt only when so many blocks stand on its payment", async () => {
    const provider = await start(1, {}, { confirmations: 3 });
    await accept(await submit());
    await pause(300);
    expect(provider.kinds()).to.not.include("paid");
    expect(await provider.debts.open()).to.have.length(1);
    await ethers.provider.send("hardhat_mine", ["0x3"]);
    await until("the payment", () => provider.kinds().includes("paid"));
    expect(await provider.debts.open()).to.deep.equal([]);
  });

  it("does not touch what another provider owes", async () => {
    const debts = memoryDebts();
    const { entry, taskId } = await submit();
    const opening = { resultDigest: digestOf(OUTPUT), location: "here" };
    const sealed = sealEnvelope({ taskId, provider: 2 }, entry.order.clientKey, opening);
    await debts.incur({ taskId, order: entry.order, provider: 2, sealed });
    const provider = await start(1, { perform: () => Promise.reject(new TaskRefusedError("not today")) }, { debts });
    await until("the trouble", () => provider.kinds().includes("trouble"));
    await pause(200);
    expect(await debts.open()).to.have.length(1);
    expect(await stateOf(taskId)).to.equal(1n);
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
        try {
          // Not before there are as many as it can do.
          while (most < 2) await pause(10, signal);
          await pause(50, signal);
        } finally {
          now--;
        }
        return OUTPUT;
      },
    });
    await market.providerPool.connect(market.providerOwner).stake(1, parseEther("1"), { value: parseEther("1") });
    const tasks = [await submit(), await submit(), await submit(), await submit(), await submit()];
    for (const task of tasks) await accept(task);
    await until("five payments", () => provider.kinds().filter((kind) => kind === "paid").length === 5);
    expect(most).to.equal(2);
  });

  it("begins no more than its capacity when many offers are there at once, on however slow a look", async () => {
    const tasks = [];
    for (let count = 0; count < 7; count++) tasks.push(await submit());
    let now = 0;
    let most = 0;
    const standing = {
      environments: 1,
      gpuMemory: 0,
      freeStake: 7n * CAP,
      score: 0,
      slots: 2,
      freeSlots: 2,
      joinedAt: 0,
    };
    const provider = await start(
      1,
      {
        standing: () => pause(30).then(() => standing),
        perform: async (_order, signal) => {
          most = Math.max(most, ++now);
          await pause(60, signal).finally(() => now--);
          return OUTPUT;
        },
      },
      { capacity: 3 },
    );
    for (const task of tasks) await accept(task);
    await until("seven payments", () => provider.told("paid").length === 7);
    expect(most).to.equal(3);
    expect(new Set(provider.told("attempted").map(({ taskId }) => taskId)).size).to.equal(7);
  });

  describe("after an attempt that failed", () => {
    it("tries again after longer and longer pauses while the task is open, and says when", async () => {
      const protocol = await protocolOf(market, market.agent);
      const slower = { ...protocol, patience: { ...protocol.patience, interval: 100 } };
      let failures = 3;
      const perform = () =>
        failures-- > 0 ? Promise.reject(new Error("the input is not there yet")) : Promise.resolve(OUTPUT);
      const provider = await start(1, { perform }, { protocol: slower });
      await accept(await submit());
      await until("the payment", () => provider.kinds().includes("paid"));
      const abandoned = provider.told("abandoned");
      expect(abandoned.map(({ reason }) => reason)).to.deep.equal(Array(3).fill("the input is not there yet"));
      const attempts = provider.told("attempted");
      expect(attempts).to.have.length(4);
      const pauses = abandoned.map(({ at, retry = NaN }, index) => {
        expect(attempts[index + 1]?.at).to.be.at.least(retry);
        return retry - at;
      });
      for (const [index, least] of [50, 150, 350].entries()) {
        expect(pauses[index])
          .to.be.above(least)
          .and.at.most(100 * 2 ** index);
      }
    });

    it("does not try again when the task is another's", async () => {
      const hopeless = await start(2, { perform: () => Promise.reject(new Error("not today")) });
      const task = await submit();
      await until("two failures", () => hopeless.told("abandoned").length >= 2);
      const quick = await start(1);
      await accept(task);
      await until("the payment", () => quick.kinds().includes("paid"));
      // Another task, so that there is news for both.
      await accept(await submit());
      await until("another payment", () => quick.told("paid").length === 2);
      const before = hopeless.told("attempted").filter(({ taskId }) => taskId === task.taskId).length;
      await pause(500);
      expect(hopeless.told("attempted").filter(({ taskId }) => taskId === task.taskId)).to.have.length(before);
    });

    it("never tries again what it refuses, whatever happens to the task", async () => {
      const refusal = new TaskRefusedError("its input is no picture");
      let refused = 0;
      let bad = "";
      const provider = await start(1, {
        perform: ({ inputDigest }) => {
          if (inputDigest !== bad) return Promise.resolve(OUTPUT);
          refused++;
          return Promise.reject(refusal);
        },
      });
      bad = random32();
      const task = await submit({ inputDigest: bad });
      await until("the refusal", () => provider.kinds().includes("abandoned"));
      const [event] = provider.told("abandoned");
      expect(event?.reason).to.equal(refusal.message);
      expect(event).to.not.have.property("retry");
      // The task stays open for an hour, and there is news of it.
      await market.taskManager.connect(market.client).cancel(packOrder(task.entry.order));
      expect(await stateOf(task.taskId)).to.equal(1n);
      await accept(await submit());
      await until("the payment of another", () => provider.kinds().includes("paid"));
      await pause(300);
      expect(refused).to.equal(1);
      expect(provider.told("abandoned")).to.have.length(1);
    });

    it("tries again what the contracts refused, once there is stake for it", async () => {
      const { providerPool, providerOwner } = market;
      const pool = providerPool.connect(providerOwner);
      const { free } = await providerPool.getProvider(1);
      const debts = memoryDebts();
      const { deliver, standing } = chainEffects(await protocolOf(market, market.agent), 1);
      const owedAtDelivery: boolean[] = [];
      let performed = 0;
      const provider = await start(
        1,
        {
          // As it was when the attempt began.
          standing: async (source) => {
            const found = await standing(source);
            return found && { ...found, freeStake: free };
          },
          perform: async () => {
            if (performed++ === 0) await pool.unbond(1, free);
            return OUTPUT;
          },
          deliver: async (debt) => {
            owedAtDelivery.push((await debts.open()).some(({ sealed }) => sealed.seal === debt.sealed.seal));
            return deliver(debt);
          },
        },
        { debts },
      );
      const task = await submit();
      await until("two refusals", () => provider.told("abandoned").length >= 2);
      for (const { reason, retry, at } of provider.told("abandoned")) {
        expect(reason).to.match(/stake/);
        expect(retry).to.be.at.least(at);
      }
      expect(provider.kinds()).to.not.include("delivered");
      await pool.cancelUnbonding(1);
      await accept(task);
      await until("the payment", () => provider.kinds().includes("paid"));
      expect(await debts.open()).to.deep.equal([]);
      expect(new Set(owedAtDelivery)).to.deep.equal(new Set([true]));
    });

    it("never sends what is in its book no more, though the node is away after the refusal", async () => {
      let away = false;
      const protocol = await spoilt((_method, _params, next) => {
        if (away) throw unreachable();
        return next();
      });
      const debts = memoryDebts();
      const { deliver } = chainEffects(protocol, 1);
      const owedAtDelivery: boolean[] = [];
      const pool = market.providerPool.connect(market.providerOwner);
      const { free } = await market.providerPool.getProvider(1);
      let performed = 0;
      const provider = await start(
        1,
        {
          perform: async () => {
            if (performed++ === 0) await pool.unbond(1, free);
            return OUTPUT;
          },
          deliver: async (debt) => {
            owedAtDelivery.push((await debts.open()).some(({ sealed }) => sealed.seal === debt.sealed.seal));
            try {
              return await deliver(debt);
            } catch (error) {
              away = true;
              await pool.cancelUnbonding(1);
              throw error;
            }
          },
        },
        { protocol, debts },
      );
      const task = await submit();
      await until("trouble", () => away && provider.kinds().includes("trouble"));
      away = false;
      await accept(task);
      await until("the payment", () => provider.kinds().includes("paid"));
      expect(owedAtDelivery).to.deep.equal([true, true]);
    });
  });

  describe("when it ends", () => {
    const endless: Partial<Effects> = { perform: (_order, signal) => pause(100_000, signal).then(() => OUTPUT) };

    it("says so of what it was at, rather than that another was first", async () => {
      const provider = await start(1, endless);
      await submit();
      await until("the attempt", () => provider.kinds().includes("attempted"));
      await provider.stop();
      expect(provider.events.at(-1)).to.include({ kind: "abandoned", reason: "the provider stops" });
      expect(provider.events.at(-1)).to.not.have.property("retry");
      expect(provider.kinds()).to.deep.equal(["attempted", "abandoned"]);
    });

    it("begins nothing more, though it was just about to", async () => {
      let [asked, answers] = [false, false];
      const standing = { environments: 1, gpuMemory: 0, freeStake: CAP, score: 0, slots: 2, freeSlots: 2, joinedAt: 0 };
      const provider = await start(1, {
        ...endless,
        standing: async () => {
          asked = true;
          while (!answers) await pause(10);
          return standing;
        },
      });
      await submit();
      await until("a look at the stake", () => asked);
      const stopped = provider.stop();
      await pause(50);
      answers = true;
      await stopped;
      await pause(50);
      expect(provider.kinds()).to.deep.equal([]);
    });

    it("leaves what it owes in the book", async () => {
      const provider = await start(1);
      await submit();
      await until("the delivery", () => provider.kinds().includes("delivered"));
      await provider.stop();
      expect(await provider.debts.open()).to.have.length(1);
    });

    it("ends its work when the watcher gives up, and throws what it threw", async () => {
      let broken = false;
      const protocol = await spoilt((method, _params, next) => {
        if (broken && method === "eth_getBlockByNumber") {
          throw Object.assign(new Error("this method is sold separately"), { code: -32_601 });
        }
        return next();
      });
      const provider = await start(1, endless, { protocol });
      await submit();
      await until("the attempt", () => provider.kinds().includes("attempted"));
      broken = true;
      await submit();
      expect(String(await provider.ended())).to.contain("sold separately");
      expect(provider.events.at(-1)).to.include({ kind: "abandoned", reason: "the provider stops" });
    });
  });

  it("goes on when the node was away for longer than it bears with a single request", async () => {
    let away = false;
    let refused = 0;
    const protocol = await spoilt((method, _params, next) => {
      if (!away || method !== "eth_call") return next();
      refused++;
      throw unreachable();
    });
    const provider = await start(1, {}, { protocol });
    const first = await submit();
    await accept(first);
    await until("the payment", () => provider.kinds().includes("paid"));
    away = true;
    const second = await submit();
    await until("a request", () => refused > 0);
    await pause(4 * protocol.patience.requests);
    away = false;
    await accept(second);
    await until("another payment", () => provider.told("paid").length === 2);
  });
});
