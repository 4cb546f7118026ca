import { expect } from "chai";
import { id } from "ethers";
import { judgeRound } from "../../../src/protocol/consensus.js";
import {
  DISPUTE_OUTCOMES,
  type Disputed,
  judgeDispute,
  JUDGED_INVALID,
  JUDGED_VALID,
  type PanelVote,
} from "../../../src/protocol/dispute.js";
import { Random, SEED } from "../../helpers/seeded.js";

const RESULTS = ["truth", "truth", "truth", "lie", "other", undefined] as const;
const JUDGEMENTS = [JUDGED_VALID, JUDGED_VALID, JUDGED_INVALID, undefined] as const;
const ROUNDS = 2_000;

const random = new Random(SEED);
const oneOf = <T>(list: readonly T[]): T => list[random.whole(0, list.length - 1)] as T;
/** A panel of up to seven seats. */
const votesOf = (results: readonly (string | undefined)[]): PanelVote[] =>
  Array.from({ length: random.whole(0, 7) }, () => ({
    weight: random.whole(2, 32),
    result: oneOf(results),
    available: random.whole(0, 3) !== 0,
  }));
const aDispute = (changes: Partial<Disputed> = {}) => {
  const judged = changes.judged ?? random.whole(0, 1) === 1;
  const delivered = random.whole(0, 2) === 0 ? undefined : "truth";
  return {
    votes: votesOf(judged ? JUDGEMENTS : RESULTS),
    disputed: { trust: oneOf([2, 3, 8, 100]), judged, delivered, ...changes },
  };
};
const weightOf = (votes: readonly PanelVote[]) => votes.reduce((sum, { weight }) => sum + weight, 0);
const isOpen = ({ result }: PanelVote) => result !== undefined;

/** Asserts something of many disputes. */
const always = (make: () => ReturnType<typeof aDispute>, check: (one: ReturnType<typeof aDispute>) => void) => {
  for (let round = 0; round < ROUNDS; round++) {
    const one = make();
    try {
      check(one);
    } catch (error) {
      throw new Error(`SEED=${SEED}, ${JSON.stringify(one)}`, { cause: error });
    }
  }
};

describe(`protocol.judgeDispute (SEED=${SEED})`, () => {
  it("tells judgements as the contracts do, and outcomes in their sequence", () => {
    expect([JUDGED_VALID, JUDGED_INVALID]).to.deep.equal([id("valid"), id("invalid")]);
    const outcomes = ["Standing", "Upheld", "Overturned", "Rejected", "Unanswered", "Undecided"];
    expect(DISPUTE_OUTCOMES).to.deep.equal(outcomes);
  });

  it("finds the winner of a round, and by it who is paid and who was wrong", () => {
    always(aDispute, ({ votes, disputed }) => {
      const { winner, seats, outcome } = judgeDispute(votes, disputed);
      const round = judgeRound(votes, disputed.trust);
      expect(winner).to.equal(round.winner);
      if (winner !== undefined && outcome !== "Unanswered") expect(seats).to.deep.equal(round.outcomes);
    });
  });

  it("upholds what the winners have and most of the weight that was opened could read, and overturns all else", () => {
    const make = () => aDispute({ judged: false });
    always(make, ({ votes, disputed }) => {
      const { winner, outcome } = judgeDispute(votes, disputed);
      if (winner === undefined) return;
      const opened = votes.filter(isOpen);
      const isReadable = 2 * weightOf(opened.filter(({ available }) => !available)) <= weightOf(opened);
      expect(outcome).to.equal(winner === disputed.delivered && isReadable ? "Upheld" : "Overturned");
    });
  });

  it("goes by what judges say of the output, and not by what they say of the envelope", () => {
    const make = () => aDispute({ judged: true, delivered: "truth" });
    always(make, ({ votes, disputed }) => {
      const { winner, outcome } = judgeDispute(votes, disputed);
      const blind = votes.map((vote) => ({ ...vote, available: !vote.available }));
      expect(judgeDispute(blind, disputed)).to.deep.equal(judgeDispute(votes, disputed));
      if (winner !== undefined) expect(outcome).to.equal(winner === JUDGED_VALID ? "Upheld" : "Rejected");
    });
  });

  it("finds who opened nothing in the wrong, unless a panel has another result", () => {
    always(
      () => aDispute({ delivered: undefined }),
      ({ votes, disputed }) => {
        const { winner, outcome } = judgeDispute(votes, disputed);
        const isOverturned = !disputed.judged && winner !== undefined;
        expect(outcome).to.equal(isOverturned ? "Overturned" : "Unanswered");
      },
    );
  });

  it("lets a delivery stand before a panel that is no panel or says nothing, and else returns the money", () => {
    always(
      () => aDispute({ delivered: "truth" }),
      ({ votes, disputed }) => {
        const { winner, outcome } = judgeDispute(votes, disputed);
        if (winner !== undefined) return;
        const isSilent = votes.length < 2 || !votes.some(isOpen);
        expect(outcome).to.equal(isSilent ? "Standing" : "Undecided");
      },
    );
  });

  it("pays all that opened where there is no verdict, and never who did not", () => {
    always(aDispute, ({ votes, disputed }) => {
      const { outcome, seats } = judgeDispute(votes, disputed);
      for (const [seat, vote] of votes.entries()) {
        if (!isOpen(vote)) expect(seats[seat]).to.be.oneOf(["Unopened", "Idle"]);
        else if (["Standing", "Unanswered", "Undecided"].includes(outcome)) expect(seats[seat]).to.equal("Paid");
      }
      expect(seats).to.have.length(votes.length);
      expect(seats).not.to.include("Disputed");
    });
  });

  it("does not depend on who sat first", () => {
    always(aDispute, ({ votes, disputed }) => {
      const forward = judgeDispute(votes, disputed);
      const backward = judgeDispute(votes.toReversed(), disputed);
      expect({ ...backward, seats: backward.seats.toReversed() }).to.deep.equal(forward);
    });
  });

  it("is the same for results told by their beginning", () => {
    const short = (result: string | undefined) => (result === undefined ? undefined : result.slice(0, 34));
    const make = () => aDispute({ judged: true, delivered: "truth" });
    always(make, ({ votes, disputed }) => {
      const cut = votes.map((vote) => ({ ...vote, result: short(vote.result) }));
      const told = judgeDispute(cut, { ...disputed, valid: JUDGED_VALID.slice(0, 34) });
      const { winner, ...whole } = judgeDispute(votes, disputed);
      expect(told).to.deep.equal({ ...whole, winner: short(winner) });
    });
  });
});
