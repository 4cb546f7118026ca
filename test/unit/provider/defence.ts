import { expect } from "chai";
import { MIN_WEIGHT } from "../../../src/protocol/consensus.js";
import { readPanel } from "../../../src/protocol/panel.js";
import { memoryDebts } from "../../../src/provider/debts.js";
import { chainEffects } from "../../../src/provider/effects.js";
import { honour, type HonourOptions } from "../../../src/provider/honour.js";
import { deployPanel, everybodySits, REVIEW, sitOn, TRUST, vote, votesUntil } from "../../helpers/disputes.js";
import { until as holdsSoon } from "../../helpers/holders.js";
import { State } from "../../helpers/manager.js";
import { loadFixture, networkHelpers, time } from "../../helpers/network.js";
import { deliveredWork, disclosedWork, type DisclosedWork, disputeWork, workOf } from "../../helpers/panelWork.js";
import { protocolOf } from "../../helpers/protocol.js";
import type { Panel, Sealed } from "../../helpers/rounds.js";
import { WINDOWS } from "../../helpers/suite.js";
import { counting, noting, underWay } from "../../helpers/underWay.js";

describe("provider.honour of a disputed delivery", () => {
  let panel: Panel;
  /** Unix time of the chain, as far as the test has looked. */
  let now = 0;
  const stops: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    panel = await loadFixture(deployPanel);
    // The clock leaps with the first block after a fixture.
    await networkHelpers.mine();
    now = await time.latest();
  });
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
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

  /** Honours what the provider of a task owes; what it does to the world is noted. */
  const start = async ({ debt }: DisclosedWork, options: Partial<HonourOptions> = {}) => {
    const { protocol: own, looks } = counting(await protocolOf(panel, panel.agent));
    const log: string[] = [];
    const troubles: string[] = [];
    const chain = chainEffects(own, debt.provider);
    const noted = noting(log);
    const debts = options.debts ?? memoryDebts();
    await debts.incur(debt);
    const work = underWay(
      (signal) =>
        honour(debt, {
          ...{ protocol: own, debts, from: 0, grace: 60, clock: () => now },
          effects: {
            ...{ deliver: chain.deliver, deliverAndDisclose: chain.deliverAndDisclose },
            send: () => Promise.resolve(),
            disclose: noted("disclose", chain.disclose),
            openDelivery: noted("openDelivery", chain.openDelivery),
            settle: noted("settle", chain.settle),
          },
          delivered: () => undefined,
          defended: () => log.push("defended"),
          report: (problem) => troubles.push(problem),
          ...options,
          signal,
        }),
      { log, looks, until },
    );
    stops.push(work.stop);
    return {
      ...work,
      ...{ log, troubles, debts },
    };
  };
  const disputed = async (
    ...[changes, made]: [Parameters<typeof disclosedWork>[1]?, Parameters<typeof disclosedWork>[2]?]
  ) => {
    const task = await disclosedWork(panel, changes, made);
    await disputeWork(panel, task);
    now = await time.latest();
    return task;
  };
  /** Members sit with one output each; with the third, sealing is over. */
  const sit = async (task: DisclosedWork, outputs: readonly string[]): Promise<Sealed[]> => {
    await everybodySits(panel, task);
    const seats: Sealed[] = [];
    for (const [index, output] of outputs.entries()) {
      seats.push(await sitOn(panel, task, BigInt(index + 2), { weight: MIN_WEIGHT, output }));
    }
    return seats;
  };
  const voteAll = async (task: DisclosedWork, seats: readonly Sealed[], available = true) => {
    for (const seat of seats) await vote(panel, task, seat, { available });
  };
  const stateOf = async ({ taskId }: DisclosedWork) => (await panel.taskManager.getTask(taskId)).state;
  const stakeNow = async () => (await panel.providerPool.getProvider(1)).stake;
  const panelNow = async ({ order }: DisclosedWork) => readPanel(await protocolOf(panel, panel.stranger), order);

  it("opens as soon as the panel has sealed and no sooner, ends the dispute at once, and is paid", async () => {
    const task = await deliveredWork(panel);
    const work = await start(task);
    await goTo(now + 100);
    await work.did("disclose");
    await disputeWork(panel, task);
    await work.looked();
    const seats = await sit(task, ["truth", "truth"]);
    await work.looked();
    expect([work.log, work.isOver()]).to.deep.equal([["disclose"], false]);
    seats.push(await sitOn(panel, task, 4n));
    await work.did("defended");
    expect((await panelNow(task)).resultDigest).to.equal(task.debt.sealed.resultDigest);
    await work.looked();
    await voteAll(task, seats);
    expect(await work.running).to.deep.equal({ outcome: "paid", price: task.price });
    expect(work.log).to.deep.equal(["disclose", "openDelivery", "defended", "settle"]);
    expect([await stateOf(task), await work.debts.open(), work.troubles]).to.deep.equal([State.Settled, [], []]);
  });

  it("is paid if nobody sits, when the time for votes is over", async () => {
    const task = await disputed();
    const work = await start(task);
    const { sealsUntil = 0 } = await panelNow(task);
    await goTo(sealsUntil);
    await work.looked();
    expect(work.log).to.deep.equal([]);
    await goTo(sealsUntil + 1);
    await work.did("defended");
    const end = await votesUntil(panel, task);
    await goTo(end);
    await work.looked();
    expect(work.isOver()).to.equal(false);
    await goTo(end + 1);
    expect(await work.running).to.deep.equal({ outcome: "paid", price: task.price });
  });

  it("loses its bond if the panel agrees on another result", async () => {
    const task = await disputed({}, (of) => workOf(of, 1, "a lie"));
    const before = await stakeNow();
    const work = await start(task);
    const seats = await sit(task, ["truth", "truth", "truth"]);
    await work.did("defended");
    await voteAll(task, seats);
    await goTo(now + 300);
    await work.looked();
    // Its winners have a day to bring their results.
    expect(work.log).to.deep.equal(["openDelivery", "defended"]);
    await panel.taskManager.connect(panel.client).accept(task.packed);
    const { bond } = task.order;
    expect(await work.running).to.deep.equal({ outcome: "slashed", amount: bond, how: "Overturned" });
    expect([before - (await stakeNow()), await work.debts.open()]).to.deep.equal([bond, []]);
  });

  it("ends a dispute that it has lost when nobody else does", async () => {
    const task = await disputed();
    const work = await start(task);
    const seats = await sit(task, ["truth", "truth", "truth"]);
    await work.did("defended");
    await voteAll(task, seats, false);
    const { claimsUntil = 0 } = await panelNow(task);
    await goTo(claimsUntil + 30);
    await work.looked();
    expect(work.log).to.not.include("settle");
    await goTo(claimsUntil + 60);
    expect(await work.running).to.deep.equal({ outcome: "slashed", amount: task.order.bond, how: "Overturned" });
    expect(work.log.at(-1)).to.equal("settle");
  });

  it("gets its bond back, and nothing else, if the panel does not agree", async () => {
    const task = await disputed();
    const before = await stakeNow();
    const work = await start(task);
    const seats = await sit(task, ["one", "two", "three"]);
    await work.did("defended");
    await voteAll(task, seats);
    await work.looked();
    expect(work.log).to.not.include("settle");
    await goTo((await time.latest()) + 60);
    expect(await work.running).to.deep.equal({ outcome: "lost", reason: "its panel did not agree" });
    expect([await stateOf(task), await stakeNow()]).to.deep.equal([State.Refunded, before]);
  });

  it("loses its bond if it was away when it should have opened", async () => {
    const task = await disputed();
    const { sealsUntil = 0 } = await panelNow(task);
    await goTo(sealsUntil + WINDOWS.openProvider + 1);
    const work = await start(task);
    await work.looked();
    expect(work.log).to.deep.equal([]);
    await goTo(sealsUntil + WINDOWS.openProvider + WINDOWS.open + 60);
    expect(await work.running).to.deep.equal({ outcome: "slashed", amount: task.order.bond, how: "Unanswered" });
  });

  it("opens at once where the panel judges its output", async () => {
    const task = await disputed({ source: 2 });
    const work = await start(task);
    await work.did("defended");
    const { judged, revealedAt, sealsFrom } = await panelNow(task);
    expect([judged, sealsFrom]).to.deep.equal([true, revealedAt]);
  });

  it("tries again until its opening is on chain", async () => {
    const task = await disputed();
    const { openDelivery, settle, ...chain } = chainEffects(await protocolOf(panel, panel.agent), 1);
    let failures = 3;
    const work = await start(task, {
      effects: {
        ...{ deliver: chain.deliver, deliverAndDisclose: chain.deliverAndDisclose, disclose: chain.disclose, settle },
        send: () => Promise.resolve(),
        openDelivery: (debt) => (failures-- > 0 ? Promise.reject(new Error("no answer")) : openDelivery(debt)),
      },
    });
    await sit(task, ["truth", "truth", "truth"]);
    await work.did("defended");
    expect(work.troubles).to.deep.equal(Array(3).fill("opening the delivery: no answer"));
  });

  it("goes on at every point after a restart, and opens once", async () => {
    const task = await disputed();
    const debts = memoryDebts();
    let seats: Sealed[] = [];
    const phases: [what: string, act: () => Promise<unknown>, does: string[]][] = [
      ["while the panel seals", () => Promise.resolve(), []],
      ["when it has sealed", async () => (seats = await sit(task, ["truth", "truth", "truth"])), ["openDelivery"]],
      ["while it votes", () => voteAll(task, seats.slice(1)), []],
    ];
    for (const [what, act, does] of phases) {
      await act();
      const work = await start(task, { debts, underway: true });
      await work.looked();
      await until(`what it does ${what}`, () => does.every((one) => work.log.includes(one)));
      await work.looked();
      await work.stop();
      expect([work.log.filter((one) => one !== "defended"), await debts.open()], what).to.deep.equal([
        does,
        [task.debt],
      ]);
    }
    await voteAll(task, seats.slice(0, 1));
    const last = await start(task, { debts, underway: true });
    expect(await last.running).to.deep.equal({ outcome: "paid", price: task.price });
    expect([last.log, await debts.open()]).to.deep.equal([["settle"], []]);
  });

  it("learns what it came to if it was away when the dispute ended", async () => {
    const task = await disputed({}, (of) => workOf(of, 1, "a lie"));
    const first = await start(task);
    const seats = await sit(task, ["truth", "truth", "truth"]);
    await first.did("defended");
    await first.stop();
    await voteAll(task, seats);
    await panel.taskManager.connect(panel.client).accept(task.packed);
    expect(await stateOf(task)).to.equal(State.Settled);
    const again = await start(task, { underway: true });
    const { bond: amount } = task.order;
    expect(await again.running).to.deep.equal({ outcome: "slashed", amount, how: "Overturned" });
  });

  it("owes nothing of a disputed delivery that is another's", async () => {
    const task = await disputed();
    const work = await start({ ...task, debt: workOf(task, 2) });
    expect(await work.running).to.deep.equal({ outcome: "lost", reason: "the task is Round" });
    const own = await start({ ...task, debt: workOf(task, 1, "another") });
    expect(await own.running).to.deep.equal({ outcome: "lost", reason: "the task is Round" });
  });

  it("forgets the debt only when so many blocks stand on the end of the dispute", async () => {
    const task = await disputed();
    const work = await start(task, { confirmations: 3 });
    const seats = await sit(task, ["truth", "truth", "truth"]);
    await work.did("defended");
    await voteAll(task, seats);
    await work.did("settle");
    await work.looked();
    expect([work.isOver(), (await work.debts.open()).length]).to.deep.equal([false, 1]);
    await networkHelpers.mine(2);
    expect(await work.running).to.deep.equal({ outcome: "paid", price: task.price });
  });

  it("is paid after the review period if there is no dispute", async () => {
    const task = await disclosedWork(panel);
    expect(task.order.trust).to.equal(TRUST);
    const work = await start(task);
    await goTo((await time.latest()) + REVIEW + 2);
    expect(await work.running).to.deep.equal({ outcome: "paid", price: task.price });
  });
});
