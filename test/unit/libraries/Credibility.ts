import { expect } from "chai";
import {
  closesRound,
  MAX_SEATS,
  MAX_TRUST,
  MAX_WEIGHT,
  MIN_TRUST,
  MIN_WEIGHT,
  seatLock,
  seatsOf,
  weightLimit,
} from "../../../src/protocol/consensus.js";
import { deployHarness, drawTrust, drawWeight, times } from "../../helpers/consensus.js";
import { loadFixture } from "../../helpers/network.js";
import { Random, SEED } from "../../helpers/seeded.js";

const CASES = 500;
const MAX_SCORE = 2 ** 32 - 1;

describe(`Credibility, seed ${SEED}`, () => {
  const random = new Random(`${SEED} credibility`);

  it("gives a round as many seats as the library says, around every power of two", async () => {
    const harness = await loadFixture(deployHarness);
    const trusts = new Set<number>([MIN_TRUST, MAX_TRUST]);
    for (let power = 1; power <= 14; power++) for (const by of [-1, 0, 1]) trusts.add(2 ** power + by);
    while (trusts.size < CASES) trusts.add(random.whole(MIN_TRUST, MAX_TRUST));
    const all = [...trusts].filter((trust) => trust >= MIN_TRUST && trust <= MAX_TRUST);
    await times(all.length, async (index) => {
      const trust = all[index] ?? MIN_TRUST;
      expect(await harness.seatsOf(trust), String(trust)).to.equal(seatsOf(trust));
    });
    expect(await harness.seatsOf(MIN_TRUST)).to.equal(3);
    expect(await harness.seatsOf(MAX_TRUST)).to.equal(MAX_SEATS);
  });

  it("limits weights by scores as the library does, around every step", async () => {
    const harness = await loadFixture(deployHarness);
    const scores = new Set<number>([0, MAX_SCORE]);
    for (let step = 1; step <= 40; step++) for (const by of [-1, 0, 1]) scores.add(3_000_000 * step + by);
    while (scores.size < CASES) scores.add(random.whole(0, random.whole(0, 1) === 0 ? 110_000_000 : MAX_SCORE));
    const all = [...scores];
    await times(all.length, async (index) => {
      const score = all[index] ?? 0;
      expect(await harness.weightLimit(score), String(score)).to.equal(weightLimit(score));
    });
    for (const [score, weight] of [
      [11_999_999, 2],
      [12_000_000, 3],
      [98_999_999, 31],
      [99_000_000, 32],
    ] as const) {
      expect(await harness.weightLimit(score)).to.equal(weight);
    }
  });

  it("locks what the library says", async () => {
    const harness = await loadFixture(deployHarness);
    const cases = Array.from({ length: CASES }, () => [random.bits(96), drawWeight(random), random.bits(88)] as const);
    await times(CASES, async (index) => {
      const [bond, weight, unit] = cases[index] ?? [0n, MIN_WEIGHT, 0n];
      expect(await harness.lockOf(bond, weight, unit)).to.equal(seatLock(bond, weight, unit));
    });
    expect(await harness.lockOf(7n, MIN_WEIGHT, 2n ** 88n - 1n)).to.equal(7n);
    expect(await harness.lockOf(7n, MAX_WEIGHT, 10n)).to.equal(307n);
  });

  describe("closes", () => {
    it("is what the library says of every round as it fills", async () => {
      const harness = await loadFixture(deployHarness);
      const cases = Array.from({ length: CASES }, () => {
        const trust = drawTrust(random);
        const heavy = random.whole(MIN_WEIGHT, MAX_WEIGHT);
        const length = random.whole(1, seatsOf(trust));
        const weights = Array.from({ length }, () => (random.whole(0, 2) === 0 ? drawWeight(random) : heavy));
        return [weights, trust] as const;
      });
      let closed = 0;
      await times(CASES, async (index) => {
        const [weights, trust] = cases[index] ?? [[], MIN_TRUST];
        const found = await harness.closes(weights, trust);
        expect(found, `${weights.join(" ")} for ${trust}`).to.equal(closesRound(weights, trust));
        if (found) closed += 1;
      });
      expect(closed).to.be.within(CASES / 10, (9 * CASES) / 10);
    });

    it("takes the product that just reaches, and the last seat whatever the product", async () => {
      const harness = await loadFixture(deployHarness);
      expect(await harness.closes([4, 4, 8, 8], 16)).to.be.true;
      expect(await harness.closes([4, 4, 8, 8], 17)).to.be.false;
      expect(await harness.closes([32, 32, 32], 32)).to.be.true;
      expect(await harness.closes([32, 32, 32], 33)).to.be.false;
      expect(await harness.closes([32, 32], 2)).to.be.false;
      expect(await harness.closes(Array<number>(MAX_SEATS - 1).fill(2), MAX_TRUST)).to.be.false;
      expect(await harness.closes(Array<number>(MAX_SEATS).fill(2), MAX_TRUST)).to.be.true;
      expect(await harness.closes(Array<number>(MAX_SEATS).fill(32), MAX_TRUST)).to.be.true;
    });
  });

  describe("wins", () => {
    it("believes a group alone from the product on that is the trust", async () => {
      const harness = await loadFixture(deployHarness);
      await times(CASES, async () => {
        const trust = BigInt(drawTrust(random));
        expect(await harness.wins(trust, trust - 1n, trust), String(trust)).to.be.true;
        expect(await harness.wins(trust - 1n, trust - 2n, trust), String(trust)).to.be.false;
        expect(await harness.wins(trust + 1n, trust, trust), String(trust)).to.be.true;
      });
    });

    it("never believes two groups of one round", async () => {
      const harness = await loadFixture(deployHarness);
      const cases = Array.from({ length: CASES }, () => {
        const groups = Array.from({ length: random.whole(2, 4) }, () => 2n + random.bits(random.whole(1, 80)));
        if (random.whole(0, 1) === 0) groups[1] = (groups[0] ?? 2n) + BigInt(random.whole(-1, 1));
        return [groups.map((group) => (group < 2n ? 2n : group)), BigInt(drawTrust(random))] as const;
      });
      await times(CASES, async (index) => {
        const [groups, trust] = cases[index] ?? [[], 2n];
        const excess = groups.reduce((sum, group) => sum + group - 1n, 0n);
        const won = await Promise.all(groups.map((group) => harness.wins(group, excess, trust)));
        expect(won.filter((one) => one).length, `${groups.join(" ")} for ${trust}`).to.be.lessThanOrEqual(1);
      });
    });

    it("does not overflow with the most of everything", async () => {
      const harness = await loadFixture(deployHarness);
      const most = 32n ** 16n;
      expect(await harness.wins(most, most - 1n, MAX_TRUST)).to.be.true;
      expect(await harness.wins(most, most - 1n + (2n ** 84n - 1n), MAX_TRUST)).to.be.false;
    });
  });
});
