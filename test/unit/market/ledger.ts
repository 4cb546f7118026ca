import { expect } from "chai";
import type { WorkEvent } from "../../../src/client/work.js";
import { createLedger, overlaps } from "../../../src/market/run/ledger.js";
import { draftOrder } from "../../../src/protocol/order.js";
import { LOST_RACE } from "../../../src/provider/loop.js";

const CAP = 1_000n;
const START_PRICE = 400n;
const NAMES = new Map([
  [1, "one"],
  [2, "two"],
]);

/** A ledger with short ways to tell it things; tasks are parts of the picture, called by their number. */
function aLedger() {
  const ledger = createLedger((provider) => NAMES.get(provider) ?? `no. ${provider}`);
  const order = draftOrder({
    ...{ client: `0x${"c1".repeat(20)}`, source: 1, maxReward: CAP, deadline: 1 },
    inputDigest: `0x${"11".repeat(32)}`,
  });
  type Told = {
    kind:
      | "submitted"
      | "delivered"
      | "disputed"
      | "sealed"
      | "opened"
      | "decided"
      | "paid"
      | "reopened"
      | "refunded"
      | "trouble";
  };
  type Details = { provider?: number; price?: bigint; taskId?: string; executions?: number };
  return {
    ...ledger,
    client(kind: Told["kind"], part: number, at: number, details: Details = {}) {
      const said = { provider: 1, price: 700n, taskId: `${part}`, seats: 3, winners: 2, ...details };
      const told = { kind, at, part, order, startPrice: START_PRICE, reason: "", ...said } as WorkEvent;
      ledger.work(told, { client: "client 1", workload: "render", part });
    },
    tell(name: string, kind: string, part: number, at: number, reason?: string) {
      ledger.provider(name, { kind, at, taskId: `${part}`, ...(reason !== undefined && { reason }) });
    },
  };
}

describe("market.ledger", () => {
  describe("overlaps", () => {
    const span = (provider: string, from: number, to?: number) => ({ provider, from, ...(to !== undefined && { to }) });
    for (const [what, spans, expected] of [
      ["nobody", [], false],
      ["one alone", [span("one", 0, 10)], false],
      ["two after each other", [span("one", 0, 10), span("two", 20, 30)], false],
      ["two of which one begins when the other ends", [span("one", 0, 10), span("two", 10, 20)], false],
      ["the same, told in the other sequence", [span("two", 10, 20), span("one", 0, 10)], false],
      ["two that share a moment", [span("one", 0, 11), span("two", 10, 20)], true],
      ["one within the time of another", [span("two", 4, 5), span("one", 0, 10)], true],
      ["one that is not over when another begins", [span("one", 0), span("two", 1_000, 1_001)], true],
      ["one that is over before an endless one begins", [span("one", 0, 5), span("two", 6)], false],
      ["two that are not over", [span("one", 0), span("two", 7)], true],
      ["one that tries again while it still tries", [span("one", 0, 10), span("one", 5, 15)], false],
      ["the first and the last of three", [span("one", 0, 30), span("one", 31, 40), span("two", 20, 25)], true],
    ] as const) {
      it(`says ${expected ? "yes" : "no"} to ${what}`, () => {
        expect(overlaps(spans)).to.equal(expected);
      });
    }
  });

  it("counts how the market stands as its clients see it", () => {
    const book = aLedger();
    expect(book.standing()).to.deep.equal({ ordered: 0, open: 0, delivered: 0, paid: 0 });
    for (const part of [0, 1, 2, 3]) book.client("submitted", part, part);
    for (const part of [0, 1, 2]) book.client("delivered", part, 10 + part);
    for (const part of [0, 1]) book.client("paid", part, 20 + part);
    expect(book.standing()).to.deep.equal({ ordered: 4, open: 1, delivered: 1, paid: 2 });
    book.client("reopened", 2, 30);
    book.client("refunded", 3, 31);
    expect(book.standing()).to.deep.equal({ ordered: 4, open: 1, delivered: 0, paid: 2 });
  });

  it("tells of a task what its client told, at the moments it told", () => {
    const book = aLedger();
    book.client("submitted", 7, 100);
    const open = {
      ...{ taskId: "7", workload: "render", part: 7, client: "client 1", cap: CAP, state: "Open", submittedAt: 100 },
      ...{ startPrice: START_PRICE, attempts: 0, overlapped: false },
    };
    expect(book.task("7")).to.deep.equal(open);
    book.client("delivered", 7, 200, { provider: 2, price: 650n });
    const delivered = { ...open, state: "Delivered", deliveredAt: 200, price: 650n };
    expect(book.task("7")).to.deep.equal(delivered);
    book.client("trouble", 7, 250);
    expect(book.task("7")).to.deep.equal(delivered);
    book.client("paid", 7, 300, { provider: 2, price: 650n });
    expect(book.task("7")).to.deep.equal({ ...delivered, state: "Settled", paidAt: 300, winner: "two" });
    expect(book.tasks()).to.deep.equal([book.task("7")]);
  });

  it("forgets what a holder promised that failed, and tells of the one that was paid", () => {
    const book = aLedger();
    book.client("submitted", 1, 100);
    const open = book.task("1");
    book.client("delivered", 1, 200, { provider: 2, price: 800n });
    book.client("reopened", 1, 300);
    expect(book.task("1")).to.deep.equal(open);
    book.client("delivered", 1, 400, { provider: 1, price: 900n });
    book.client("paid", 1, 500, { provider: 1, price: 900n });
    expect(book.task("1")).to.include({ state: "Settled", deliveredAt: 400, paidAt: 500, price: 900n, winner: "one" });
  });

  it("tells no price and no delivery of a task that was refunded, so that no figure counts them", () => {
    const book = aLedger();
    book.client("submitted", 1, 100);
    book.client("delivered", 1, 200);
    book.client("refunded", 1, 300);
    expect(book.task("1")).to.include({ state: "Refunded" }).and.to.not.have.any.keys("price", "deliveredAt", "winner");
  });

  it("keeps both tasks of a part that was ordered twice", () => {
    const book = aLedger();
    book.client("submitted", 1, 100, { taskId: "first" });
    book.client("refunded", 1, 200, { taskId: "first" });
    book.client("submitted", 1, 300, { taskId: "second" });
    book.client("delivered", 1, 400, { taskId: "second" });
    book.client("paid", 1, 500, { taskId: "second" });
    expect(book.tasks().map(({ part, state }) => [part, state])).to.deep.equal([
      [1, "Refunded"],
      [1, "Settled"],
    ]);
    expect(book.standing()).to.deep.equal({ ordered: 2, open: 0, delivered: 0, paid: 1 });
  });

  it("tells of a round what its client told: it is delivered when it is sealed, and paid to several", () => {
    const book = aLedger();
    book.client("submitted", 7, 100);
    const open = book.task("7");
    book.client("sealed", 7, 200, { price: 650n });
    const sealed = { ...open, state: "Round", deliveredAt: 200, price: 650n };
    expect(book.task("7")).to.deep.equal(sealed);
    expect(book.standing()).to.deep.equal({ ordered: 1, open: 0, delivered: 1, paid: 0 });
    book.client("decided", 7, 250, { price: 650n });
    expect(book.task("7")).to.deep.equal(sealed);
    book.client("paid", 7, 300, { provider: 2, price: 650n, executions: 3 });
    const paid = { ...sealed, state: "Settled", paidAt: 300, winner: "two", executions: 3 };
    expect(book.task("7")).to.deep.equal(paid);
    expect(book.standing()).to.deep.equal({ ordered: 1, open: 0, delivered: 0, paid: 1 });
  });

  it("tells no price of a round without agreement, and keeps the one that came after it", () => {
    const book = aLedger();
    book.client("submitted", 1, 100, { taskId: "first" });
    book.client("sealed", 1, 200, { taskId: "first" });
    book.client("decided", 1, 300, { taskId: "first" });
    book.client("refunded", 1, 400, { taskId: "first" });
    expect(book.task("first"))
      .to.include({ state: "Refunded" })
      .and.to.not.have.any.keys("price", "deliveredAt", "winner", "executions");
    book.client("submitted", 1, 500, { taskId: "second" });
    book.client("paid", 1, 600, { taskId: "second", executions: 2 });
    expect(book.standing()).to.deep.equal({ ordered: 2, open: 0, delivered: 0, paid: 1 });
  });

  it("tells of a dispute what its client told: what was delivered before, and whoever was paid in the end", () => {
    const book = aLedger();
    book.client("submitted", 7, 100);
    book.client("delivered", 7, 200, { provider: 1, price: 650n });
    const delivered = book.task("7");
    book.client("disputed", 7, 250);
    const disputed = { ...delivered, state: "Disputed" };
    expect(book.task("7")).to.deep.equal(disputed);
    for (const [kind, at] of [
      ["sealed", 300],
      ["opened", 310],
      ["decided", 320],
    ] as const) {
      book.client(kind, 7, at, { price: 999n });
      expect(book.task("7"), kind).to.deep.equal(disputed);
    }
    expect(book.standing()).to.deep.equal({ ordered: 1, open: 0, delivered: 1, paid: 0 });
    book.client("paid", 7, 400, { provider: 2, price: 650n });
    expect(book.task("7")).to.deep.equal({ ...disputed, state: "Settled", paidAt: 400, winner: "two" });
    expect(book.standing()).to.deep.equal({ ordered: 1, open: 0, delivered: 0, paid: 1 });
  });

  it("forgets what was delivered if its panel did not agree, because nobody is paid for it", () => {
    const book = aLedger();
    book.client("submitted", 7, 100);
    const open = book.task("7");
    book.client("delivered", 7, 200);
    book.client("disputed", 7, 250);
    book.client("refunded", 7, 400);
    expect(book.task("7")).to.deep.equal({ ...open, state: "Refunded" });
  });

  it("counts work in a round as done with its seat, and those as slower that got none", () => {
    const book = aLedger();
    book.client("submitted", 1, 0);
    book.tell("one", "attempted", 1, 10);
    book.tell("one", "seated", 1, 20);
    book.tell("one", "opened", 1, 30);
    book.tell("two", "attempted", 1, 21);
    book.tell("two", "abandoned", 1, 35, "all seats are taken");
    expect(book.task("1")).to.include({ attempts: 2, overlapped: false });
    book.client("paid", 1, 40, { provider: 1, executions: 2 });
    book.tell("one", "paid", 1, 41);
    expect(book.attemptsOf("one")).to.deep.equal({ attempts: 1, lost: 0 });
    expect(book.attemptsOf("two")).to.deep.equal({ attempts: 1, lost: 1 });
  });

  it("does not count as slower who failed first and then won a round with others", () => {
    const book = aLedger();
    book.client("submitted", 1, 0);
    book.tell("one", "attempted", 1, 10);
    book.tell("one", "abandoned", 1, 11, "the node is away");
    book.tell("one", "attempted", 1, 12);
    book.tell("one", "seated", 1, 20);
    book.client("paid", 1, 40, { provider: 1, executions: 3 });
    expect(book.attemptsOf("one")).to.deep.equal({ attempts: 2, lost: 0 });
  });

  it("calls a winner it does not know by its number", () => {
    const book = aLedger();
    book.client("submitted", 1, 0);
    book.client("paid", 1, 1, { provider: 9 });
    expect(book.task("1")?.winner).to.equal("no. 9");
  });

  it("counts the attempts of each provider, and those at which another was faster", () => {
    const book = aLedger();
    book.client("submitted", 1, 0);
    book.client("submitted", 2, 0);
    // At the first, both; one gives way.
    book.tell("one", "attempted", 1, 10);
    book.tell("two", "attempted", 1, 11);
    book.tell("one", "delivered", 1, 20);
    book.tell("two", "abandoned", 1, 21, LOST_RACE);
    expect(book.attemptsOf("two")).to.deep.equal({ attempts: 1, lost: 1 });
    book.client("paid", 1, 30, { provider: 1 });
    // At the second, two fails for another reason and tries again.
    book.tell("two", "attempted", 2, 40);
    book.tell("two", "abandoned", 2, 41, "the module trapped");
    book.tell("two", "attempted", 2, 42);
    book.tell("two", "delivered", 2, 43);
    book.client("paid", 2, 50, { provider: 2 });
    expect(book.attemptsOf("one")).to.deep.equal({ attempts: 1, lost: 0 });
    expect(book.attemptsOf("two")).to.deep.equal({ attempts: 3, lost: 1 });
    expect(book.attemptsOf("nobody")).to.deep.equal({ attempts: 0, lost: 0 });
  });

  it("counts an attempt as lost that found the task sealed by another, once it knows who was paid", () => {
    const book = aLedger();
    book.client("submitted", 1, 0);
    book.tell("two", "attempted", 1, 1);
    book.tell("two", "abandoned", 1, 5, "the task is Delivered");
    expect(book.attemptsOf("two")).to.deep.equal({ attempts: 1, lost: 0 });
    book.client("paid", 1, 6, { provider: 1 });
    expect(book.attemptsOf("two")).to.deep.equal({ attempts: 1, lost: 1 });
  });

  it("counts no attempt as lost that was delivered, or is not over", () => {
    const book = aLedger();
    book.client("submitted", 1, 0);
    book.tell("two", "attempted", 1, 1);
    book.tell("two", "delivered", 1, 2);
    // It failed to disclose; that is no race.
    book.tell("two", "abandoned", 1, 3, "the task is Open");
    book.tell("one", "attempted", 1, 4);
    book.client("paid", 1, 5, { provider: 1 });
    expect(book.attemptsOf("two")).to.deep.equal({ attempts: 1, lost: 0 });
    expect(book.attemptsOf("one")).to.deep.equal({ attempts: 1, lost: 0 });
  });

  it("counts providers, not attempts, of a task, and says whether they were at work together", () => {
    const book = aLedger();
    for (const part of [1, 2]) book.client("submitted", part, 0);
    book.tell("one", "attempted", 1, 10);
    book.tell("one", "abandoned", 1, 20, "busy");
    book.tell("one", "attempted", 1, 30);
    book.tell("two", "attempted", 1, 35);
    book.tell("one", "delivered", 1, 40);
    book.tell("two", "abandoned", 1, 41, LOST_RACE);
    book.tell("one", "attempted", 2, 10);
    book.tell("one", "abandoned", 2, 20, "busy");
    book.tell("two", "attempted", 2, 20);
    expect(book.task("1")).to.include({ attempts: 2, overlapped: true });
    expect(book.task("2")).to.include({ attempts: 2, overlapped: false });
  });

  it("tells on what share of the tasks work overlapped", () => {
    const book = aLedger();
    expect(book.overlap()).to.equal(0);
    for (const part of [0, 1, 2, 3]) book.client("submitted", part, 0);
    expect(book.overlap()).to.equal(0);
    for (const part of [0, 1, 2]) {
      book.tell("one", "attempted", part, 10);
      book.tell("two", "attempted", part, 11);
      // Only for the last is the first one done before.
      book.tell("one", "delivered", part, part === 2 ? 11 : 12);
    }
    expect(book.overlap()).to.equal(0.5);
  });

  it("does not mind that a provider hears of a task before the client tells of it, and ends after it is paid", () => {
    const book = aLedger();
    book.tell("one", "attempted", 1, 10);
    book.tell("two", "attempted", 1, 11);
    expect(book.tasks()).to.deep.equal([]);
    expect(book.overlap()).to.equal(0);
    expect(book.standing().ordered).to.equal(0);
    book.client("submitted", 1, 5);
    expect(book.task("1")).to.include({ attempts: 2, overlapped: true, submittedAt: 5 });
    book.client("delivered", 1, 20);
    book.client("paid", 1, 30);
    book.tell("one", "delivered", 1, 19);
    book.tell("two", "abandoned", 1, 21, LOST_RACE);
    expect(book.task("1")).to.include({ state: "Settled", attempts: 2, overlapped: true });
    expect(book.attemptsOf("two")).to.deep.equal({ attempts: 1, lost: 1 });
  });

  it("makes nothing of what is told of tasks, attempts or kinds that it does not know", () => {
    const book = aLedger();
    const kinds = [
      "delivered",
      "disputed",
      "sealed",
      "opened",
      "decided",
      "paid",
      "reopened",
      "refunded",
      "trouble",
    ] as const;
    for (const kind of kinds) book.client(kind, 4, 10);
    expect(book.tasks()).to.deep.equal([]);
    expect(book.task("4")).to.equal(undefined);
    // Ends of attempts that nobody began.
    book.tell("one", "delivered", 4, 10);
    book.tell("one", "abandoned", 4, 11, LOST_RACE);
    expect(book.attemptsOf("one")).to.deep.equal({ attempts: 0, lost: 0 });
    book.client("submitted", 4, 20);
    book.tell("one", "attempted", 4, 21);
    book.tell("one", "started", 4, 22);
    book.tell("two", "delivered", 4, 23);
    book.provider("one", { kind: "delivered", at: 24 });
    book.tell("two", "attempted", 4, 1_000);
    // The first one's attempt was not ended by any of these.
    expect(book.task("4")).to.include({ attempts: 2, overlapped: true, state: "Open" });
  });

  it("does not change what it told before", () => {
    const book = aLedger();
    book.client("submitted", 1, 0);
    const before = book.task("1");
    const copy = { ...before };
    book.tell("one", "attempted", 1, 1);
    book.client("delivered", 1, 2);
    expect(before).to.deep.equal(copy);
  });
});
