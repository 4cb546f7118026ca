import { expect } from "chai";
import { toBeHex, ZeroHash } from "ethers";
import {
  judgeRound,
  MAX_SEATS,
  MAX_TRUST,
  MAX_WEIGHT,
  MIN_TRUST,
  MIN_WEIGHT,
  SEAT_OUTCOMES,
  type Vote,
} from "../../../src/protocol/consensus.js";
import type { ConsensusHarness } from "../../../typechain-types/index.js";
import { deployHarness, drawTrust, drawWeight, times } from "../../helpers/consensus.js";
import { loadFixture } from "../../helpers/network.js";
import { Random, SEED } from "../../helpers/seeded.js";

const CASES = 1_000;

/** Digests of results, told apart by their first 16 bytes. */
const digestOf = (result: string | undefined): string =>
  result === undefined ? ZeroHash : toBeHex((BigInt(result.charCodeAt(0)) << 248n) | 1n, 32);

const seatsFrom = (votes: readonly Vote[], claimed = 0) =>
  votes.map(({ weight, result }, seat) => ({
    provider: seat + 1,
    weight,
    digest: digestOf(result),
    claimed: ((claimed >> seat) & 1) === 1,
  }));

const maskOf = (votes: readonly Vote[], holds: (vote: Vote) => boolean): bigint =>
  votes.reduce((mask, vote, seat) => (holds(vote) ? mask | (1n << BigInt(seat)) : mask), 0n);

/** Compares what the contracts and the library say of a round. */
async function expectAlike(harness: ConsensusHarness, votes: readonly Vote[], trust: number): Promise<boolean> {
  const { winner, outcomes } = judgeRound(votes, trust);
  const found = await harness.judge.staticCall(seatsFrom(votes), trust, 0);
  const title = `${votes.map(({ weight, result }) => `${weight}${result ?? "-"}`).join(" ")} for ${trust}`;
  const opened = maskOf(votes, ({ result }) => result !== undefined);
  expect(found.opened, title).to.equal(opened);
  expect(found.isOpen, title).to.equal(opened === (1n << BigInt(votes.length)) - 1n);
  expect(found.winners, title).to.equal(winner === undefined ? 0n : maskOf(votes, ({ result }) => result === winner));
  const names = found.outcomes.map((outcome) => SEAT_OUTCOMES[Number(outcome)]);
  expect(names, title).to.deep.equal(outcomes);
  return winner !== undefined;
}

describe(`RoundLib, seed ${SEED}`, () => {
  const random = new Random(`${SEED} rounds`);

  describe("judge", () => {
    it("says of any round what the library says", async () => {
      const harness = await loadFixture(deployHarness);
      const cases = Array.from({ length: CASES }, () => {
        const kinds = random.whole(1, 4);
        const silent = random.whole(0, 2);
        const votes = Array.from({ length: random.whole(0, MAX_SEATS) }, (): Vote => {
          const kind = random.whole(-silent, kinds);
          return { weight: drawWeight(random), result: kind <= 0 ? undefined : "abcd"[kind - 1] };
        });
        return [votes, drawTrust(random)] as const;
      });
      let won = 0;
      await times(CASES, async (index) => {
        const [votes, trust] = cases[index] ?? [[], MIN_TRUST];
        if (await expectAlike(harness, votes, trust)) won += 1;
      });
      expect(won).to.be.within(CASES / 10, (9 * CASES) / 10);
    });

    for (const trust of [MIN_TRUST, 16, MAX_TRUST]) {
      for (const weight of [MIN_WEIGHT, MAX_WEIGHT]) {
        it(`says the same of any 16 seats of weight ${weight} for a trust of ${trust}`, async () => {
          const harness = await loadFixture(deployHarness);
          await times(CASES / 2, async (index) => {
            // Every size of a minority and every number of silent seats, then any.
            const [others, silent] = [index % 17, Math.floor(index / 17) % 17];
            const votes = Array.from({ length: MAX_SEATS }, (_, seat): Vote => {
              const place = (seat * 7 + index) % MAX_SEATS;
              const result = place < silent ? undefined : place < silent + others ? "b" : "a";
              return { weight, result };
            });
            await expectAlike(harness, votes, trust);
          });
        });
      }
    }

    it("says the same of every pattern of opened seats, of one result and of two", async () => {
      const harness = await loadFixture(deployHarness);
      const weights = [2, 3, 2, 5, 2, 2, 4, 2];
      await times(2 ** weights.length, async (pattern) => {
        for (const results of ["aaaaaaaa", "aabababa"]) {
          const votes = weights.map((weight, seat): Vote => ({
            weight,
            result: ((pattern >> seat) & 1) === 1 ? results[seat] : undefined,
          }));
          await expectAlike(harness, votes, 16);
        }
      });
    });

    it("compares the first 16 bytes of digests and no more", async () => {
      const harness = await loadFixture(deployHarness);
      const base = BigInt(random.word()) | 1n;
      const seat = (digest: bigint, provider: number) => ({
        ...{ provider, weight: 2, digest: toBeHex(digest, 32), claimed: false },
      });
      const winners = async (other: bigint) => {
        const votes = [seat(base, 1), seat(base, 2), seat(other, 3)];
        return (await harness.judge.staticCall(votes, 2, 0)).winners;
      };
      expect(await winners(base ^ (1n << 127n))).to.equal(7n);
      expect(await winners(base ^ (1n << 128n))).to.equal(3n);
      expect(await winners(base ^ (1n << 255n))).to.equal(3n);
    });

    it("tells a contradiction from an agreement that is too weak", async () => {
      const harness = await loadFixture(deployHarness);
      const contradicted = async (results: string) => {
        const votes = Array.from(results, (result): Vote => ({
          weight: 2,
          result: result === "-" ? undefined : result,
        }));
        return (await harness.judge.staticCall(seatsFrom(votes), 64, 0)).contradicted;
      };
      for (const results of ["", "a", "-", "aa", "a-", "aaa", "a-a-"]) expect(await contradicted(results)).to.be.false;
      for (const results of ["ab", "aab", "a-b", "abc", "-ab-"]) expect(await contradicted(results)).to.be.true;
    });

    it("believes no opening alone, and a heavy one against a light one", async () => {
      const harness = await loadFixture(deployHarness);
      const winners = async (votes: Vote[]) => (await harness.judge.staticCall(seatsFrom(votes), 2, 0)).winners;
      const heavy: Vote = { weight: MAX_WEIGHT, result: "a" };
      expect(await winners([heavy])).to.equal(0n);
      expect(await winners([heavy, { weight: 2, result: undefined }])).to.equal(0n);
      expect(await winners([heavy, { weight: 2, result: "b" }])).to.equal(1n);
    });
  });

  describe("outcomeOf", () => {
    it("calls a winner that is not paid unclaimed, and the rest what it calls them anyway", async () => {
      const harness = await loadFixture(deployHarness);
      const votes: Vote[] = Array.from("aab-", (result) => ({
        weight: 2,
        result: result === "-" ? undefined : result,
      }));
      const found = await Promise.all(votes.map((_, seat) => harness.unpaid.staticCall(seatsFrom(votes), 2, seat)));
      expect(found.map((outcome) => SEAT_OUTCOMES[Number(outcome)])).to.deep.equal([
        ...["Unclaimed", "Unclaimed", "Wrong", "Unopened"],
      ]);
    });
  });

  describe("load", () => {
    it("finds every seat up to the first that is not taken, and marks what is opened and claimed", async () => {
      const harness = await loadFixture(deployHarness);
      for (let count = 0; count <= MAX_SEATS; count++) {
        const votes = Array.from({ length: count }, (_, seat): Vote => ({
          weight: 2,
          result: seat % 3 === 0 ? undefined : "a",
        }));
        const claims = 0b1011_0110_1101_1010 & (2 ** count - 1);
        const found = await harness.judge.staticCall(seatsFrom(votes, claims), 2, 0);
        expect(found.outcomes).to.have.length(count);
        expect(found.opened).to.equal(maskOf(votes, ({ result }) => result !== undefined));
        expect(found.claimed).to.equal(BigInt(claims));
      }
    });

    it("reads no further than it is told", async () => {
      const harness = await loadFixture(deployHarness);
      const votes = Array.from({ length: 6 }, (): Vote => ({ weight: 2, result: "a" }));
      const found = await harness.judge.staticCall(seatsFrom(votes), 2, 4);
      expect([found.outcomes.length, found.opened, found.winners]).to.deep.equal([4, 15n, 15n]);
    });
  });

  it("clears as many seats as it is told", async () => {
    const harness = await loadFixture(deployHarness);
    const votes = Array.from({ length: MAX_SEATS }, (): Vote => ({ weight: MAX_WEIGHT, result: "a" }));
    for (const count of [0, 1, 15, 16]) {
      expect(await harness.cleared.staticCall(seatsFrom(votes), count)).to.equal(MAX_SEATS - count);
    }
  });
});
