import { expect } from "chai";
import { toUtf8Bytes } from "ethers";
import { ContentNotFoundError, ContentTooLargeError, StoreError } from "../../../src/content/errors.js";
import { memoryStore } from "../../../src/content/store.js";
import { readPanel } from "../../../src/protocol/panel.js";
import { type Debt, memoryDebts } from "../../../src/provider/debts.js";
import { chainEffects, type Effects } from "../../../src/provider/effects.js";
import { honourSeat, type SeatOptions } from "../../../src/provider/honourSeat.js";
import { createOutputs } from "../../../src/provider/outputs.js";
import { holdsOutput } from "../../../src/provider/perform.js";
import type { OpenedSource } from "../../../src/provider/source.js";
import { deployPanel, everybodySits, sitOn, vote, votesUntil } from "../../helpers/disputes.js";
import { until as holdsSoon } from "../../helpers/holders.js";
import { State } from "../../helpers/manager.js";
import { loadFixture, networkHelpers, time } from "../../helpers/network.js";
import {
  disclosedWork,
  type DisclosedWork,
  disputeWork,
  panelWorkOf,
  withEnvelope,
  withRubbish,
  workOf,
} from "../../helpers/panelWork.js";
import { rejection } from "../../helpers/caught.js";
import { protocolOf } from "../../helpers/protocol.js";
import { ownerOf, type Panel, type Sealed } from "../../helpers/rounds.js";
import { random32, WINDOWS } from "../../helpers/suite.js";
import { counting, hearing, noting, underWay } from "../../helpers/underWay.js";

const GRACE = 1_200;
const OUTPUT = toUtf8Bytes("truth");

describe("provider.honourSeat in a panel", () => {
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

  type Holds = NonNullable<Effects["holds"]>;
  interface Changes extends Partial<Omit<SeatOptions, "effects">> {
    holds?: Holds;
  }
  /** Honours a seat of a member. */
  const start = async (debt: Debt, { holds = () => Promise.resolve(true), ...options }: Changes = {}) => {
    const { protocol: own, looks } = counting(await protocolOf(panel, ownerOf(panel, BigInt(debt.provider))));
    const log: string[] = [];
    const { told, troubles, ears } = hearing();
    const asked: string[] = [];
    const noted = noting(log);
    const chain = chainEffects(own, debt.provider);
    const debts = options.debts ?? memoryDebts();
    await debts.incur(debt);
    const work = underWay(
      (signal) =>
        honourSeat(debt, {
          ...{ protocol: own, debts, from: 0, grace: GRACE, clock: () => now },
          outputs: createOutputs({ perform: () => Promise.resolve(OUTPUT) }),
          effects: {
            takeSeat: noted("takeSeat", chain.takeSeat),
            openSeat: noted("openSeat", chain.openSeat),
            openVote: async (of, seat, available) => {
              await chain.openVote(of, seat, available);
              log.push(`openVote ${available}`);
            },
            holds: (order, digest, signal) => {
              asked.push(digest);
              return holds(order, digest, signal);
            },
            claimSeat: noted("claimSeat", chain.claimSeat),
            publish: noted("publish", () => Promise.resolve("here")),
            send: noted("send", () => Promise.resolve()),
            settle: noted("settle", chain.settle),
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
      ...{ log, told, troubles, asked, debts },
    };
  };

  const disputed = async (made?: Parameters<typeof disclosedWork>[2]) => {
    const task = await disclosedWork(panel, {}, made);
    await disputeWork(panel, task);
    await everybodySits(panel, task);
    now = await time.latest();
    return task;
  };
  /** Other members sit, after provider 2, and sealing is over with the second of them. */
  const sit = async (task: DisclosedWork, outputs: readonly string[]): Promise<Sealed[]> => {
    const seats: Sealed[] = [];
    for (const [index, output] of outputs.entries()) {
      seats.push(await sitOn(panel, task, BigInt(index + 3), { output, weight: 2 }));
    }
    return seats;
  };
  const voteAll = async (task: DisclosedWork, seats: readonly Sealed[], available = true) => {
    for (const seat of seats) await vote(panel, task, seat, { available });
  };
  /** The disputed provider opens. */
  const reveal = async ({ packed, debt }: DisclosedWork, envelopeSecret = debt.sealed.envelopeSecret) => {
    const { resultDigest, salt, envelopeHash } = debt.sealed;
    await panel.taskManager.connect(panel.agent).openDelivery(packed, resultDigest, salt, envelopeHash, envelopeSecret);
    now = await time.latest();
  };
  const panelNow = async ({ order }: DisclosedWork) => readPanel(await protocolOf(panel, panel.stranger), order);
  /** Provider 2 has a seat from an earlier run, and others the next ones. */
  const seated = async (task: DisclosedWork, outputs: readonly string[], changes: Changes = {}, output = "truth") => {
    const debt = panelWorkOf(task, 2, output);
    await panel.taskManager.connect(ownerOf(panel, 2n)).takeSeat(task.packed, 2, 2, debt.sealed.seal);
    const others = await sit(task, outputs);
    return { debt, others, seat: await start(debt, { underway: true, ...changes }) };
  };

  it("sits, waits for the opening, votes that it can be read, and is paid when the delivery is upheld", async () => {
    const task = await disputed();
    const { price } = task;
    const seat = await start(panelWorkOf(task, 2));
    await seat.did("takeSeat");
    expect(seat.told[0]).to.match(/^seat 0 with \d+$/);
    const others: Sealed[] = [];
    for (const provider of [3n, 4n]) {
      if ((await panelNow(task)).sealedAt === undefined) others.push(await sitOn(panel, task, provider));
    }
    await seat.looked();
    expect([seat.log, seat.asked]).to.deep.equal([["takeSeat"], []]);
    await reveal(task);
    await seat.did("openVote true");
    expect(seat.told.at(-1)).to.equal("opened 0");
    expect(seat.asked).to.deep.equal([task.debt.sealed.resultDigest]);
    await voteAll(task, others);
    await seat.looked();
    // First the affair of who is paid by it.
    expect(seat.log).to.not.include("settle");
    await goTo(now + 15);
    expect(await seat.running).to.deep.equal({ outcome: "paid", price });
    expect(seat.log).to.deep.equal(["takeSeat", "openVote true", "settle"]);
    expect([await seat.debts.open(), seat.troubles]).to.deep.equal([[], []]);
  });

  describe("votes that the envelope cannot be read", () => {
    const cases: [what: string, made: ((of: Pick<Debt, "taskId" | "order">) => Debt) | undefined, secret?: string][] = [
      ["if it is rubbish", (of) => withRubbish(workOf(of, 1))],
      ["if it was made with another key than is shown", undefined, random32()],
      [
        "if it holds another salt than was sealed",
        (of) => {
          const [debt, other] = [workOf(of, 1), workOf(of, 1)];
          const { envelope } = other.sealed;
          return withEnvelope(debt, envelope, other.sealed.envelopeSecret);
        },
      ],
      [
        "if it holds another digest than was sealed",
        (of) => {
          const [debt, other] = [workOf(of, 1), workOf(of, 1, "a lie")];
          return withEnvelope(debt, other.sealed.envelope, other.sealed.envelopeSecret);
        },
      ],
    ];
    for (const [what, made, secret] of cases) {
      it(what, async () => {
        const task = await disputed(made);
        const { seat } = await seated(task, ["truth", "truth"]);
        await reveal(task, secret);
        await seat.did("openVote false");
        expect([seat.asked, seat.troubles]).to.deep.equal([[], []]);
        expect((await panelNow(task)).seats[0]).to.include({ unavailable: true });
      });
    }

    it("if its output is not in the store", async () => {
      const task = await disputed();
      const { seat } = await seated(task, ["truth", "truth"], { holds: () => Promise.resolve(false) });
      await reveal(task);
      await seat.did("openVote false");
      expect(seat.asked).to.deep.equal([task.debt.sealed.resultDigest]);
    });

    it("if the delivery was never opened", async () => {
      const task = await disputed();
      const { seat } = await seated(task, ["truth", "truth"]);
      const { revealUntil = 0 } = await panelNow(task);
      await goTo(revealUntil);
      await seat.looked();
      expect(seat.log).to.deep.equal([]);
      await goTo(revealUntil + 1);
      await seat.did("openVote false");
      expect(seat.asked).to.deep.equal([]);
    });

    it("if the store is away until shortly before the end, and no sooner", async () => {
      const task = await disputed();
      const holds = () => Promise.reject(new Error("the store is away"));
      const { seat } = await seated(task, ["truth", "truth"], { holds });
      await reveal(task);
      await until("three tries", () => seat.asked.length >= 3);
      const end = await votesUntil(panel, task);
      await goTo(end - 320);
      await seat.looked();
      expect([seat.log, new Set(seat.troubles)]).to.deep.equal([
        [],
        new Set(["looking at the disputed delivery: the store is away"]),
      ]);
      await goTo(end - 299);
      await seat.did("openVote false");
    });
  });

  it("asks a store that is away again, and votes when it answers", async () => {
    const task = await disputed();
    let failures = 3;
    const holds = () => (failures-- > 0 ? Promise.reject(new Error("not now")) : Promise.resolve(true));
    const { seat } = await seated(task, ["truth", "truth"], { holds });
    await reveal(task);
    await seat.did("openVote true");
    expect(seat.troubles).to.deep.equal(Array(3).fill("looking at the disputed delivery: not now"));
  });

  describe("when the delivery is overturned", () => {
    it("publishes, sends, claims when the client is silent, and is paid with the last claim", async () => {
      const task = await disputed((of) => workOf(of, 1, "a lie"));
      const { seat, others } = await seated(task, ["truth", "truth"]);
      await reveal(task);
      await seat.did("openVote true");
      expect(seat.log).to.deep.equal(["openVote true"]);
      await voteAll(task, others);
      await seat.did("send");
      await goTo(now + GRACE - 60);
      await seat.looked();
      expect(seat.log).to.deep.equal(["openVote true", "publish", "send"]);
      await goTo(now + 61);
      await seat.did("claimSeat");
      for (const other of others) {
        await panel.taskManager.connect(panel.stranger).claimSeat(task.packed, other.seat, other.envelope);
      }
      expect(await seat.running).to.deep.equal({ outcome: "paid", price: task.price });
      expect(seat.log).to.not.include("settle");
    });

    it("is paid what it claimed when the time for claims is over", async () => {
      const task = await disputed((of) => withRubbish(workOf(of, 1)));
      const { seat, others } = await seated(task, ["truth", "truth"]);
      await reveal(task);
      await seat.did("openVote false");
      await voteAll(task, others, false);
      await seat.did("send");
      const { claimsUntil = 0 } = await panelNow(task);
      await goTo(now + GRACE + 1);
      await seat.did("claimSeat");
      await goTo(claimsUntil + 15);
      expect(await seat.running).to.deep.equal({ outcome: "paid", price: task.price });
      expect(seat.log.at(-1)).to.equal("settle");
    });
  });

  it("loses what it locked if the panel agrees on another result, and shows nothing", async () => {
    const task = await disputed();
    const { seat, others, debt } = await seated(task, ["truth", "truth"], {}, "a lie");
    await reveal(task);
    await seat.did("openVote true");
    await voteAll(task, others);
    await seat.looked();
    await goTo(now + 15);
    const { bond: amount } = debt.order;
    expect(await seat.running).to.deep.equal({ outcome: "slashed", amount, how: "Wrong" });
    expect(seat.log).to.deep.equal(["openVote true", "settle"]);
  });

  it("gets half of the price if it sits alone", async () => {
    const task = await disputed();
    const { seat } = await seated(task, []);
    const { sealsUntil = 0 } = await panelNow(task);
    await goTo(sealsUntil + 1);
    await reveal(task);
    await seat.did("openVote true");
    await seat.looked();
    await goTo(now + 15);
    expect(await seat.running).to.deep.equal({ outcome: "paid", price: task.price / 2n });
  });

  it("loses what it locked if it was away when seats were opened", async () => {
    const task = await disputed();
    const debt = panelWorkOf(task, 2);
    await panel.taskManager.connect(ownerOf(panel, 2n)).takeSeat(task.packed, 2, 2, debt.sealed.seal);
    const others = await sit(task, ["truth", "truth"]);
    await reveal(task);
    await voteAll(task, others);
    await goTo((await votesUntil(panel, task)) + 15);
    const seat = await start(debt, { underway: true });
    const { bond: amount } = task.order;
    expect(await seat.running).to.deep.equal({ outcome: "slashed", amount, how: "Unopened" });
    expect(seat.log).to.deep.equal(["settle"]);
  });

  it("goes on at every point after a restart", async () => {
    const task = await disputed((of) => workOf(of, 1, "a lie"));
    const debt = panelWorkOf(task, 2);
    const debts = memoryDebts();
    let others: Sealed[] = [];
    const sitting = async () => {
      for (const provider of [3n, 4n]) {
        if ((await panelNow(task)).sealedAt === undefined) others.push(await sitOn(panel, task, provider));
      }
    };
    const phases: [what: string, act: () => Promise<unknown>, does: string[]][] = [
      ["before it sits", () => Promise.resolve(), ["takeSeat"]],
      ["when sealing is over", sitting, []],
      ["when the delivery is opened", () => reveal(task), ["openVote true"]],
      ["when all have voted", () => voteAll(task, others), ["publish", "send"]],
    ];
    others = [];
    for (const [index, [what, act, does]] of phases.entries()) {
      await act();
      const seat = await start(debt, { debts, underway: index > 0 });
      await until(`what it does ${what}`, () => does.every((one) => seat.log.includes(one)));
      await seat.looked();
      await seat.stop();
      expect([seat.log, await debts.open()], what).to.deep.equal([does, [debt]]);
    }
    await panel.taskManager.connect(panel.client).accept(task.packed);
    const last = await start(debt, { debts, underway: true });
    expect(await last.running).to.deep.equal({ outcome: "paid", price: task.price });
    expect([last.log, await debts.open()]).to.deep.equal([[], []]);
  });

  describe("when it gets no seat", () => {
    it("tells that all seats are taken", async () => {
      const task = await disputed();
      await sit(task, ["truth", "truth", "truth"]);
      const seat = await start(panelWorkOf(task, 2));
      expect(await seat.running).to.deep.equal({ outcome: "lost", reason: "all seats are taken" });
      expect([seat.log, await seat.debts.open()]).to.deep.equal([[], []]);
    });

    it("tells that the dispute is over", async () => {
      const task = await disputed();
      const { sealsUntil = 0 } = await panelNow(task);
      await goTo(sealsUntil + WINDOWS.openProvider + WINDOWS.open + 2);
      await panel.taskManager.connect(panel.stranger).settle(task.packed);
      const seat = await start(panelWorkOf(task, 2));
      expect(await seat.running).to.deep.equal({ outcome: "lost", reason: "the task is Refunded" });
      expect((await panel.taskManager.getTask(task.taskId)).state).to.equal(State.Refunded);
    });

    it("is refused a seat in the panel about its own delivery", async () => {
      const task = await disputed();
      const seat = await start(panelWorkOf(task, 1));
      const end = await seat.running;
      expect(end.outcome === "lost" && end.reason).to.contain("has delivered task");
    });

    it("waits for a dispute that the chain took back", async () => {
      const task = await disclosedWork(panel);
      now = await time.latest();
      const seat = await start(panelWorkOf(task, 2), { underway: true });
      await seat.looked();
      expect(seat.isOver()).to.equal(false);
      await disputeWork(panel, task);
      await everybodySits(panel, task);
      await seat.did("takeSeat");
    });
  });
});

describe("provider.holdsOutput", () => {
  const signal = new AbortController().signal;
  const order = { source: 7, version: 3 } as Debt["order"];
  const shop = (get: ReturnType<typeof memoryStore>["get"]) => {
    const asked: unknown[] = [];
    const store = {
      ...memoryStore(),
      get: (digest: string, options = {}) => {
        asked.push(digest, { ...options });
        return get(digest, options);
      },
    };
    const open = (source: number, version: number) => {
      asked.push([source, version]);
      return Promise.resolve({ limits: { output: 64 } } as OpenedSource);
    };
    return { asked, workshop: { store, open } };
  };

  it("says what the store has, and lets it send no more than an output may have", async () => {
    const digest = random32();
    const { asked, workshop } = shop(() => Promise.resolve(OUTPUT));
    expect(await holdsOutput(workshop, order, digest, signal)).to.equal(true);
    expect(asked).to.deep.equal([[7, 3], digest, { maxSize: 64, signal }]);
  });

  it("takes a store's word that it has nothing, or too much", async () => {
    for (const error of [new ContentNotFoundError(random32(), "It"), new ContentTooLargeError(random32(), 64)]) {
      const { workshop } = shop(() => Promise.reject(error));
      expect(await holdsOutput(workshop, order, random32(), signal)).to.equal(false);
    }
  });

  it("passes on that a store is away", async () => {
    const error = new StoreError(random32(), "It", "no answer");
    const { workshop } = shop(() => Promise.reject(error));
    expect(await rejection(holdsOutput(workshop, order, random32(), signal))).to.equal(error);
  });
});
