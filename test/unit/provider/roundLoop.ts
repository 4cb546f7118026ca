import { expect } from "chai";
import { type Signer, toUtf8Bytes } from "ethers";
import { cidOf, digestOf } from "../../../src/content/digest.js";
import { keyPair, openEnvelope } from "../../../src/protocol/envelope.js";
import { packOrder, taskIdOf } from "../../../src/protocol/order.js";
import { pause } from "../../../src/protocol/retry.js";
import { readRound } from "../../../src/protocol/round.js";
import { memoryDebts } from "../../../src/provider/debts.js";
import { chainEffects, type Effects } from "../../../src/provider/effects.js";
import { LOST_RACE, type ProviderEvent, type ProviderOptions, runProvider } from "../../../src/provider/loop.js";
import { until as holdsSoon } from "../../helpers/holders.js";
import { State } from "../../helpers/manager.js";
import { loadFixture, networkHelpers, time } from "../../helpers/network.js";
import { protocolOf } from "../../helpers/protocol.js";
import { everybodyEnters, fillPool, ownerOf, type Panel, postRound, quorumOrder } from "../../helpers/rounds.js";
import { CAP, deployMarket, joinProvider, openTask } from "../../helpers/suite.js";

const OUTPUT = toUtf8Bytes("output");
const HOUR = 3600;
const KEYS = keyPair();

const deployFive = async () => fillPool(await deployMarket(), 5);

describe("provider loop in rounds", () => {
  let panel: Panel;
  let now = 0;
  /** Envelopes that were sent, and what was shown and whether the verdict was there. */
  const inbox: { provider: number; envelope: string }[] = [];
  const shown: { provider: number; output: Uint8Array; hasWinner: boolean }[] = [];
  const stops: (() => Promise<void>)[] = [];

  beforeEach(async () => {
    panel = await loadFixture(deployFive);
    // The clock leaps with the first block after a fixture.
    await networkHelpers.mine();
    now = await time.latest();
    inbox.length = 0;
    shown.length = 0;
  });
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });

  const until = (what: string, look: () => boolean | Promise<boolean>) =>
    holdsSoon(what, async () => {
      now = await time.latest();
      return look();
    });

  /** A member of the pool that works; what it does can be replaced. */
  const start = async (id: number, changes: Partial<Effects> = {}, options: Partial<ProviderOptions> = {}) => {
    const owner: Signer = id > 5 ? newcomer() : ownerOf(panel, BigInt(id));
    const protocol = await protocolOf(panel, owner);
    const events: ProviderEvent[] = [];
    const ending = new AbortController();
    const debts = options.debts ?? memoryDebts();
    let performed = 0;
    const effects: Effects = {
      ...chainEffects(protocol, id),
      perform: () => Promise.resolve(OUTPUT),
      publish: async (output) => {
        const { order } = (await debts.open())[0] ?? {};
        const round = order === undefined ? undefined : await readRound(protocol, order);
        shown.push({ provider: id, output, hasWinner: round?.decided === true && round.winner !== undefined });
        return "here";
      },
      send: (_order, envelope) => {
        inbox.push({ provider: id, envelope });
        return Promise.resolve();
      },
      ...changes,
    };
    const running = runProvider({
      ...{ protocol, provider: id, debts, from: 0, capacity: 2, discloseWindow: HOUR },
      effects: {
        ...effects,
        perform: (order, signal) => {
          performed++;
          return effects.perform(order, signal);
        },
      },
      costs: () => ({ payment: 1n, duration: 1 }),
      clock: () => now,
      report: (event) => events.push(event),
      ...options,
      signal: ending.signal,
    });
    let isStopped = false;
    const stop = async () => {
      if (isStopped) return;
      isStopped = true;
      ending.abort();
      await running;
    };
    stops.push(stop);
    const told = <K extends ProviderEvent["kind"]>(kind: K) =>
      events.filter((event): event is Extract<ProviderEvent, { kind: K }> => event.kind === kind);
    return { debts, running, stop, told, performed: () => performed, kinds: () => events.map(({ kind }) => kind) };
  };
  const newcomer = (): Signer => {
    const [, , , , , signer] = panel.others;
    if (signer === undefined) throw new Error("no account for another member");
    return signer;
  };
  /** A round that all members may enter. */
  const post = async () => {
    const task = await postRound(panel, { clientKey: KEYS.publicKey });
    await everybodyEnters(task);
    now = await time.latest();
    return task;
  };
  type Task = Awaited<ReturnType<typeof post>>;
  const accept = async (task: Task) => {
    await panel.taskManager.connect(panel.client).accept(task.packed);
  };
  const lockOf = async (provider: number) => (await panel.providerPool.getProvider(provider)).locked;

  it("does a round with three providers, which show what they have after the verdict only, and are all paid", async () => {
    const locked = await lockOf(2);
    const task = await post();
    const providers = [await start(1), await start(2), await start(3)];
    await until("three openings", () => providers.every(({ kinds }) => kinds().includes("opened")));
    await until("three envelopes", () => inbox.length === 3);
    expect(new Set(shown.map(({ provider }) => provider))).to.deep.equal(new Set([1, 2, 3]));
    for (const { output, hasWinner } of shown) expect([output, hasWinner]).to.deep.equal([OUTPUT, true]);
    for (const { provider, envelope } of inbox) {
      const opening = openEnvelope({ taskId: task.taskId, provider }, envelope, KEYS.secretKey);
      expect(opening.resultDigest).to.equal(digestOf(OUTPUT));
      expect(opening.location).to.equal(`ipfs://${cidOf(opening.resultDigest)}`);
    }
    await accept(task);
    await until("three payments", () => providers.every(({ kinds }) => kinds().includes("paid")));
    for (const { kinds, told, debts, performed } of providers) {
      expect(kinds()).to.deep.equal(["attempted", "seated", "opened", "paid"]);
      expect(told("paid")[0]).to.include({ taskId: task.taskId, price: CAP });
      expect(told("seated")[0]).to.include({ weight: 2 });
      expect([await debts.open(), performed()]).to.deep.equal([[], 1]);
    }
    const seats = providers.map(({ told }) => told("seated")[0]?.seat);
    expect(seats.toSorted()).to.deep.equal([0, 1, 2]);
    expect(await lockOf(2)).to.equal(locked);
  });

  it("costs a liar its lock, and shows nothing of it", async () => {
    const task = await post();
    const honest = [await start(1), await start(2)];
    const liar = await start(3, { perform: () => Promise.resolve(toUtf8Bytes("a lie")) });
    await until("two envelopes", () => inbox.length === 2);
    await accept(task);
    await until("the end", () => [...honest, liar].every(({ kinds }) => kinds().length === 4));
    for (const { kinds } of honest) expect(kinds().at(-1)).to.equal("paid");
    expect(liar.told("slashed")[0]).to.include({ taskId: task.taskId, amount: CAP, how: "Wrong" });
    expect(shown.map(({ provider }) => provider)).to.have.members([1, 2]);
    expect(await liar.debts.open()).to.deep.equal([]);
  });

  it("costs those nothing that come when all seats are taken", async () => {
    const locked = await lockOf(4);
    const task = await post();
    const providers = [await start(1), await start(2), await start(3), await start(4)];
    await until("three envelopes", () => inbox.length === 3);
    const sat = providers.filter(({ kinds }) => kinds().includes("seated"));
    expect(sat).to.have.length(3);
    const [late] = providers.filter((one) => !sat.includes(one));
    // On a slow machine it may see the order when the seats are gone, and not even begin.
    const hasBegun = () => late?.kinds().includes("attempted") === true;
    await until("the end of the fourth", () => !hasBegun() || late?.kinds().includes("abandoned") === true);
    for (const abandoned of late?.told("abandoned") ?? []) {
      expect([LOST_RACE, "all seats are taken"]).to.include(abandoned.reason);
      expect(abandoned).to.not.have.property("retry");
    }
    await accept(task);
    await until("three payments", () => sat.every(({ kinds }) => kinds().includes("paid")));
    expect(await late?.debts.open()).to.deep.equal([]);
    expect(await lockOf(4)).to.equal(locked);
  });

  it("ends work at once when all seats are taken", async () => {
    let isCut = false;
    const task = await post();
    const slow = await start(4, {
      perform: (_order, signal) =>
        pause(100_000, signal)
          .finally(() => (isCut = true))
          .then(() => OUTPUT),
    });
    await until("the attempt", () => slow.kinds().includes("attempted"));
    for (const id of [1, 2, 3]) await start(id);
    await until("the end of the attempt", () => slow.kinds().includes("abandoned"));
    expect(slow.told("abandoned")[0]).to.include({ taskId: task.taskId, reason: LOST_RACE });
    expect(isCut).to.equal(true);
    expect(await slow.debts.open()).to.deep.equal([]);
  });

  it("goes on after a crash with what it has sealed, and makes the output once more", async () => {
    const debts = memoryDebts();
    const task = await post();
    const crashed = await start(1, {}, { debts });
    await until("the seat", () => crashed.kinds().includes("seated"));
    await crashed.stop();
    expect(await debts.open()).to.have.length(1);
    const others = [await start(2), await start(3)];
    await until("two openings", () => others.every(({ kinds }) => kinds().includes("opened")));
    expect((await readRound(await protocolOf(panel, panel.stranger), task.order)).decided).to.equal(false);
    const again = await start(1, {}, { debts });
    await until("three envelopes", () => inbox.length === 3);
    await accept(task);
    await until("the payment", () => again.kinds().includes("paid"));
    expect(again.kinds()).to.deep.equal(["opened", "paid"]);
    expect([crashed.performed(), again.performed()]).to.deep.equal([1, 1]);
  });

  it("sees through what it has sealed when it takes nothing new, and ends then", async () => {
    const debts = memoryDebts();
    const task = await post();
    const first = await start(1, {}, { debts });
    await until("the seat", () => first.kinds().includes("seated"));
    await first.stop();
    const other = await openTask(panel);
    const draining = await start(1, {}, { debts, drain: true });
    const others = [await start(2), await start(3)];
    await until("its envelope", () => inbox.filter(({ provider }) => provider === 1).length === 1);
    await until("two openings", () => others.every(({ kinds }) => kinds().includes("opened")));
    await accept(task);
    await draining.running;
    expect(draining.kinds()).to.deep.equal(["opened", "paid"]);
    expect(other.taskId).to.not.equal(task.taskId);
  });

  it("leaves rounds that began before it was a member, and takes part in the next", async () => {
    const task = await post();
    await joinProvider(panel, newcomer(), { slots: 1 });
    const provider = await start(6);
    await networkHelpers.mine();
    const next = await post();
    await until("a seat", () => provider.kinds().includes("seated"));
    expect(provider.told("attempted").map(({ taskId }) => taskId)).to.deep.equal([next.taskId]);
    expect((await panel.taskManager.getTask(task.taskId)).state).to.equal(State.Open);
  });

  it("waits for the seed and for its turn", async () => {
    const provider = await start(2);
    const order = await quorumOrder(panel);
    const opened = await time.latest();
    await panel.taskManager.connect(panel.client).submit(packOrder(order));
    await pause(300);
    expect(provider.kinds()).to.deep.equal([]);
    await networkHelpers.mine(5, { interval: 1 });
    const task = { order, packed: packOrder(order), taskId: taskIdOf(order, panel.domain) };
    await everybodyEnters({ ...task, openedAt: opened + 1, openBlock: 0 });
    await until("a seat", () => provider.kinds().includes("seated"));
    expect(provider.kinds()).to.deep.equal(["attempted", "seated"]);
  });
});
