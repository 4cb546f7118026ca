import { expect } from "chai";
import { toUtf8Bytes } from "ethers";
import { digestOf } from "../../../src/content/digest.js";
import { MIN_WEIGHT } from "../../../src/protocol/consensus.js";
import { sealEnvelope } from "../../../src/protocol/envelope.js";
import type { SigningProtocol } from "../../../src/protocol/protocol.js";
import { RevertError } from "../../../src/protocol/reverts.js";
import { readRound } from "../../../src/protocol/round.js";
import { type Debt, memoryDebts } from "../../../src/provider/debts.js";
import { drawFor } from "../../../src/provider/draws.js";
import { chainEffects } from "../../../src/provider/effects.js";
import { honourSeat, type SeatOptions } from "../../../src/provider/honourSeat.js";
import { createOutputs } from "../../../src/provider/outputs.js";
import { rejection } from "../../helpers/caught.js";
import { until as holdsSoon } from "../../helpers/holders.js";
import { State } from "../../helpers/manager.js";
import { loadFixture, networkHelpers, time } from "../../helpers/network.js";
import { protocolOf } from "../../helpers/protocol.js";
import {
  everybodyEnters,
  fillPool,
  openSeat,
  ownerOf,
  type Panel,
  postRound,
  type RoundTask,
  type Sealed,
  seatMember,
} from "../../helpers/rounds.js";
import { CAP, deployMarket, WINDOWS } from "../../helpers/suite.js";
import { counting, hearing, noting, underWay } from "../../helpers/underWay.js";

const OUTPUT = toUtf8Bytes("output");
const GRACE = 1_200;
/** What an opener loses of its lock in a round without agreement. */
const DISCORD = (CAP * 500n) / 10_000n;

const deployFive = async () => fillPool(await deployMarket(), 5);

describe("provider.honourSeat", () => {
  let panel: Panel;
  let task: RoundTask;
  let protocol: SigningProtocol;
  /** Unix time of the chain, as far as the test has looked. */
  let now = 0;
  const stops: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    panel = await loadFixture(deployFive);
    // The clock leaps with the first block after a fixture.
    await networkHelpers.mine();
    task = await postRound(panel);
    protocol = await protocolOf(panel, panel.agent);
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
    await time.increaseTo(second);
    now = await time.latest();
  };
  const pass = async (seconds: number) => goTo((await time.latest()) + seconds);
  const roundNow = () => readRound(protocol, task.order);
  const debtOf = (provider = 1n, output = OUTPUT): Debt => {
    const { taskId, order } = task;
    const context = { taskId, provider: Number(provider) };
    const sealed = sealEnvelope(context, order.clientKey, { resultDigest: digestOf(output), location: "here" });
    return { ...context, order, sealed };
  };

  type SeatEffects = Omit<SeatOptions["effects"], "holds">;
  type Changes = Partial<Omit<SeatOptions, "effects">> & { effects?: Partial<SeatEffects>; made?: string };
  /** Honours a debt; what it does to the world can be replaced, all else is noted. */
  const start = async (debt: Debt, { effects: changes = {}, made = "output", ...options }: Changes = {}) => {
    const owner = debt.provider === 1 ? panel.agent : ownerOf(panel, BigInt(debt.provider));
    const { protocol: own, looks } = counting(await protocolOf(panel, owner));
    const log: string[] = [];
    const { told, troubles, ears } = hearing();
    const shown: { output: Uint8Array; decided: boolean; hasWon: boolean }[] = [];
    const sent: string[] = [];
    const noted = noting(log);
    const chain = chainEffects(own, debt.provider);
    const effects: SeatEffects = {
      takeSeat: chain.takeSeat,
      openSeat: chain.openSeat,
      openVote: chain.openVote,
      claimSeat: chain.claimSeat,
      settle: chain.settle,
      publish: async (output) => {
        const { decided, winner, outcomes, seats } = await roundNow();
        const seat = seats.findIndex((one) => one.provider === debt.provider);
        shown.push({ output, decided, hasWon: winner !== undefined && outcomes[seat] === "Paid" });
        return "here";
      },
      send: (_order, envelope) => {
        sent.push(envelope);
        return Promise.resolve();
      },
      ...changes,
    };
    let performed = 0;
    const outputs = createOutputs({
      perform: () => {
        performed++;
        return Promise.resolve(toUtf8Bytes(made));
      },
    });
    const debts = options.debts ?? memoryDebts();
    await debts.incur(debt);
    const work = underWay(
      (signal) =>
        honourSeat(debt, {
          ...{ protocol: own, debts, outputs, from: 0, grace: GRACE, clock: () => now },
          effects: {
            takeSeat: noted("takeSeat", effects.takeSeat),
            openSeat: noted("openSeat", effects.openSeat),
            openVote: noted("openVote", effects.openVote),
            claimSeat: noted("claimSeat", effects.claimSeat),
            publish: noted("publish", effects.publish),
            send: noted("send", effects.send),
            settle: noted("settle", effects.settle),
          },
          ...ears,
          ...options,
          signal,
        }),
      { log, looks, until },
    );
    stops.push(work.stop);
    return {
      ...work,
      ...{ log, told, troubles, shown, sent, debts, outputs },
      performed: () => performed,
    };
  };
  type Seat = Awaited<ReturnType<typeof start>>;

  /** Other members sit, one for each output. */
  const sit = async (outputs: readonly string[]): Promise<Sealed[]> => {
    const others = [...panel.members.keys()].slice(1);
    const seats: Sealed[] = [];
    for (const [index, output] of outputs.entries()) {
      seats.push(await seatMember(panel, task, others[index] ?? 0n, { output }));
    }
    now = await time.latest();
    return seats;
  };
  const openAll = async (seats: readonly Sealed[]) => {
    for (const sealed of seats) await openSeat(panel, task, sealed);
  };
  /** What an earlier run did. */
  const sitByHand = ({ provider, sealed }: Debt) =>
    panel.taskManager.connect(panel.agent).takeSeat(task.packed, provider, MIN_WEIGHT, sealed.seal);
  const openByHand = ({ taskId, sealed: { resultDigest, salt, envelopeHash } }: Debt) =>
    panel.taskManager.connect(panel.agent).openSeat(taskId, 0, resultDigest, salt, envelopeHash);
  /** The provider has a seat, others have the rest, and all is opened. */
  const decided = async (seat: Seat, outputs: readonly string[]) => {
    await seat.did("takeSeat");
    const others = await sit(outputs);
    await seat.did("openSeat");
    await openAll(others);
    return others;
  };
  const accept = () => panel.taskManager.connect(panel.client).accept(task.packed);
  const stakeOf = async (provider = 1n) => (await panel.providerPool.getProvider(provider)).stake;
  const stateNow = async () => (await panel.taskManager.getTask(task.taskId)).state;

  it("sits, opens when sealing is over, publishes and sends once it has won and no sooner, and is paid", async () => {
    await everybodyEnters(task);
    const debt = debtOf();
    const seat = await start(debt);
    await seat.did("takeSeat");
    expect(seat.told).to.deep.equal(["seat 0 with 2"]);
    await seat.looked();
    const [second, third] = await sit(["output", "output"]);
    await seat.did("openSeat");
    expect(seat.told).to.deep.equal(["seat 0 with 2", "opened 0"]);
    if (second === undefined || third === undefined) throw new Error("nobody sits");
    for (const sealed of [second, third]) {
      await seat.looked();
      expect([seat.shown, seat.sent]).to.deep.equal([[], []]);
      await openSeat(panel, task, sealed);
    }
    await seat.did("send");
    expect(seat.log).to.deep.equal(["takeSeat", "openSeat", "publish", "send"]);
    expect(seat.shown).to.deep.equal([{ output: OUTPUT, decided: true, hasWon: true }]);
    expect(seat.sent).to.deep.equal([debt.sealed.envelope]);
    await accept();
    expect(await seat.running).to.deep.equal({ outcome: "paid", price: CAP });
    expect(await seat.debts.open()).to.deep.equal([]);
    expect(seat.troubles).to.deep.equal([]);
  });

  it("waits for its turn, and sits when that has come", async () => {
    const draws = await Promise.all(
      [...panel.members.keys()].slice(1).map(async (provider) => {
        const draw = await drawFor(protocol, Number(provider), task, { slots: 1 });
        return { provider, entry: draw?.entry ?? 0 };
      }),
    );
    const [last] = draws.sort((a, b) => b.entry - a.entry);
    if (last === undefined) throw new Error("nobody is drawn");
    const seat = await start(debtOf(last.provider));
    await seat.looked();
    await goTo(last.entry - 5);
    await seat.looked();
    expect([seat.log, seat.isOver(), await stateNow()]).to.deep.equal([[], false, State.Open]);
    await goTo(last.entry);
    await seat.did("takeSeat");
    expect((await roundNow()).seats.map(({ provider }) => provider)).to.deep.equal([Number(last.provider)]);
  });

  it("opens at once when the deadline ends sealing, and publishes when the last seal is opened", async () => {
    await everybodyEnters(task);
    const seat = await start(debtOf());
    await seat.did("takeSeat");
    const others = await sit(["output"]);
    await goTo(task.order.deadline);
    await seat.looked();
    expect(seat.log).to.deep.equal(["takeSeat"]);
    await goTo(task.order.deadline + 1);
    await seat.did("openSeat");
    await openAll(others);
    await seat.did("send");
    await accept();
    expect(await seat.running).to.deep.equal({ outcome: "paid", price: CAP });
  });

  it("does not publish before the time for openings is over if somebody never opens", async () => {
    await everybodyEnters(task);
    const seat = await start(debtOf());
    await seat.did("takeSeat");
    const [second] = await sit(["output", "output"]);
    await seat.did("openSeat");
    await openAll(second === undefined ? [] : [second]);
    const { opensUntil = 0 } = await roundNow();
    await goTo(opensUntil);
    await seat.looked();
    expect([seat.shown, seat.sent]).to.deep.equal([[], []]);
    await goTo(opensUntil + 1);
    await seat.did("send");
    expect(seat.shown).to.deep.equal([{ output: OUTPUT, decided: true, hasWon: true }]);
  });

  describe("when the client is silent", () => {
    it("claims after the grace, and ends the round when the time for claims is over", async () => {
      await everybodyEnters(task);
      const seat = await start(debtOf());
      const [, second = 0n] = panel.members.keys();
      await decided(seat, ["output", "other"]);
      await seat.did("send");
      const { claimsUntil = 0 } = await roundNow();
      await pass(GRACE - 60);
      await seat.looked();
      expect(seat.log).to.not.include("claimSeat");
      await pass(61);
      await seat.did("claimSeat");
      // It was the only winner beside one that never shows its envelope.
      await goTo(claimsUntil + 5);
      await seat.looked();
      expect(seat.isOver()).to.equal(false);
      await goTo(claimsUntil + 11);
      expect(await seat.running).to.deep.equal({ outcome: "paid", price: CAP });
      expect(seat.log).to.deep.equal(["takeSeat", "openSeat", "publish", "send", "claimSeat", "settle"]);
      expect((await panel.reputation.getRecord(second)).faults).to.equal(1n);
    });

    it("is paid with the last claim, if all winners claim", async () => {
      await everybodyEnters(task);
      const seat = await start(debtOf());
      const [second] = await decided(seat, ["output", "other"]);
      await seat.did("send");
      await pass(GRACE + 1);
      await seat.did("claimSeat");
      await panel.taskManager.connect(panel.stranger).claimSeat(task.packed, 1, second?.envelope ?? "");
      expect(await seat.running).to.deep.equal({ outcome: "paid", price: CAP });
      expect(seat.log).to.not.include("settle");
    });

    it("claims in time however long the grace", async () => {
      await everybodyEnters(task);
      const seat = await start(debtOf(), { grace: 10 * WINDOWS.claim });
      await decided(seat, ["output", "output"]);
      await seat.did("send");
      const { claimsUntil = 0 } = await roundNow();
      await pass(WINDOWS.claim / 2 - 60);
      await seat.looked();
      expect(seat.log).to.not.include("claimSeat");
      await pass(61);
      await seat.did("claimSeat");
      expect(now).to.be.lessThan(claimsUntil);
    });

    it("claims though nobody takes the envelope, but not without an output that can be fetched", async () => {
      await everybodyEnters(task);
      let isAway = true;
      const seat = await start(debtOf(), {
        effects: {
          publish: () => (isAway ? Promise.reject(new Error("the store is away")) : Promise.resolve("here")),
          send: () => Promise.reject(new Error("the inbox is away")),
        },
      });
      await decided(seat, ["output", "output"]);
      await until("the trouble", () => seat.troubles.length > 0);
      await pass(GRACE + 1);
      await seat.looked();
      expect(seat.log).to.deep.equal(["takeSeat", "openSeat"]);
      expect(new Set(seat.troubles)).to.deep.equal(new Set(["publishing: the store is away"]));
      isAway = false;
      await seat.did("claimSeat");
      expect(seat.log).to.deep.equal(["takeSeat", "openSeat", "publish", "claimSeat"]);
      expect(seat.troubles.at(-1)).to.equal("sending the envelope: the inbox is away");
    });

    it("hands over again and again until the client has the envelope", async () => {
      await everybodyEnters(task);
      let failures = 3;
      const seat = await start(debtOf(), {
        effects: { send: () => (failures-- > 0 ? Promise.reject(new Error("not now")) : Promise.resolve()) },
      });
      await decided(seat, ["output", "output"]);
      await seat.did("send");
      expect(seat.troubles).to.deep.equal(Array(3).fill("sending the envelope: not now"));
      expect(seat.log.filter((what) => what === "publish")).to.have.length(1);
    });
  });

  describe("when it has not won", () => {
    it("shows nothing, ends a round without agreement after a while, and loses a part of its lock", async () => {
      await everybodyEnters(task);
      const before = await stakeOf();
      const seat = await start(debtOf());
      await decided(seat, ["one", "two"]);
      await seat.looked();
      expect(seat.log).to.deep.equal(["takeSeat", "openSeat"]);
      await pass(11);
      expect(await seat.running).to.deep.equal({ outcome: "slashed", amount: DISCORD, how: "Disputed" });
      expect(seat.log).to.deep.equal(["takeSeat", "openSeat", "settle"]);
      expect([await stateNow(), before - (await stakeOf())]).to.deep.equal([State.Refunded, DISCORD]);
      expect([seat.shown, seat.sent, await seat.debts.open()]).to.deep.equal([[], [], []]);
    });

    it("leaves the end to those that sit before it, for ten seconds each", async () => {
      await everybodyEnters(task);
      const others = await sit(["one", "two"]);
      const seat = await start(debtOf());
      await seat.did("openSeat");
      expect(seat.told).to.deep.equal(["seat 2 with 2", "opened 2"]);
      await openAll(others);
      await seat.looked();
      await pass(25);
      await seat.looked();
      expect(seat.log).to.not.include("settle");
      await pass(10);
      expect(await seat.running).to.include({ outcome: "slashed", how: "Disputed" });
      expect(seat.log).to.include("settle");
    });

    it("loses all of its lock if it was wrong, and does not show what it has", async () => {
      await everybodyEnters(task);
      const seat = await start(debtOf());
      await decided(seat, ["other", "other"]);
      await pass(GRACE + 1);
      await seat.looked();
      expect([seat.shown, seat.sent]).to.deep.equal([[], []]);
      expect(seat.log).to.deep.equal(["takeSeat", "openSeat"]);
      await accept();
      expect(await seat.running).to.deep.equal({ outcome: "slashed", amount: CAP, how: "Wrong" });
      expect(await seat.debts.open()).to.deep.equal([]);
    });

    it("ends a round of which the winners neither claimed nor were accepted", async () => {
      await everybodyEnters(task);
      const seat = await start(debtOf());
      await decided(seat, ["other", "other"]);
      const { claimsUntil = 0 } = await roundNow();
      await goTo(claimsUntil + 12);
      expect(await seat.running).to.deep.equal({ outcome: "slashed", amount: CAP, how: "Wrong" });
      expect(await stateNow()).to.equal(State.Refunded);
    });

    it("loses all of it if it was away while seals could be opened", async () => {
      await everybodyEnters(task);
      const debt = debtOf();
      await sitByHand(debt);
      await openAll(await sit(["output", "output"]));
      const { opensUntil = 0 } = await roundNow();
      await goTo(opensUntil + 1);
      const seat = await start(debt);
      await seat.looked();
      expect(seat.log).to.deep.equal([]);
      await accept();
      expect(await seat.running).to.deep.equal({ outcome: "slashed", amount: CAP, how: "Unopened" });
    });

    it("loses nothing if nobody else sits", async () => {
      await everybodyEnters(task);
      const before = await stakeOf();
      const seat = await start(debtOf());
      await seat.did("takeSeat");
      await goTo(task.order.deadline + 1);
      await seat.looked();
      await pass(12);
      expect(await seat.running).to.deep.equal({ outcome: "lost", reason: "the task is Refunded" });
      expect(seat.log.at(-1)).to.equal("settle");
      expect([await stateNow(), await stakeOf()]).to.deep.equal([State.Refunded, before]);
      expect((await panel.providerPool.getProvider(1)).locked).to.equal(2n * 10n ** 17n);
    });
  });

  describe("when it gets no seat", () => {
    it("tells that all seats are taken, and forgets the debt and its output", async () => {
      await everybodyEnters(task);
      await sit(["output", "output", "output"]);
      const debt = debtOf();
      const seat = await start(debt);
      seat.outputs.keep(task.taskId, OUTPUT);
      expect(await seat.running).to.deep.equal({ outcome: "lost", reason: "all seats are taken" });
      expect([seat.log, await seat.debts.open()]).to.deep.equal([[], []]);
      await seat.outputs.of(debt, new AbortController().signal);
      expect(seat.performed()).to.equal(1);
    });

    it("tells that the deadline is over", async () => {
      await goTo(task.order.deadline + 1);
      const seat = await start(debtOf());
      expect(await seat.running).to.deep.equal({ outcome: "lost", reason: "its deadline is over" });
    });

    it("tells why it is refused for good", async () => {
      await everybodyEnters(task);
      await panel.providerPool.connect(panel.providerOwner).leavePool(1, 1);
      const seat = await start(debtOf());
      const end = await seat.running;
      expect(end.outcome === "lost" && end.reason).to.match(/^Provider 1 .*\.$/);
      expect(await seat.debts.open()).to.deep.equal([]);
    });

    for (const [revert, args] of [
      ["WeightOutOfBounds", { provider: 1n, weight: 5n, minimum: 2n, maximum: 4n }],
      ["SeedNotReady", { taskId: `0x${"11".repeat(32)}`, seedBlock: 9n, blockNumber: 8n }],
      ["WrongState", { taskId: `0x${"11".repeat(32)}`, state: 5n }],
    ] as const) {
      it(`tries again after ${revert}, which passes`, async () => {
        await everybodyEnters(task);
        const { takeSeat } = chainEffects(protocol, 1);
        let tries = 0;
        const seat = await start(debtOf(), {
          effects: {
            takeSeat: (debt) => (++tries < 3 ? Promise.reject(new RevertError(revert, args, "")) : takeSeat(debt)),
          },
        });
        await seat.did("takeSeat");
        expect([tries, seat.troubles]).to.deep.equal([3, []]);
      });
    }
  });

  describe("whose seal may be on its way", () => {
    const refusal = () => new RevertError("InsufficientStake", { provider: 1n, free: 0n, needed: 1n }, "");

    it("keeps the debt though it would be refused now, and goes on when the seal arrives", async () => {
      await everybodyEnters(task);
      const { takeSeat } = chainEffects(protocol, 1);
      let tries = 0;
      const debt = debtOf();
      const seat = await start(debt, {
        effects: { takeSeat: () => Promise.reject(++tries === 1 ? new Error("no answer") : refusal()) },
      });
      await until("three tries", () => tries >= 3);
      expect(seat.isOver()).to.equal(false);
      expect(seat.troubles).to.deep.equal(["taking a seat: no answer"]);
      await takeSeat(debt);
      const others = await sit(["output", "output"]);
      await seat.did("openSeat");
      await openAll(others);
      await seat.did("send");
      await accept();
      expect((await seat.running).outcome).to.equal("paid");
    });

    it("does so from the start after a restart", async () => {
      await everybodyEnters(task);
      let tries = 0;
      const takeSeat = () => {
        tries++;
        return Promise.reject(refusal());
      };
      const seat = await start(debtOf(), { underway: true, effects: { takeSeat } });
      await until("three tries", () => tries >= 3);
      await sit(["output", "output", "output"]);
      expect(await seat.running).to.deep.equal({ outcome: "lost", reason: "all seats are taken" });
    });

    it("gives up at the first refusal if it was never sent", async () => {
      await everybodyEnters(task);
      const seat = await start(debtOf(), { effects: { takeSeat: () => Promise.reject(refusal()) } });
      expect(await seat.running).to.deep.equal({ outcome: "lost", reason: refusal().message });
    });
  });

  describe("started anew", () => {
    it("goes on at every point, makes its output once more, and takes no second seat", async () => {
      await everybodyEnters(task);
      const debt = debtOf();
      const debts = memoryDebts();
      let others: Sealed[] = [];
      const phases: [what: string, act: () => Promise<unknown>, does: string[]][] = [
        ["before it sits", () => Promise.resolve(), ["takeSeat"]],
        ["while seals are taken", async () => (others = await sit(["output", "output"])), ["openSeat"]],
        ["when its seal is opened", () => openAll(others), ["publish", "send"]],
        ["when the output is shown", () => Promise.resolve(), ["publish", "send", "claimSeat"]],
        ["when it has claimed", accept, []],
      ];
      for (const [index, [what, act, does]] of phases.entries()) {
        if (index > 0) await act();
        const seat = await start(debt, { debts, underway: index > 0 });
        if (does.includes("claimSeat")) {
          await seat.did("send");
          await pass(GRACE + 1);
        }
        if (does.length > 0) {
          await until(`what it does ${what}`, () => does.every((one) => seat.log.includes(one)));
          await seat.looked();
          await seat.stop();
          expect(await debts.open(), what).to.have.length(1);
        } else expect(await seat.running).to.deep.equal({ outcome: "paid", price: CAP });
        expect(seat.log, what).to.deep.equal(does);
        expect(seat.performed(), what).to.equal(does.includes("publish") ? 1 : 0);
        expect(
          seat.shown.every(({ hasWon }) => hasWon),
          what,
        ).to.equal(true);
      }
      expect(await debts.open()).to.deep.equal([]);
    });

    it("finds an old verdict, and does not let the time for claims pass by", async () => {
      await everybodyEnters(task);
      const debt = debtOf();
      await sitByHand(debt);
      const others = await sit(["output", "output"]);
      await openByHand(debt);
      await openAll(others);
      const { claimsUntil = 0 } = await roundNow();
      await goTo(claimsUntil - GRACE / 2);
      const seat = await start(debt, { underway: true });
      await seat.did("claimSeat");
      expect(seat.log).to.deep.equal(["publish", "send", "claimSeat"]);
    });

    it("does not show an output that is another one now, and is paid all the same", async () => {
      await everybodyEnters(task);
      const seat = await start(debtOf(), { made: "another" });
      await decided(seat, ["output", "output"]);
      await until("the trouble", () => seat.troubles.length > 0);
      expect(seat.troubles[0]).to.match(/^publishing: .*not deterministic\.$/);
      expect([seat.shown, seat.sent]).to.deep.equal([[], []]);
      await accept();
      expect((await seat.running).outcome).to.equal("paid");
    });
  });

  it("forgets the debt only when so many blocks stand on what ends it", async () => {
    await everybodyEnters(task);
    const seat = await start(debtOf(), { confirmations: 3 });
    await decided(seat, ["output", "output"]);
    await seat.did("send");
    await accept();
    await seat.looked();
    expect([seat.isOver(), (await seat.debts.open()).length]).to.deep.equal([false, 1]);
    await networkHelpers.mine(2);
    expect(await seat.running).to.deep.equal({ outcome: "paid", price: CAP });
    expect(await seat.debts.open()).to.deep.equal([]);
  });

  it("ends by its signal with the reason, and leaves the debt", async () => {
    await everybodyEnters(task);
    const seat = await start(debtOf());
    await seat.did("takeSeat");
    const reason = new Error("enough");
    await seat.stop(reason);
    expect(await rejection(seat.running)).to.equal(reason);
    expect(await seat.debts.open()).to.have.length(1);
  });
});
