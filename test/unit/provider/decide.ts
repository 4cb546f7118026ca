import { expect } from "chai";
import { decide, type Offer, paymentAt, timeOfPayment } from "../../../src/provider/decide.js";
import { draftOrder, Verification } from "../../../src/protocol/order.js";
import { priceAt } from "../../../src/protocol/price.js";
import { Random, SEED } from "../../helpers/seeded.js";

const NOW = 1_000_000;
const anOffer = (changes: Partial<Offer["order"]> = {}, task: Partial<Offer> = {}): Offer => ({
  taskId: `0x${"11".repeat(32)}`,
  order: draftOrder({
    client: `0x${"22".repeat(20)}`,
    source: 1,
    maxReward: 2_000_000n,
    bond: 500n,
    deadline: NOW + 3600,
    inputDigest: `0x${"33".repeat(32)}`,
    ...changes,
  }),
  startFraction: 2n ** 31n,
  openedAt: BigInt(NOW),
  clearedAt: 0n,
  deadline: BigInt(NOW + 3600),
  rampDuration: 1000n,
  feeBps: 250n,
  royaltyBps: 500n,
  ...task,
});
const standing = { environments: 1, gpuMemory: 0, freeStake: 500n, score: 10, slots: 2, freeSlots: 1, joinedAt: 0 };
const cheap = { payment: 900_000n, duration: 10 };

describe("provider.decide", () => {
  it("tries what pays enough", () => {
    expect(decide(anOffer(), standing, cheap, NOW)).to.deep.equal({ act: "attempt" });
  });

  it("waits for the price, but begins so early that the result is there when it pays", () => {
    // 92.5 % of 1.5 million is 1,387,500, half-way up the ramp, rounded up to the second.
    const decision = decide(anOffer(), standing, { payment: 1_387_500n, duration: 30 }, NOW);
    expect(decision).to.deep.equal({ act: "wait", until: NOW + 471 });
    expect(decide(anOffer(), standing, { payment: 1_387_500n, duration: 30 }, NOW + 471).act).to.equal("attempt");
  });

  for (const [title, offer, self, costs, now, reason] of [
    ["a payment that never comes", anOffer(), standing, { payment: 1_850_001n, duration: 1 }, NOW, "never pays"],
    ["a deadline too near", anOffer(), standing, { payment: 1n, duration: 3601 }, NOW, "deadline"],
    ["a task past its deadline", anOffer(), standing, cheap, NOW + 3600, "deadline"],
    ["a bond beyond its stake", anOffer({ bond: 501n }), standing, cheap, NOW, "bond of 501"],
    ["a score above its own", anOffer({ minScore: 11 }), standing, cheap, NOW, "score of 11"],
    ["another environment", anOffer({ environments: 2 }), standing, cheap, NOW, "hardware"],
    [
      "too little memory",
      anOffer({ environments: 2, minGpuMemory: 9 }),
      { ...standing, environments: 2, gpuMemory: 8 },
      cheap,
      NOW,
      "hardware",
    ],
    ["a proof", anOffer({ verification: Verification.Proof }), standing, cheap, NOW, "verification"],
  ] as const) {
    it(`leaves ${title}`, () => {
      const decision = decide(offer, self, costs, now);
      expect(decision.act).to.equal("leave");
      expect(decision.act === "leave" && decision.reason).to.include(reason);
    });
  }

  it("tries what can be disputed as it tries all else", () => {
    expect(decide(anOffer({ trust: 2 }), standing, cheap, NOW)).to.deep.equal({ act: "attempt" });
    const decision = decide(anOffer({ trust: 2, bond: 501n }), standing, cheap, NOW);
    expect(decision.act === "leave" && decision.reason).to.include("bond of 501");
  });

  it("takes the whole cap if only that is enough", () => {
    expect(decide(anOffer(), standing, { payment: 1_850_000n, duration: 1 }, NOW)).to.deep.equal({
      act: "wait",
      until: NOW + 999,
    });
  });

  it(`finds the first second that pays (SEED=${SEED})`, () => {
    const random = new Random(SEED);
    for (let round = 0; round < 300; round++) {
      const offer = anOffer(
        { maxReward: random.between(1n, 10n ** 18n) },
        {
          startFraction: random.bits(32),
          rampDuration: random.between(0n, 4000n),
          feeBps: random.between(10n, 1000n),
          royaltyBps: random.between(0n, 2000n),
        },
      );
      const cap = offer.order.maxReward;
      const payment = random.between(1n, cap);
      const time = timeOfPayment(offer, payment);
      const paid = (at: number) => paymentAt(offer, priceAt(offer, cap, BigInt(at)));
      if (time === undefined) expect(paid(Number(offer.deadline)) < payment, `round ${round}`).to.equal(true);
      else {
        expect(paid(time) >= payment, `round ${round}`).to.equal(true);
        // Rounding may make it a second late, never early.
        if (time > NOW + 1) expect(paid(time - 2) < payment, `round ${round}`).to.equal(true);
      }
    }
  });
});

describe("provider.decide on a reservation", () => {
  const reserving = (reservation: number, task: Partial<Offer> = {}) => anOffer({ reservation }, task);
  const reasonOf = (...of: Parameters<typeof decide>) => {
    const decision = decide(...of);
    return decision.act === "leave" ? decision.reason : decision.act;
  };

  it("tries what pays now", () => {
    expect(decide(reserving(600), standing, cheap, NOW)).to.deep.equal({ act: "attempt" });
  });

  it("waits until it pays, since the price is fixed before the work begins", () => {
    const costs = { payment: 1_387_500n, duration: 30 };
    expect(decide(reserving(600), standing, costs, NOW)).to.deep.equal({ act: "wait", until: NOW + 501 });
    expect(decide(reserving(600), standing, costs, NOW + 500)).to.deep.equal({ act: "wait", until: NOW + 501 });
    expect(decide(reserving(600), standing, costs, NOW + 501)).to.deep.equal({ act: "attempt" });
  });

  it("leaves a reservation in which the work does not surely fit", () => {
    // Half as long again, and ten seconds for all else.
    const costs = { payment: 1n, duration: 60 };
    expect(reasonOf(reserving(99), standing, costs, NOW)).to.equal("its reservation of 99 s is too short");
    expect(decide(reserving(100), standing, costs, NOW).act).to.equal("attempt");
  });

  it("leaves a reservation that would end after the deadline, the cancelled one too", () => {
    expect(decide(reserving(600), standing, cheap, NOW + 3000).act).to.equal("attempt");
    expect(reasonOf(reserving(600), standing, cheap, NOW + 3001)).to.contain("after its deadline");
    const cancelled = reserving(600, { deadline: BigInt(NOW + 300) });
    expect(reasonOf(cancelled, standing, cheap, NOW)).to.contain("after its deadline");
    // By the time it pays it is too late.
    const late = { payment: 1_387_500n, duration: 30 };
    expect(reasonOf(reserving(3_500), standing, late, NOW)).to.contain("after its deadline");
  });

  it("waits for a slot, but not with an order that needs none", () => {
    const full = { ...standing, slots: 2, freeSlots: 0, joinedAt: 0 };
    expect(decide(reserving(600), full, cheap, NOW)).to.deep.equal({ act: "wait", until: NOW + 1 });
    expect(decide(anOffer(), full, cheap, NOW)).to.deep.equal({ act: "attempt" });
  });
});
