import { expect } from "chai";
import { createRulings, endOf } from "../../../src/client/rulings.js";
import { DISPUTE_OUTCOMES, type DisputeOutcome } from "../../../src/protocol/dispute.js";

type Heard = Parameters<ReturnType<typeof createRulings>["hear"]>[0];

const TASK = `0x${"7a".repeat(32)}`;
const OTHER = `0x${"7b".repeat(32)}`;
const CLIENT = `0x${"c1".repeat(20)}`;

/** What a transaction tells of the end of a dispute. */
const endIn = (blockNumber: number, outcome: DisputeOutcome, paid: readonly bigint[], taskId = TASK) => {
  const place = { contract: "taskManager", blockNumber, transactionHash: `0x${blockNumber}`, removed: false };
  const common = { taskId, client: CLIENT };
  const payments = paid.map((amount, seat) => ({
    ...{ ...place, name: "ValidatorPaid" },
    args: { ...common, provider: BigInt(seat + 2), seat: BigInt(seat), amount },
  }));
  const number = BigInt(DISPUTE_OUTCOMES.indexOf(outcome));
  const ended = {
    ...{ ...place, name: "DisputeEnded" },
    args: { ...common, provider: 1n, outcome: number, price: 7n, slashed: 9n },
  };
  return [...payments, ended] as unknown as Heard[];
};
/** The same, taken back by the chain. */
const takenBack = (events: readonly Heard[]) => events.map((event) => ({ ...event, removed: true })).toReversed();
const awardsOf = (paid: readonly bigint[]) => paid.map((amount, seat) => ({ provider: seat + 2, seat, amount }));

describe("client rulings", () => {
  it("are put together of what a transaction tells, each for its task", () => {
    const rulings = createRulings();
    expect(rulings.of(TASK)).to.equal(undefined);
    for (const event of endIn(5, "Upheld", [3n, 4n])) rulings.hear(event);
    for (const event of endIn(5, "Overturned", [6n], OTHER)) rulings.hear(event);
    const common = { provider: 1, client: CLIENT, price: 7n, slashed: 9n, blockNumber: 5 };
    const upheld = { ...common, taskId: TASK, outcome: "Upheld", awards: awardsOf([3n, 4n]) };
    expect(rulings.of(TASK)).to.deep.equal(upheld);
    const overturned = { ...common, taskId: OTHER, outcome: "Overturned", awards: awardsOf([6n]) };
    expect(rulings.of(OTHER)).to.deep.equal(overturned);
  });

  it("are forgotten with their block, and told once by the one that takes its place", () => {
    const rulings = createRulings();
    const first = endIn(5, "Upheld", [3n, 4n]);
    for (const event of [...first, ...takenBack(first)]) rulings.hear(event);
    expect(rulings.of(TASK)).to.equal(undefined);
    for (const event of first) rulings.hear({ ...event, blockNumber: 6 });
    expect(rulings.of(TASK)).to.deep.include({ blockNumber: 6, awards: awardsOf([3n, 4n]) });
  });

  for (const outcome of DISPUTE_OUTCOMES) {
    const cost = ["Standing", "Upheld", "Undecided"].includes(outcome) ? 7n : 0n;
    it(`cost the client ${cost === 0n ? "no panel" : "the panel"} where one ends as ${outcome}`, () => {
      const rulings = createRulings();
      for (const event of endIn(5, outcome, [3n, 4n])) rulings.hear(event);
      const ruling = rulings.of(TASK);
      expect(ruling && endOf(ruling)).to.deep.equal({ outcome, cost, slashed: 9n });
    });
  }
});
