import { expect } from "chai";
import { parseEther, toUtf8Bytes } from "ethers";
import { acceptOpening } from "../../../src/client/acceptOpening.js";
import { memoryJournal } from "../../../src/client/journal.js";
import { submitOrder } from "../../../src/client/submitOrder.js";
import { digestOf } from "../../../src/content/digest.js";
import { packOrder, taskIdOf } from "../../../src/protocol/order.js";
import { pause } from "../../../src/protocol/retry.js";
import { memoryDebts } from "../../../src/provider/debts.js";
import { chainEffects, type Effects } from "../../../src/provider/effects.js";
import { TaskRefusedError } from "../../../src/provider/errors.js";
import { LOST_RACE, type ProviderEvent, type ProviderOptions, runProvider } from "../../../src/provider/loop.js";
import { heldTasks } from "../../../src/provider/reservations.js";
import { State } from "../../helpers/manager.js";
import { loadFixture, time } from "../../helpers/network.js";
import { protocolOf } from "../../helpers/protocol.js";
import { CAP, deployMarket, joinProvider, type Market, random32 } from "../../helpers/suite.js";

const OUTPUT = toUtf8Bytes("output");
const HOUR = 3600;
const RESERVATION = 600;

describe("provider loop with reservations", () => {
  let market: Market;
  let now = 0;
  const stops: (() => Promise<void>)[] = [];
  const inbox: { digest: string; envelope: string }[] = [];

  beforeEach(async () => {
    market = await loadFixture(deployMarket);
    now = await time.latest();
    inbox.length = 0;
  });
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });

  const start = async (id: 1 | 2, changes: Partial<Effects> = {}, options: Partial<ProviderOptions> = {}) => {
    const signer = id === 1 ? market.agent : (market.others[0] ?? market.stranger);
    if (id === 2 && (await market.providerPool.providerCount()) === 1n) await joinProvider(market, signer);
    const protocol = await protocolOf(market, signer);
    const events: ProviderEvent[] = [];
    const ending = new AbortController();
    const debts = options.debts ?? memoryDebts();
    const effects: Effects = {
      ...chainEffects(protocol, id),
      perform: () => Promise.resolve(OUTPUT),
      publish: () => Promise.resolve("here"),
      send: (order, envelope) => {
        inbox.push({ digest: order.inputDigest, envelope });
        return Promise.resolve();
      },
      ...changes,
    };
    const running = runProvider({
      ...{ protocol, provider: id, effects, debts, from: 0, capacity: 4, discloseWindow: HOUR },
      costs: () => ({ payment: 1n, duration: 1 }),
      clock: () => now,
      report: (event) => events.push(event),
      ...options,
      signal: ending.signal,
    });
    const stop = async () => {
      ending.abort();
      await running;
    };
    stops.push(stop);
    const told = <K extends ProviderEvent["kind"]>(kind: K) =>
      events.filter((event): event is Extract<ProviderEvent, { kind: K }> => event.kind === kind);
    return { events, debts, running, stop, told, kinds: () => events.map(({ kind }) => kind) };
  };
  /** What provider 1 does on chain, beside the loop. */
  const byHand = async () => chainEffects(await protocolOf(market, market.agent), 1);

  const submit = async (changes: { reservation?: number; inputDigest?: string } = {}) => {
    const protocol = await protocolOf(market, market.client);
    const draft = {
      ...{ source: 1, maxReward: CAP, bond: CAP, rampDuration: 600, reservation: RESERVATION },
      ...{ deadline: (await time.latest()) + 4 * HOUR, inputDigest: random32(), ...changes },
    };
    const { entry, taskId } = await submitOrder(protocol, draft, { journal: memoryJournal() });
    return { protocol, entry, taskId, packed: packOrder(entry.order) };
  };
  type Task = Awaited<ReturnType<typeof submit>>;
  const until = async (what: string, look: () => boolean | Promise<boolean>) => {
    const end = Date.now() + 30_000;
    while (!(await look())) {
      now = await time.latest();
      if (Date.now() > end) throw new Error(`${what} did not happen`);
      await pause(20);
    }
  };
  const pass = async (seconds: number) => {
    await time.increase(seconds);
    now = await time.latest();
  };
  const view = ({ taskId }: Task) => market.taskManager.getTask(taskId);
  const stateOf = async (task: Task) => (await view(task)).state;
  const reopen = ({ packed }: Task) => market.taskManager.connect(market.stranger).reopen(packed);
  const accept = async ({ protocol, entry }: Task) => {
    const sent = () => inbox.find(({ digest }) => digest === entry.order.inputDigest)?.envelope;
    await until("an envelope", () => sent() !== undefined);
    const opening = { order: entry.order, secretKey: entry.secretKey ?? "", envelope: sent() ?? "" };
    return acceptOpening(protocol, opening, ({ resultDigest }) => resultDigest === digestOf(OUTPUT));
  };

  it("reserves first, then executes, delivers by a seal, hands over, and is paid the price of the reservation", async () => {
    const seen: bigint[] = [];
    const provider = await start(1, {
      perform: async (order) => {
        seen.push((await market.taskManager.getTask(taskIdOf(order, market.domain))).state);
        return OUTPUT;
      },
    });
    const task = await submit();
    const accepted = await accept(task);
    await until("the payment", () => provider.kinds().includes("paid"));
    expect(provider.kinds()).to.deep.equal(["attempted", "reserved", "delivered", "paid"]);
    expect(seen).to.deep.equal([State.Reserved]);
    const [reserved] = provider.told("reserved");
    expect([reserved?.price, reserved?.taskId]).to.deep.equal([accepted?.price, task.taskId]);
    expect(reserved?.until).to.equal(Number((await view(task)).clearedAt) + RESERVATION);
    expect(await provider.debts.open()).to.deep.equal([]);
    expect((await market.providerPool.getMembership(1, 1)).reserved).to.equal(0n);
  });

  it("loses the race to reserve without any work, and says so", async () => {
    const first = await byHand();
    let performed = 0;
    const provider = await start(2, {
      perform: () => Promise.resolve(toUtf8Bytes(`${++performed}`)),
      reserve: async (order) => {
        await first.reserve(order);
        return second.reserve(order);
      },
    });
    const second = chainEffects(await protocolOf(market, market.others[0] ?? market.stranger), 2);
    await submit();
    await until("the end of the race", () => provider.kinds().includes("abandoned"));
    await pause(200);
    expect(provider.kinds()).to.deep.equal(["attempted", "abandoned"]);
    expect(provider.told("abandoned")[0]).to.include({ reason: LOST_RACE }).and.not.have.property("retry");
    expect(performed).to.equal(0);
    expect(await provider.debts.open()).to.deep.equal([]);
  });

  it("leaves alone what another provider holds, and takes it over when that has failed", async () => {
    const task = await submit();
    await (await byHand()).reserve(task.entry.order);
    const provider = await start(2);
    await accept(await submit());
    await until("another payment", () => provider.kinds().includes("paid"));
    expect(new Set(provider.told("attempted").map(({ taskId }) => taskId)).has(task.taskId)).to.equal(false);
    await pass(RESERVATION + 1);
    await reopen(task);
    await accept(task);
    await until("the payment", () => provider.told("paid").some(({ taskId }) => taskId === task.taskId));
    expect((await view(task)).provider).to.equal(2n);
  });

  it("sees a reservation by another while it is about to reserve", async () => {
    let isAsked = false;
    const provider = await start(2, {
      prepare: async (_order, signal) => {
        isAsked = true;
        await pause(100_000, signal);
        return () => Promise.resolve(OUTPUT);
      },
    });
    const task = await submit();
    await until("the attempt", () => isAsked);
    await (await byHand()).reserve(task.entry.order);
    await until("the end of the race", () => provider.kinds().includes("abandoned"));
    expect(provider.told("abandoned")[0]?.reason).to.equal(LOST_RACE);
  });

  it("does not reserve what it cannot prepare", async () => {
    const provider = await start(1, { prepare: () => Promise.reject(new Error("the input is nowhere")) });
    const task = await submit();
    await until("two failures", () => provider.told("abandoned").length >= 2);
    expect(provider.told("abandoned")[0]).to.include({ reason: "the input is nowhere" }).and.have.property("retry");
    expect(await stateOf(task)).to.equal(State.Open);
  });

  it("executes what it has prepared, and prepares it once", async () => {
    let [prepared, performed] = [0, 0];
    const provider = await start(1, {
      perform: () => Promise.reject(new Error("it is prepared")),
      prepare: () => {
        prepared++;
        return Promise.resolve(() =>
          performed++ === 0 ? Promise.reject(new Error("not yet")) : Promise.resolve(OUTPUT),
        );
      },
    });
    await accept(await submit());
    await until("the payment", () => provider.kinds().includes("paid"));
    expect([prepared, performed]).to.deep.equal([1, 2]);
  });

  describe("after a crash between its reservation and its delivery", () => {
    const endless: Partial<Effects> = { perform: (_order, signal) => pause(100_000, signal).then(() => OUTPUT) };
    const crash = async () => {
      const crashed = await start(1, endless);
      const task = await submit();
      await until("the reservation", () => crashed.kinds().includes("reserved"));
      await crashed.stop();
      expect(crashed.told("abandoned")[0]?.reason).to.equal("the provider stops");
      expect(await stateOf(task)).to.equal(State.Reserved);
      return task;
    };

    it("finds the task on chain, though it would not want it any more, and finishes it", async () => {
      const task = await crash();
      const { clearedAt } = await view(task);
      const again = await start(1, {}, { wants: () => false, costs: () => undefined });
      const accepted = await accept(task);
      await until("the payment", () => again.kinds().includes("paid"));
      expect(again.kinds()).to.deep.equal(["attempted", "reserved", "delivered", "paid"]);
      const [reserved] = again.told("reserved");
      expect([reserved?.price, reserved?.until]).to.deep.equal([accepted?.price, Number(clearedAt) + RESERVATION]);
    });

    it("does that also if it only drains, and ends then", async () => {
      const task = await crash();
      const other = await submit();
      const again = await start(1, {}, { drain: true });
      await accept(task);
      await again.running;
      expect(again.kinds()).to.deep.equal(["attempted", "reserved", "delivered", "paid"]);
      expect(await stateOf(other)).to.equal(State.Open);
    });

    it("delivers what is in its book already without doing it again", async () => {
      const debts = memoryDebts();
      const crashed = await start(1, { deliver: () => Promise.reject(new Error("crash")) }, { debts });
      const task = await submit();
      await until("the crash", () => crashed.kinds().includes("trouble"));
      await crashed.stop();
      expect(await debts.open()).to.have.length(1);
      const again = await start(1, { perform: () => Promise.reject(new Error("done already")) }, { debts });
      await accept(task);
      await until("the payment", () => again.kinds().includes("paid"));
      expect(again.kinds()).to.not.include("attempted");
    });

    it("tells of what it is too late for, and does not work on it", async () => {
      const task = await crash();
      await pass(RESERVATION + 1);
      const again = await start(1);
      await until("the trouble", () => again.kinds().includes("trouble"));
      expect(again.told("trouble")[0]?.reason).to.contain("was reserved until");
      await pause(200);
      expect(again.kinds()).to.deep.equal(["trouble"]);
      expect(await stateOf(task)).to.equal(State.Reserved);
    });

    it("knows what it holds, and nothing of others", async () => {
      const task = await crash();
      await submit();
      const reader = await protocolOf(market, market.stranger);
      expect((await heldTasks(reader, 1, 0)).map(({ taskId }) => taskId)).to.deep.equal([task.taskId]);
      expect(await heldTasks(reader, 2, 0)).to.deep.equal([]);
      await pass(RESERVATION + 1);
      await reopen(task);
      expect(await heldTasks(reader, 1, 0)).to.deep.equal([]);
    });
  });

  describe("whose reservation gets no answer", () => {
    it("goes on if it has arrived", async () => {
      const { reserve } = await byHand();
      const provider = await start(1, {
        reserve: async (order) => {
          await reserve(order);
          throw new Error("no answer");
        },
      });
      await accept(await submit());
      await until("the payment", () => provider.kinds().includes("paid"));
      expect(provider.kinds()).to.deep.equal(["attempted", "reserved", "delivered", "paid"]);
    });

    it("goes on if it arrives later", async () => {
      const { reserve } = await byHand();
      let isLate = false;
      const standing = {
        environments: 1,
        gpuMemory: 0,
        freeStake: parseEther("1"),
        score: 0,
        slots: 2,
        freeSlots: 2,
        joinedAt: 0,
      };
      const provider = await start(1, {
        standing: () => Promise.resolve(isLate ? undefined : standing),
        reserve: () => {
          isLate = true;
          return Promise.reject(new Error("no answer"));
        },
      });
      const task = await submit();
      await until("the failure", () => provider.kinds().includes("abandoned"));
      await reserve(task.entry.order);
      await accept(task);
      await until("the payment", () => provider.kinds().includes("paid"));
      expect(provider.told("reserved")).to.have.length(1);
    });
  });

  it("holds no more than it has slots, and takes the rest when they are free", async () => {
    let [holds, most] = [0, 0];
    const counted: Partial<Effects> = {
      perform: async (_order, signal) => {
        most = Math.max(most, ++holds);
        await pause(100, signal).finally(() => holds--);
        return OUTPUT;
      },
    };
    const tasks = [await submit(), await submit(), await submit(), await submit()];
    const provider = await start(1, counted);
    for (const task of tasks) await accept(task);
    await until("four payments", () => provider.told("paid").length === 4);
    expect(most).to.equal(2);
    expect(provider.kinds()).to.not.include("abandoned");
  });

  it("tries again later what it has no slot for, though it thought it had", async () => {
    const hand = await byHand();
    const [one, two] = [await submit(), await submit()];
    await hand.reserve(one.entry.order);
    await hand.reserve(two.entry.order);
    const standing = {
      environments: 1,
      gpuMemory: 0,
      freeStake: parseEther("1"),
      score: 0,
      slots: 2,
      freeSlots: 9,
      joinedAt: 0,
    };
    let isOpen = false;
    const provider = await start(1, {
      standing: () => Promise.resolve(standing),
      perform: async (order, signal) => {
        while (!isOpen && order.inputDigest !== three.entry.order.inputDigest) await pause(10, signal);
        return OUTPUT;
      },
    });
    const three = await submit();
    await until("a refusal", () => provider.told("abandoned").some(({ taskId }) => taskId === three.taskId));
    const [refused] = provider.told("abandoned");
    expect(refused?.reason).to.match(/slot/);
    expect(refused?.retry).to.be.at.least(refused?.at ?? Infinity);
    isOpen = true;
    for (const task of [one, two, three]) await accept(task);
    await until("three payments", () => provider.told("paid").length === 3);
  });

  it("does not reserve what its work does not fit into", async () => {
    const provider = await start(1, {}, { costs: () => ({ payment: 1n, duration: RESERVATION }) });
    const task = await submit();
    await pause(300);
    expect(provider.kinds()).to.deep.equal([]);
    expect(await stateOf(task)).to.equal(State.Open);
  });

  it("tries again what fails while the reservation runs", async () => {
    let failures = 2;
    const provider = await start(1, {
      perform: () => (failures-- > 0 ? Promise.reject(new Error("not yet")) : Promise.resolve(OUTPUT)),
    });
    await accept(await submit());
    await until("the payment", () => provider.kinds().includes("paid"));
    expect(provider.kinds()).to.deep.equal(["attempted", "reserved", "trouble", "trouble", "delivered", "paid"]);
  });

  for (const how of ["fails", "hangs"] as const) {
    it(`says that it is too late for a task whose work ${how}, goes on with others, and is barred from it`, async () => {
      let bad = "";
      let isCut = false;
      const provider = await start(1, {
        perform: async ({ inputDigest }, signal) => {
          if (inputDigest !== bad) return OUTPUT;
          if (how === "fails") throw new Error("not today");
          await pause(100_000, signal).finally(() => (isCut = true));
          return OUTPUT;
        },
      });
      bad = random32();
      const task = await submit({ inputDigest: bad });
      await until("the reservation", () => provider.kinds().includes("reserved"));
      await pass(RESERVATION + 1);
      await until("the end", () => provider.kinds().includes("abandoned"));
      expect(provider.told("trouble").at(-1)?.reason).to.contain("was reserved until");
      expect(provider.told("abandoned")[0]).to.not.have.property("retry");
      expect(isCut).to.equal(how === "hangs");
      await accept(await submit());
      await until("another payment", () => provider.kinds().includes("paid"));
      await reopen(task);
      await until("the bar", () => provider.told("abandoned").length === 2);
      await pause(300);
      expect(provider.told("attempted").filter(({ taskId }) => taskId === task.taskId)).to.have.length(2);
      expect(await stateOf(task)).to.equal(State.Open);
    });
  }

  it("gives up at once what it refuses, and does not take it up again", async () => {
    let performed = 0;
    const provider = await start(1, {
      perform: () => {
        performed++;
        return Promise.reject(new TaskRefusedError("its input is no picture"));
      },
    });
    await submit();
    await until("the refusal", () => provider.kinds().includes("abandoned"));
    await pause(300);
    expect(provider.kinds()).to.deep.equal(["attempted", "reserved", "trouble", "abandoned"]);
    expect(performed).to.equal(1);
  });

  it("does not lose what it holds when its book fails once", async () => {
    const debts = memoryDebts();
    let fails = true;
    const incur: typeof debts.incur = (debt) => {
      if (!fails) return debts.incur(debt);
      fails = false;
      return Promise.reject(new Error("the disk is full"));
    };
    const provider = await start(1, {}, { debts: { ...debts, incur } });
    await accept(await submit());
    await until("the payment", () => provider.kinds().includes("paid"));
    expect(provider.told("trouble")[0]?.reason).to.equal("the disk is full");
  });

  it("tells when a sealed result comes too late for its reservation, and owes it no more", async () => {
    const provider = await start(1, { deliver: () => Promise.reject(new Error("no answer")) });
    await submit();
    await until("the trouble", () => provider.kinds().includes("trouble"));
    await pass(RESERVATION + 1);
    await until("the end", () => provider.kinds().includes("abandoned"));
    expect(provider.told("trouble").at(-1)?.reason).to.contain("its reservation ended");
    expect(await provider.debts.open()).to.deep.equal([]);
  });

  it("delivers and discloses at one stroke for a client that cannot be reached, and is paid by its silence", async () => {
    const sent = await market.agent.getNonce();
    const provider = await start(1, { reaches: () => false });
    const task = await submit();
    await until("the delivery", () => provider.kinds().includes("delivered"));
    expect(await stateOf(task)).to.equal(State.Disclosed);
    expect(await market.agent.getNonce()).to.equal(sent + 2);
    await pass(task.entry.order.reviewPeriod + 1);
    await until("the payment", () => provider.kinds().includes("paid"));
    expect(inbox).to.deep.equal([]);
    const [disclosed] = await market.taskManager.queryFilter(market.taskManager.filters.TaskDisclosed(task.taskId));
    expect(disclosed?.args.provider).to.equal(1n);
  });

  it("counts the client's grace from the delivery, not from the reservation", async () => {
    let isOpen = false;
    const provider = await start(1, {
      perform: async (_order, signal) => {
        while (!isOpen) await pause(10, signal);
        return OUTPUT;
      },
    });
    const task = await submit({ reservation: 2 * HOUR });
    await until("the reservation", () => provider.kinds().includes("reserved"));
    await pass(HOUR);
    isOpen = true;
    await until("the delivery", () => provider.kinds().includes("delivered"));
    await pass(HOUR / 2 - 60);
    await pause(400);
    expect(await stateOf(task)).to.equal(State.Delivered);
    await pass(61);
    await until("the disclosure", async () => (await stateOf(task)) === State.Disclosed);
  });
});
