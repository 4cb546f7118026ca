import { expect } from "chai";
import {
  createOpenGate,
  createSortition,
  createWideGate,
  type Gate,
  type SeatedWindow,
} from "../../src/market/consensus/gate.js";
import { MIXES, poolOf, type Split } from "../../src/market/consensus/pools.js";
import { createRound, type Draw, drawFrom, type Member } from "../../src/market/consensus/round.js";
import { randomOf } from "../../src/market/simulation/random.js";
import { seatsOf, ticketOf } from "../../src/protocol/consensus.js";

/** One seed for all runs, so that chance never fails a build; SEED asks for another. */
const SEED = process.env["SEED"] ?? "sortition";
const DRAWS = 12_000;
const CONTROL_DRAWS = 10_000;
/** Tickets by keccak take their time. */
const EXACT_DRAWS = 10_000;
/** Quantiles of the normal distribution for α = 0.001, of each test by itself. */
const TWO_SIDED = 3.2905;
const ONE_SIDED = 3.0902;

/** Slots of the pool. */
const POOLS = [20, 1_000] as const;
/** Hostile shares of them, all whole numbers of slots. */
const SHARES = [0.1, 0.2, 0.3, 0.4] as const;
const TRUSTS = [2, 8] as const;
const SPLITS: readonly Split[] = ["many", "one"];
/** Seconds of the window; the honest compute for a fifth of it, liars not at all. */
const DURATION = 3_600;
const COMPUTE = DURATION / 5;

interface Attack {
  /** Of the pool from which the members come. */
  readonly slots: number;
  readonly share: number;
  readonly trust: number;
  readonly split: Split;
}

const ATTACKS = POOLS.flatMap((slots) =>
  TRUSTS.flatMap((trust) => SPLITS.flatMap((split) => SHARES.map((share): Attack => ({ slots, share, trust, split })))),
);

const titleOf = ({ slots, share, trust, split }: Attack): string => {
  const theirs = Math.round(slots * share);
  const owners = split === "many" ? `${theirs} identities` : "one identity";
  return `${slots} slots, ${seatsOf(trust)} seats, ${100 * share} % of the stake in ${owners}`;
};

/** Share of the seats that the hostile took, over many rounds. */
interface Sample {
  readonly mean: number;
  /** Standard errors between the mean and what it should be. */
  readonly z: number;
}

function sampleOf(
  attack: Attack,
  gateOf: (window: SeatedWindow) => Gate,
  drawOf: (round: number) => Draw,
  draws = DRAWS,
): Sample {
  const { slots, share, trust, split } = attack;
  const gate = gateOf({ seats: seatsOf(trust), capacity: slots, duration: DURATION });
  return sharesOf(poolOf(MIXES[0], slots, share, split), { gate, trust, share }, drawOf, draws);
}

/** Plays rounds of some members, and compares what the hostile took of the seats with a share. */
function sharesOf(
  members: readonly Member[],
  { gate, trust, share }: { gate: Gate; trust: number; share: number },
  drawOf: (round: number) => Draw,
  draws: number,
): Sample {
  const play = createRound(members, { trust, gate, compute: COMPUTE });
  let [sum, squares] = [0, 0];
  for (let round = 0; round < draws; round++) {
    const { seats } = play(drawOf(round));
    const taken = seats.filter(({ hostile }) => hostile).length / seats.length;
    sum += taken;
    squares += taken * taken;
  }
  const mean = sum / draws;
  const variance = (squares - draws * mean * mean) / (draws - 1);
  const [excess, error] = [mean - share, Math.sqrt(Math.max(0, variance) / draws)];
  if (error > 1e-6) return { mean, z: excess / error };
  // Rounds that are all alike leave no doubt.
  return { mean, z: Math.abs(excess) < 1e-6 ? 0 : Math.sign(excess) * Infinity };
}

/** Whether the seats went by the stake: just so where it is split, at most so where one identity holds all of it. */
const isFair = ({ z }: Sample, { split }: Attack): boolean =>
  split === "many" ? Math.abs(z) <= TWO_SIDED : z <= ONE_SIDED;

const wordsOf = ({ mean, z }: Sample): string =>
  `${(100 * mean).toFixed(2)} % of the seats, z = ${Number.isFinite(z) ? z.toFixed(2) : "∞"}`;

describe(`sortition under attack, seed ${SEED}`, function () {
  this.timeout(60_000);

  const randomDraw = (attack: Attack, name: string) => {
    const draw = drawFrom(randomOf(0, `${SEED} ${name} ${titleOf(attack)}`));
    return () => draw;
  };

  describe("liars that seal at once get no more seats than their stake", () => {
    for (const attack of ATTACKS) {
      it(titleOf(attack), function () {
        const sample = sampleOf(attack, createSortition, randomDraw(attack, "sortition"));
        this.runnable().title += `: ${wordsOf(sample)}`;
        expect(isFair(sample, attack), wordsOf(sample)).to.be.true;
      });
    }

    it("with the tickets of the contracts", function () {
      const attack: Attack = { slots: 20, share: 0.2, trust: 2, split: "many" };
      const taskId = `0x${"5e".repeat(32)}`;
      const random = randomOf(0, `${SEED} seeds`);
      const sample = sampleOf(
        attack,
        createSortition,
        () => {
          const seed =
            (BigInt(Math.floor(random.real() * 2 ** 33)) << 33n) + BigInt(Math.floor(random.real() * 2 ** 33));
          return ({ identity }) => Number(ticketOf(seed, taskId, identity) >> 75n);
        },
        EXACT_DRAWS,
      );
      this.runnable().title += `: ${wordsOf(sample)}`;
      expect(isFair(sample, attack), wordsOf(sample)).to.be.true;
    });
  });

  // One identity sits once, so it cannot have more than one seat's share, whoever is drawn.
  const telling = ATTACKS.filter(({ split, share, trust }) => split === "many" || share < 1 / seatsOf(trust));
  const controls = [
    ["without a draw", createOpenGate],
    ["with a first reach of twice the seats, held for half of the window", createWideGate],
  ] as const;
  for (const [name, gateOf] of controls) {
    describe(`${name} they do`, () => {
      for (const attack of telling) {
        it(titleOf(attack), function () {
          const sample = sampleOf(attack, gateOf, randomDraw(attack, name), CONTROL_DRAWS);
          this.runnable().title += `: ${wordsOf(sample)}`;
          expect(isFair(sample, attack), wordsOf(sample)).to.be.false;
        });
      }
    });
  }

  // Who delivered has slots in the pool, but no seat in the panel; whoever joined since is refused.
  describe("in the panel of a dispute", () => {
    const whose = ["honest", "hostile"] as const;
    const panels = whose.flatMap((deliverer) =>
      [20, 200].flatMap((slots) => [0.1, 0.4].map((share) => ({ deliverer, slots, share, trust: 2 }))),
    );
    /** As many of the hostile as there are members of the pool come when they see the delivery. */
    const lateTo = (slots: number): Member[] =>
      Array.from({ length: slots }, (_, index) => ({
        ...{ identity: slots + index + 1, slots: 1, weight: 2, hostile: true },
      }));

    for (const panel of panels) {
      const { deliverer, slots, share, trust } = panel;
      const pool = poolOf(MIXES[0], slots, share);
      const accused = pool.find(({ hostile }) => hostile === (deliverer === "hostile"));
      const eligible = pool.filter((member) => member !== accused);
      const owed = eligible.filter(({ hostile }) => hostile).length / eligible.length;
      const capacity = slots;
      const title = `${slots} slots, ${100 * share} % of the stake hostile, over a delivery of the ${deliverer}`;
      const play = (members: readonly Member[], gateOf: (window: SeatedWindow) => Gate, draws: number) => {
        const gate = gateOf({ seats: seatsOf(trust), capacity, duration: DURATION });
        const draw = drawFrom(randomOf(0, `${SEED} panel ${title}`));
        return sharesOf(members, { gate, trust, share: owed }, () => draw, draws);
      };

      it(`the hostile get what is theirs of the others' stake: ${title}`, function () {
        const sample = play(eligible, createSortition, DRAWS);
        this.runnable().title += `: ${wordsOf(sample)}`;
        expect(Math.abs(sample.z), wordsOf(sample)).to.be.at.most(TWO_SIDED);
      });

      it(`they would get more of it if who comes late could sit: ${title}`, function () {
        const sample = play([...eligible, ...lateTo(slots)], createSortition, CONTROL_DRAWS);
        this.runnable().title += `: ${wordsOf(sample)}`;
        expect(sample.z, wordsOf(sample)).to.be.above(TWO_SIDED);
      });

      it(`they would get more of it without a draw: ${title}`, function () {
        const sample = play(eligible, createOpenGate, CONTROL_DRAWS);
        this.runnable().title += `: ${wordsOf(sample)}`;
        expect(sample.z, wordsOf(sample)).to.be.above(TWO_SIDED);
      });
    }
  });
});
