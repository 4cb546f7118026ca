import { expect } from "chai";
import { toUtf8Bytes } from "ethers";
import { digestOf } from "../../../src/content/digest.js";
import { DISPUTE_OUTCOMES } from "../../../src/protocol/dispute.js";
import { keyPair, openEnvelope } from "../../../src/protocol/envelope.js";
import { packOrder, taskIdOf } from "../../../src/protocol/order.js";
import { readPanel } from "../../../src/protocol/panel.js";
import { pause } from "../../../src/protocol/retry.js";
import { memoryDebts } from "../../../src/provider/debts.js";
import { chainEffects, type Effects } from "../../../src/provider/effects.js";
import { type ProviderEvent, type ProviderOptions, runProvider } from "../../../src/provider/loop.js";
import { deployPanel, everybodySits, panelOrder } from "../../helpers/disputes.js";
import { until as holdsSoon } from "../../helpers/holders.js";
import { State } from "../../helpers/manager.js";
import { loadFixture, networkHelpers, time } from "../../helpers/network.js";
import { disclosedWork, type DisclosedWork, disputeWork, withRubbish, workOf } from "../../helpers/panelWork.js";
import { protocolOf } from "../../helpers/protocol.js";
import { ownerOf, type Panel } from "../../helpers/rounds.js";
import { WINDOWS } from "../../helpers/suite.js";

const OUTPUT = toUtf8Bytes("truth");
const KEYS = keyPair();

describe("provider loop in disputes", () => {
  let panel: Panel;
  let now = 0;
  /** Envelopes that were sent, and outputs that were shown. */
  const inbox: { provider: number; envelope: string }[] = [];
  const shown: { provider: number; output: Uint8Array }[] = [];
  const stops: (() => Promise<void>)[] = [];

  beforeEach(async () => {
    panel = await loadFixture(deployPanel);
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
  const goTo = async (second: number) => {
    if ((await time.latest()) < second) await time.increaseTo(second);
    now = await time.latest();
  };

  /** A member of the pool that works; what it does can be replaced. */
  const start = async (id: number, changes: Partial<Effects> = {}, options: Partial<ProviderOptions> = {}) => {
    const protocol = await protocolOf(panel, ownerOf(panel, BigInt(id)));
    const events: ProviderEvent[] = [];
    const ending = new AbortController();
    const debts = options.debts ?? memoryDebts();
    const effects: Effects = {
      ...chainEffects(protocol, id),
      perform: () => Promise.resolve(OUTPUT),
      publish: (output) => {
        shown.push({ provider: id, output });
        return Promise.resolve("here");
      },
      holds: (_order, digest) => Promise.resolve(shown.some(({ output }) => digestOf(output) === digest)),
      send: (_order, envelope) => {
        inbox.push({ provider: id, envelope });
        return Promise.resolve();
      },
      ...changes,
    };
    const running = runProvider({
      ...{ protocol, provider: id, effects, debts, from: 0, capacity: 2, discloseWindow: WINDOWS.disclose },
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
    return { debts, stop, told, kinds: () => events.map(({ kind }) => kind) };
  };
  type Worker = Awaited<ReturnType<typeof start>>;
  const all = (workers: readonly Worker[], kind: ProviderEvent["kind"]) =>
    until(`${kind} of ${workers.length}`, () => workers.every(({ kinds }) => kinds().includes(kind)));

  /** A task that is disputed, whose provider does nothing more by itself, and whose panel everybody may enter. */
  const disputed = async (
    ...[changes, made]: [Parameters<typeof disclosedWork>[1]?, Parameters<typeof disclosedWork>[2]?]
  ) => {
    const task = await disclosedWork(panel, { clientKey: KEYS.publicKey, ...changes }, made);
    await disputeWork(panel, task);
    await everybodySits(panel, task);
    now = await time.latest();
    return task;
  };
  /** Waits until sealing is over. */
  const sealed = async ({ order }: Pick<DisclosedWork, "order">, leap = 0) => {
    const reader = await protocolOf(panel, panel.stranger);
    if (leap > 0) await goTo(((await readPanel(reader, order)).sealsUntil ?? 0) + leap);
    await until("the end of sealing", async () => (await readPanel(reader, order)).sealedAt !== undefined);
  };
  /** Lets time pass until all are paid: nobody is in a hurry to end a dispute but a provider that is paid by it. */
  const slowly = async (workers: readonly Worker[]) => {
    await until(`payment of ${workers.length}`, async () => {
      if (workers.every(({ kinds }) => kinds().includes("paid"))) return true;
      await goTo(now + 15);
      return false;
    });
  };
  const lockOf = async (provider: number) => (await panel.providerPool.getProvider(provider)).locked;

  it("delivers, is disputed, opens, is upheld by three others, and all are paid", async () => {
    const locks = await Promise.all([1, 2, 3, 4].map(lockOf));
    const order = await panelOrder(panel, { clientKey: KEYS.publicKey });
    const packed = packOrder(order);
    const taskId = taskIdOf(order, panel.domain);
    const provider = await start(1);
    await panel.taskManager.connect(panel.client).submit(packed);
    await all([provider], "delivered");
    await goTo(now + WINDOWS.disclose / 2 + 1);
    await until("the disclosure", async () => (await panel.taskManager.getTask(taskId)).state === State.Disclosed);
    const task = { order, packed, taskId };
    await disputeWork(panel, task as DisclosedWork);
    await everybodySits(panel, task as DisclosedWork);
    const validators = [await start(2), await start(3), await start(4)];
    await all([provider], "defended");
    await all([provider], "paid");
    await until("the end of all", () => validators.every(({ kinds }) => /paid|abandoned/.test(kinds().at(-1) ?? "")));
    const sat = validators.filter(({ kinds }) => kinds().includes("seated"));
    expect(sat.length).to.be.greaterThan(1);
    for (const { kinds, told, debts } of sat) {
      expect(kinds()).to.deep.equal(["attempted", "seated", "opened", "paid"]);
      expect(told("paid")[0]?.price).to.equal(provider.told("paid")[0]?.price);
      expect(await debts.open()).to.deep.equal([]);
    }
    expect(provider.kinds()).to.deep.equal(["attempted", "delivered", "defended", "paid"]);
    // Only its own provider ever showed an output: whoever agrees owes the client nothing.
    expect(shown.map((one) => one.provider)).to.deep.equal([1]);
    expect(await Promise.all([1, 2, 3, 4].map(lockOf))).to.deep.equal(locks);
  });

  it("overturns a delivery that is wrong, and shows the client what is right", async () => {
    const lie = toUtf8Bytes("a lie");
    const task = await disputed({}, (of) => workOf(of, 1, lie));
    shown.push({ provider: 1, output: lie });
    const debts = memoryDebts();
    await debts.incur(task.debt);
    const liar = await start(1, {}, { debts });
    const validators = [await start(2), await start(3), await start(4)];
    await all([liar], "defended");
    const sat = validators.filter(({ kinds }) => kinds().includes("seated"));
    await all(sat, "opened");
    await until("the envelopes", () => inbox.length >= sat.length);
    for (const { provider, envelope } of inbox) {
      const opening = openEnvelope({ taskId: task.taskId, provider }, envelope, KEYS.secretKey);
      expect(opening.resultDigest).to.equal(digestOf(OUTPUT));
    }
    await panel.taskManager.connect(panel.client).accept(task.packed);
    await all(sat, "paid");
    await all([liar], "slashed");
    expect(liar.told("slashed")[0]).to.include({ amount: task.order.bond, how: "Overturned" });
    expect(liar.kinds()).to.deep.equal(["defended", "slashed"]);
    expect(await debts.open()).to.deep.equal([]);
  });

  it("overturns a delivery whose envelope is rubbish though its result is right", async () => {
    const task = await disputed({}, (of) => withRubbish(workOf(of, 1)));
    const debts = memoryDebts();
    await debts.incur(task.debt);
    shown.push({ provider: 1, output: OUTPUT });
    const provider = await start(1, {}, { debts });
    const validators = [await start(2), await start(3), await start(4)];
    await all([provider], "defended");
    const sat = validators.filter(({ kinds }) => kinds().includes("seated"));
    await all(sat, "opened");
    const { taskManager } = panel;
    const votes = await taskManager.queryFilter(taskManager.filters.VoteOpened(task.taskId));
    expect(new Set(votes.map(({ args }) => args.available))).to.deep.equal(new Set([false]));
    await until("the envelopes", () => inbox.length >= sat.length);
    await taskManager.connect(panel.client).accept(task.packed);
    await all(sat, "paid");
    await all([provider], "slashed");
  });

  it("goes on after a restart with its seat and with its delivery", async () => {
    const task = await disputed();
    shown.push({ provider: 1, output: OUTPUT });
    const [owed, seat] = [memoryDebts(), memoryDebts()];
    await owed.incur(task.debt);
    const first = await start(2, {}, { debts: seat });
    await all([first], "seated");
    await first.stop();
    expect(await seat.open()).to.have.length(1);
    expect((await seat.open())[0]?.panel).to.equal(true);
    const others = [await start(3), await start(4)];
    await sealed(task);
    const provider = await start(1, {}, { debts: owed });
    await all([provider], "defended");
    await provider.stop();
    const [again, back] = [await start(2, {}, { debts: seat }), await start(1, {}, { debts: owed })];
    await all([again, back], "paid");
    expect([again.kinds(), back.kinds()]).to.deep.equal([["opened", "paid"], ["paid"]]);
    const sat = others.filter(({ kinds }) => kinds().includes("seated"));
    await all(sat, "paid");
    expect([await seat.open(), await owed.open()]).to.deep.equal([[], []]);
  });

  for (const [verdict, how] of [
    [false, "Rejected"],
    [true, "Upheld"],
  ] as const) {
    it(`judges what it cannot compute again, and calls it ${verdict ? "valid" : "invalid"}`, async () => {
      const task = await disclosedWork(panel, { source: 2, clientKey: KEYS.publicKey });
      shown.push({ provider: 1, output: OUTPUT });
      await disputeWork(panel, task);
      now = await time.latest();
      const debts = memoryDebts();
      await debts.incur(task.debt);
      const asked: string[] = [];
      const judge = (_order: unknown, digest: string) => {
        asked.push(digest);
        return Promise.resolve(verdict);
      };
      const perform = () => Promise.reject(new Error("to compute it again says nothing"));
      const provider = await start(1, {}, { debts });
      await all([provider], "defended");
      await everybodySits(panel, task);
      now = await time.latest();
      const judges = [await start(2, { judge, perform }), await start(3, { judge, perform })];
      await all(judges, "seated");
      await sealed({ order: task.order }, 1);
      await all(judges, "opened");
      await slowly(judges);
      await until("the end of the provider", () => /paid|slashed/.test(provider.kinds().at(-1) ?? ""));
      expect(new Set(asked)).to.deep.equal(new Set([digestOf(OUTPUT)]));
      const { taskManager } = panel;
      const [ended] = await taskManager.queryFilter(taskManager.filters.DisputeEnded(task.taskId));
      expect(DISPUTE_OUTCOMES[Number(ended?.args.outcome)]).to.equal(how);
      const { settled, frauds } = await panel.reputation.getRecord(1);
      expect([settled, frauds]).to.deep.equal(verdict ? [1n, 0n] : [0n, 1n]);
    });
  }

  it("calls a delivery invalid that it cannot read, whatever the judge would say", async () => {
    const task = await disclosedWork(panel, { source: 2, clientKey: KEYS.publicKey });
    await disputeWork(panel, task);
    await chainEffects(await protocolOf(panel, panel.agent), 1).openDelivery(task.debt);
    await everybodySits(panel, task);
    now = await time.latest();
    const judge = () => Promise.resolve(true);
    const judges = [await start(2, { judge }), await start(3, { judge })];
    await all(judges, "seated");
    await sealed({ order: task.order }, 1);
    await all(judges, "opened");
    await slowly(judges);
    expect((await panel.reputation.getRecord(1)).frauds).to.equal(1n);
  });

  it("does not sit in the panel about its own delivery, nor among judges without a judge", async () => {
    await disputed();
    const own = await start(1);
    await pause(300);
    expect(own.kinds()).to.deep.equal([]);
    await own.stop();
    const judged = await disclosedWork(panel, { source: 2 });
    await disputeWork(panel, judged);
    const protocol = await protocolOf(panel, panel.agent);
    await chainEffects(protocol, 1).openDelivery(judged.debt);
    const task = judged.taskId;
    const member = await start(2, {}, { wants: ({ source }) => source === 2 });
    await goTo(now + WINDOWS.panelMin);
    await pause(300);
    expect([member.kinds(), (await panel.taskManager.getRound(task)).seats]).to.deep.equal([[], []]);
  });

  it("takes no seat if it cannot look for outputs, or joined when the delivery was there", async () => {
    const task = await disputed();
    await panel.providerPool.connect(ownerOf(panel, 3n)).leavePool(3, 1);
    await panel.providerPool.connect(ownerOf(panel, 3n)).joinPool(3, 1, 1, 1, 1, 0);
    const late = await start(3);
    const protocol = await protocolOf(panel, ownerOf(panel, 2n));
    const ending = new AbortController();
    const events: ProviderEvent[] = [];
    const running = runProvider({
      ...{ protocol, provider: 2, debts: memoryDebts(), from: 0, capacity: 2, discloseWindow: WINDOWS.disclose },
      effects: {
        ...chainEffects(protocol, 2),
        ...{ perform: () => Promise.resolve(OUTPUT), publish: () => Promise.resolve("here") },
        send: () => Promise.resolve(),
      },
      costs: () => ({ payment: 1n, duration: 1 }),
      clock: () => now,
      report: (event) => events.push(event),
      signal: ending.signal,
    });
    await pause(400);
    ending.abort();
    await running;
    expect([late.kinds(), events]).to.deep.equal([[], []]);
    expect((await panel.taskManager.getRound(task.taskId)).seats).to.deep.equal([]);
  });

  it("finds a dispute though the deadline of its task is over", async () => {
    const task = await disputed();
    expect(task.order.deadline).to.be.lessThan(now);
    const validator = await start(2);
    await all([validator], "seated");
  });
});
