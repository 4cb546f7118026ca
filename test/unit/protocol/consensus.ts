import { expect } from "chai";
import { concat, keccak256, toBeHex } from "ethers";
import {
  affordableWeight,
  closesRound,
  entryOf,
  judgeRound,
  MAX_SEATS,
  MAX_TRUST,
  MAX_WEIGHT,
  MIN_TRUST,
  MIN_WEIGHT,
  reachAt,
  REACH_DOUBLINGS,
  SEED_DELAY,
  seatLock,
  seatsOf,
  seedBlockOf,
  seedOf,
  ticketBound,
  ticketOf,
  ticketsAt,
  type Vote,
  weightLimit,
} from "../../../src/protocol/consensus.js";
import { FieldFormatError, FieldRangeError } from "../../../src/protocol/errors.js";
import { expectNear } from "../../helpers/near.js";
import { Random, SEED } from "../../helpers/seeded.js";

const ROUNDS = 2_000;
const TASK = `0x${"7a".repeat(32)}`;
const ONE = 1n << 16n;
const TICKETS = 1n << 128n;

const random = new Random(`${SEED} consensus`);
const drawTrust = () => Math.min(MAX_TRUST, 2 ** random.whole(1, 14) + random.whole(0, 3));
const drawWeight = () => (random.whole(0, 1) === 0 ? MIN_WEIGHT : random.whole(MIN_WEIGHT, MAX_WEIGHT));
const productOf = (weights: readonly number[]) => weights.reduce((all, weight) => all * BigInt(weight), 1n);

/** Weights of a round that was sealed until it closed. */
function closedWeights(trust: number): number[] {
  const weights = [drawWeight()];
  while (!closesRound(weights, trust)) weights.push(drawWeight());
  return weights;
}

/** Whether a round closed because of the weights and not of the seats. */
function closedByProduct(weights: readonly number[], trust: number): boolean {
  return productOf(weights) >= BigInt(trust) * BigInt(Math.max(...weights)) ** 2n;
}

/** The probability that a group is right, by Sarmenta's formula, if a provider of weight w errs with probability 1 / w. */
function credibilities(votes: readonly Vote[]): Map<string, number> {
  const errors = new Map<string, number>();
  for (const { weight, result } of votes) {
    if (result !== undefined) errors.set(result, (errors.get(result) ?? 1) / weight);
  }
  const all = [...errors];
  const others = (than: string) =>
    all.reduce((product, [result, bad]) => (result === than ? product : product * bad), 1);
  const nobody = all.reduce((product, [, bad]) => product * bad, 1);
  const somebody = all.reduce((sum, [result, bad]) => sum + (1 - bad) * others(result), 0);
  return new Map(all.map(([result, bad]) => [result, ((1 - bad) * others(result)) / (nobody + somebody)]));
}

describe("protocol.consensus: seats and weights", () => {
  it("has two seats more than the least weights that reach the trust", () => {
    for (let power = 1; power <= 14; power++) {
      const trust = 2 ** power;
      expect(seatsOf(trust), String(trust)).to.equal(power + 2);
      if (trust < MAX_TRUST) expect(seatsOf(trust + 1), String(trust + 1)).to.equal(power + 3);
      if (trust > 2) expect(seatsOf(trust - 1), String(trust - 1)).to.equal(trust === 3 ? 4 : power + 2);
    }
    expect(seatsOf(MIN_TRUST)).to.equal(3);
    expect(seatsOf(MAX_TRUST)).to.equal(MAX_SEATS);
  });

  for (const trust of [1, 0, -2, MAX_TRUST + 1, 2.5, NaN, Infinity]) {
    it(`has none for a trust of ${trust}`, () => {
      expect(() => seatsOf(trust)).to.throw(FieldRangeError, /trust/);
    });
  }

  it("lets scores sit with a weight for every three points", () => {
    const limits = [
      ...[0, 2_999_999, 8_999_999, 11_999_999].map((score) => [score, MIN_WEIGHT] as const),
      ...[12_000_000, 14_999_999].map((score) => [score, 3] as const),
      ...[[15_000_000, 4] as const, [95_999_999, 30] as const, [98_999_999, 31] as const],
      ...[99_000_000, 100_000_000, 2 ** 52].map((score) => [score, MAX_WEIGHT] as const),
    ];
    for (const [score, weight] of limits) {
      expect(weightLimit(score), String(score)).to.equal(weight);
      expect(weightLimit(BigInt(score)), String(score)).to.equal(weight);
    }
  });

  it("locks the bond for the least weight and a unit for each step above", () => {
    expect(seatLock(100n, MIN_WEIGHT, 7n)).to.equal(100n);
    expect(seatLock(100n, MAX_WEIGHT, 7n)).to.equal(310n);
  });

  it("finds the largest weight that stake and score allow", () => {
    const full = 99_000_000;
    expect(affordableWeight(full, 99n, 100n, 7n)).to.equal(undefined);
    expect(affordableWeight(full, 100n, 100n, 7n)).to.equal(2);
    expect(affordableWeight(full, 106n, 100n, 7n)).to.equal(2);
    expect(affordableWeight(full, 107n, 100n, 7n)).to.equal(3);
    expect(affordableWeight(full, 10n ** 30n, 100n, 7n)).to.equal(MAX_WEIGHT);
    expect(affordableWeight(12_000_000, 10n ** 30n, 100n, 7n)).to.equal(3);
    for (let round = 0; round < ROUNDS; round++) {
      const [bond, unit, free] = [1n + random.bits(64), 1n + random.bits(64), random.bits(70)];
      const weight = affordableWeight(full, free, bond, unit);
      if (weight === undefined) expect(free < bond).to.be.true;
      else {
        expect(seatLock(bond, weight, unit) <= free).to.be.true;
        if (weight < MAX_WEIGHT) expect(seatLock(bond, weight + 1, unit) > free).to.be.true;
      }
    }
  });
});

describe(`protocol.consensus: the draw, seed ${SEED}`, () => {
  it("takes the seed from the fourth block, and from every 256th after it once that is forgotten", () => {
    const first = 1_000 + SEED_DELAY;
    for (const [current, block] of [
      [1_000, first],
      [first, first],
      [first + 256, first],
      [first + 257, first + 256],
      [first + 512, first + 256],
      [first + 513, first + 512],
    ] as const) {
      expect(seedBlockOf(1_000, current), String(current)).to.equal(block);
    }
  });

  it("takes it from a block whose hash the chain still tells", () => {
    for (let round = 0; round < ROUNDS; round++) {
      const open = random.whole(0, 2 ** 30);
      const current = open + SEED_DELAY + random.whole(1, 5_000);
      const block = seedBlockOf(open, current);
      expect(block).to.be.within(current - 256, current - 1);
      expect((block - open - SEED_DELAY) % 256).to.equal(0);
    }
  });

  it("keeps the last 66 bits of a hash", () => {
    expect(seedOf(`0x${"f".repeat(64)}`)).to.equal((1n << 66n) - 1n);
    expect(seedOf(toBeHex(1n << 66n, 32))).to.equal(0n);
    expect(seedOf(toBeHex((5n << 66n) + 42n, 32))).to.equal(42n);
  });

  it("hashes seed, task and provider to a ticket of 128 bits", () => {
    const seed = random.bits(66);
    const words = concat([toBeHex(seed, 32), TASK, toBeHex(77, 32)]);
    expect(ticketOf(seed, TASK, 77)).to.equal(BigInt(keccak256(words)) % TICKETS);
    expect(ticketOf(seed, TASK, 77n)).to.equal(ticketOf(seed, TASK, 77));
    expect(ticketOf(seed, TASK, 78)).to.not.equal(ticketOf(seed, TASK, 77));
    expect(ticketOf(seed ^ 1n, TASK, 77)).to.not.equal(ticketOf(seed, TASK, 77));
    expect(() => ticketOf(seed, "0x12", 77)).to.throw(FieldFormatError);
  });

  it("holds the reach for a quarter of the window, then doubles it in each thirty-second, up to everybody", () => {
    for (const duration of [32, 3_200, 86_400]) {
      for (const elapsed of [0, 1, duration / 8, duration / 4]) {
        expect(reachAt(elapsed, duration)).to.equal(ONE);
      }
      for (let doubling = 0; doubling < REACH_DOUBLINGS; doubling++) {
        expect(reachAt((duration * (8 + doubling)) / 32, duration)).to.equal(ONE << BigInt(doubling));
      }
      expect(reachAt((duration * 3) / 4, duration)).to.equal(undefined);
      expect(reachAt(duration, duration)).to.equal(undefined);
      // The matchers for chains take no bigint that is not equal to nothing.
      expect(typeof reachAt((duration * 3) / 4 - 1, duration)).to.equal("bigint");
    }
    // In a line between doublings.
    expect([17, 18, 19].map((elapsed) => reachAt(elapsed, 64))).to.deep.equal([(ONE * 3n) / 2n, 2n * ONE, 3n * ONE]);
  });

  it("never draws back", () => {
    for (let round = 0; round < 50; round++) {
      const duration = random.whole(1, 500);
      const share = drawShare();
      let last = 0n;
      for (let elapsed = 0; elapsed <= duration; elapsed++) {
        const bound = ticketBound(reachAt(elapsed, duration), share);
        expect(bound >= last && bound <= TICKETS).to.be.true;
        last = bound;
      }
      expect(last).to.equal(TICKETS);
    }
  });

  it("lets three quarters of a ticket in at first, in the mean, whatever the pool", () => {
    for (let round = 0; round < ROUNDS; round++) {
      const capacity = random.whole(1, 2 ** 32 - 1);
      const bound = ticketBound(ONE, { slots: 1, capacity });
      // Rounded down, all of them together miss less than a slot's worth of a ticket each.
      const missing = (TICKETS * 3n) / 4n - bound * BigInt(capacity);
      expect(missing >= 0n && missing <= BigInt(capacity)).to.be.true;
    }
    // A whole pool in one hand: 1 − (1 − 3/8)² of all tickets.
    expect(ticketBound(ONE, { slots: 2, capacity: 2 })).to.equal((TICKETS * 39n) / 64n);
  });

  it("gives the same chance to slots in one hand and in several", () => {
    for (let round = 0; round < ROUNDS; round++) {
      const capacity = random.whole(2, random.whole(0, 1) === 0 ? 30 : 2 ** 32 - 1);
      const slots = random.whole(2, capacity);
      const part = random.whole(1, slots - 1);
      const reach = ONE << BigInt(random.whole(0, REACH_DOUBLINGS - 1));
      const out = (some: number) => TICKETS - ticketBound(reach, { slots: some, capacity });
      // Each squaring rounds, and with it all that is made of it.
      const lost = (out(part) * out(slots - part)) / TICKETS - out(slots);
      expect(lost >= -4n * BigInt(slots) && lost <= 4n * BigInt(slots), `${part} of ${slots}: ${lost}`).to.be.true;
    }
  });

  it("favours slots, but none beyond its share", () => {
    for (let round = 0; round < ROUNDS; round++) {
      const share = { ...drawShare(), slots: 1 };
      const reach = ONE << BigInt(random.whole(0, REACH_DOUBLINGS - 1));
      const one = ticketBound(reach, share);
      const slots = random.whole(1, share.capacity);
      const bound = ticketBound(reach, { ...share, slots });
      expect(bound >= one && bound <= TICKETS).to.be.true;
      // Powers are rounded down, so that what is left of them may be more by as much.
      expect(bound <= one * BigInt(slots) + 4n * BigInt(slots)).to.be.true;
    }
  });

  it("counts the tickets that have entered, in the mean", () => {
    expect(ticketsAt(0, 3_200, 100)).to.equal(0.75);
    expect(ticketsAt(800, 3_200, 100)).to.equal(0.75);
    expect(ticketsAt(850, 3_200, 100)).to.equal(1.125);
    expect(ticketsAt(900, 3_200, 100)).to.equal(1.5);
    expect(ticketsAt(1_400, 3_200, 100)).to.equal(48);
    // Never more than there are.
    expect(ticketsAt(1_600, 3_200, 100)).to.equal(100);
    expect(ticketsAt(2_400, 3_200, 100)).to.equal(100);
    for (let round = 0; round < ROUNDS; round++) {
      const [duration, capacity] = [random.whole(1, 4_000), random.whole(1, 2 ** 32 - 1)];
      const elapsed = random.whole(0, duration);
      const bound = ticketBound(reachAt(elapsed, duration), { slots: 1, capacity });
      const expected = (Number(bound) / Number(TICKETS)) * capacity;
      expectNear(ticketsAt(elapsed, duration, capacity) / expected, 1, 1e-9);
    }
  });

  it("enters in the first second in which the ticket is below the bound", () => {
    for (let round = 0; round < 300; round++) {
      const duration = random.whole(1, 400);
      const share = drawShare();
      const ticket = drawTicket();
      let first = 0;
      while (ticket >= ticketBound(reachAt(first, duration), share)) first += 1;
      expect(entryOf(ticket, share, duration), `${ticket} of ${duration} s`).to.equal(first);
      // Nobody enters between the beginning and the end of the first quarter, nor after three quarters.
      if (first > 0) expect(4 * first > duration && 4 * (first - 1) < 3 * duration).to.be.true;
    }
  });

  it("lets the lowest ticket in at once and the highest at three quarters of the window", () => {
    const share = { slots: 1, capacity: 2 ** 31 };
    expect(entryOf(0n, share, 3_600)).to.equal(0);
    expect(entryOf(TICKETS - 1n, share, 3_600)).to.equal(2_700);
    expect(entryOf(TICKETS - 1n, share, 3_601)).to.equal(2_701);
  });
});

describe(`protocol.consensus: the verdict, seed ${SEED}`, () => {
  it("closes when all seats are taken, or when they survive the loss of the heaviest", () => {
    expect(closesRound([], 2)).to.be.false;
    expect(closesRound([2, 2], 2)).to.be.false;
    expect(closesRound([2, 2, 2], 2)).to.be.true;
    expect(closesRound([32], 2)).to.be.false;
    expect(closesRound([32, 32], 2)).to.be.false;
    // 4 · 4 · 8 · 8 = 16 · 8².
    expect(closesRound([4, 4, 8, 8], 16)).to.be.true;
    expect(closesRound([4, 4, 8, 8], 17)).to.be.false;
    expect(closesRound([32, 32, 32], 32)).to.be.true;
    expect(closesRound([32, 32, 32], 33)).to.be.false;
    expect(closesRound(Array<number>(MAX_SEATS - 1).fill(2), MAX_TRUST)).to.be.false;
    expect(closesRound(Array<number>(MAX_SEATS).fill(2), MAX_TRUST)).to.be.true;
  });

  it("closes with two seats never, whatever the weights", () => {
    for (const trust of [2, 3, 64, MAX_TRUST]) {
      for (const weight of [2, 3, 31, 32]) expect(closesRound([MAX_WEIGHT, weight], trust)).to.be.false;
    }
  });

  it("has one winner at most, the one that Sarmenta's formula believes", () => {
    for (let round = 0; round < ROUNDS; round++) {
      const trust = drawTrust();
      const kinds = random.whole(1, 4);
      const votes = Array.from({ length: random.whole(0, MAX_SEATS) }, (): Vote => {
        const result = random.whole(0, kinds);
        return { weight: drawWeight(), result: result === 0 ? undefined : `result ${result}` };
      });
      const opened = votes.filter(({ result }) => result !== undefined).length;
      const { winner, outcomes } = judgeRound(votes, trust);
      const believed = [...credibilities(votes)].map(([result, credibility]) => ({
        result,
        odds: 1 / (1 - credibility),
      }));
      const clear = believed.every(({ odds }) => Math.abs(odds / trust - 1) > 1e-9);
      if (clear) {
        const above = believed.filter(({ odds }) => opened >= 2 && odds > trust).map(({ result }) => result);
        expect(above).to.deep.equal(winner === undefined ? [] : [winner]);
      }
      expect(outcomes).to.have.length(votes.length);
      // The order of the seats does not matter.
      expect(judgeRound(votes.toReversed(), trust).winner).to.equal(winner);
    }
  });

  it("believes a unanimous group if, and only if, its product reaches the trust", () => {
    for (let round = 0; round < ROUNDS; round++) {
      const trust = drawTrust();
      const weights = Array.from({ length: random.whole(2, MAX_SEATS) }, drawWeight);
      const { winner } = judgeRound(
        weights.map((weight) => ({ weight, result: "same" })),
        trust,
      );
      expect(winner === "same", `${weights.join(" ")} for ${trust}`).to.equal(productOf(weights) >= BigInt(trust));
    }
    const two = [2, 8].map((weight) => ({ weight, result: "same" }));
    expect([15, 16, 17].map((trust) => judgeRound(two, trust).winner)).to.deep.equal(["same", "same", undefined]);
  });

  it("survives one dissenter or one silent seat of a round that the weights have closed", () => {
    let closed = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const trust = drawTrust();
      const weights = closedWeights(trust);
      if (!closedByProduct(weights, trust)) continue;
      closed += 1;
      for (const lost of weights.keys()) {
        for (const result of ["other", undefined]) {
          const votes = weights.map((weight, seat) => ({ weight, result: seat === lost ? result : "same" }));
          expect(judgeRound(votes, trust).winner, `${weights.join(" ")} for ${trust}`).to.equal("same");
        }
      }
    }
    expect(closed).to.be.greaterThan(ROUNDS / 4);
  });

  it("survives them in a full round of the least weight too", () => {
    for (let trust = MIN_TRUST; trust <= MAX_TRUST; trust++) {
      const votes = Array.from({ length: seatsOf(trust) }, (_, seat) => ({
        weight: 2,
        result: seat === 0 ? "o" : "s",
      }));
      expect(judgeRound(votes, trust).winner).to.equal("s");
      // Two are too many, and of three they are the majority.
      const { winner } = judgeRound(votes.with(1, { weight: 2, result: "o" }), trust);
      expect(winner).to.equal(trust === 2 ? "o" : undefined);
    }
  });

  it("tells what becomes of each seat", () => {
    const vote = (result: string | undefined, weight = 2): Vote => ({ weight, result });
    const outcomes = (votes: Vote[], trust = 2) => judgeRound(votes, trust).outcomes;
    expect(outcomes([])).to.deep.equal([]);
    expect(outcomes([vote("a")])).to.deep.equal(["Idle"]);
    expect(outcomes([vote(undefined)])).to.deep.equal(["Idle"]);
    expect(outcomes([vote("a"), vote("a"), vote("b")])).to.deep.equal(["Paid", "Paid", "Wrong"]);
    expect(outcomes([vote("a"), vote("a"), vote(undefined)])).to.deep.equal(["Paid", "Paid", "Unopened"]);
    expect(outcomes([vote("a"), vote("b"), vote(undefined)])).to.deep.equal(["Disputed", "Disputed", "Unopened"]);
    expect(outcomes([vote("a"), vote("a")], 5)).to.deep.equal(["Idle", "Idle"]);
    // One alone wins nothing, whatever its weight.
    expect(judgeRound([vote("a", 32), vote(undefined)], 2)).to.deep.equal({
      winner: undefined,
      outcomes: ["Idle", "Unopened"],
    });
    expect(judgeRound([vote("a", 32), vote("b")], 2).winner).to.equal("a");
  });
});

function drawShare() {
  const capacity = random.whole(1, random.whole(0, 1) === 0 ? 30 : 2 ** 32 - 1);
  return { slots: random.whole(1, capacity), capacity };
}

/** Of any size: uniform ones of a large pool enter late. */
function drawTicket(): bigint {
  return random.bits(random.whole(90, 128));
}
