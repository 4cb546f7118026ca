import { expect } from "chai";
import { entryOf, reachAt, SEED_DELAY, seedBlockOf, ticketBound, ticketOf } from "../../../src/protocol/consensus.js";
import { deployHarness, times } from "../../helpers/consensus.js";
import { loadFixture } from "../../helpers/network.js";
import { Random, SEED } from "../../helpers/seeded.js";

const CASES = 500;
const EVERYBODY = 2n ** 256n - 1n;
const TICKETS = 1n << 128n;
const MAX_SLOTS = 2 ** 32 - 1;

/** What the contracts call the reach that the library knows as `undefined`. */
const solid = (reach: bigint | undefined): bigint => reach ?? EVERYBODY;

describe(`Sortition, seed ${SEED}`, () => {
  const random = new Random(`${SEED} sortition`);

  describe("seedBlockOf", () => {
    const first = 1_000 + SEED_DELAY;
    for (const [current, block] of [
      [1_000, first],
      [first, first],
      [first + 1, first],
      [first + 256, first],
      [first + 257, first + 256],
      [first + 512, first + 256],
      [first + 513, first + 512],
      [first + 25_600, first + 25_344],
    ] as const) {
      it(`is block ${block - 1_000} after a submission in the eyes of block ${current - 1_000}`, async () => {
        const harness = await loadFixture(deployHarness);
        expect(await harness.seedBlockOf(1_000, current)).to.equal(block);
      });
    }

    it("is what the library says", async () => {
      const harness = await loadFixture(deployHarness);
      const cases = Array.from({ length: CASES }, () => {
        const open = random.whole(0, MAX_SLOTS);
        return [open, open + random.whole(0, random.whole(0, 1) === 0 ? 600 : 1_000_000)] as const;
      });
      await times(CASES, async (index) => {
        const [open, current] = cases[index] ?? [0, 0];
        const found = Number(await harness.seedBlockOf(open, current));
        expect(found, `${open} ${current}`).to.equal(seedBlockOf(open, current));
        if (current > open + SEED_DELAY) expect(found).to.be.within(current - 256, current - 1);
      });
    });
  });

  it("draws the tickets that the library draws, all of 128 bits", async () => {
    const harness = await loadFixture(deployHarness);
    const cases = Array.from({ length: CASES }, () => [random.bits(66), random.word(), random.number(32)] as const);
    await times(CASES, async (index) => {
      const [seed, taskId, provider] = cases[index] ?? [0n, "", 0];
      const ticket = await harness.ticketOf(seed, taskId, provider);
      expect(ticket, `${seed} ${taskId} ${provider}`).to.equal(ticketOf(seed, taskId, provider));
      expect(ticket < TICKETS).to.be.true;
    });
  });

  describe("reachAt", () => {
    for (const duration of [1, 2, 3, 4, 7, 32, 33, 3_200, 3_601, 604_800]) {
      it(`is what the library says around each thirty-second of ${duration} seconds`, async () => {
        const harness = await loadFixture(deployHarness);
        const moments = new Set<number>([0, duration]);
        for (let part = 8; part <= 24; part++) {
          for (const by of [-1, 0, 1]) moments.add(Math.max(0, Math.floor((duration * part) / 32) + by));
        }
        const all = [...moments];
        await times(all.length, async (index) => {
          const elapsed = all[index] ?? 0;
          expect(await harness.reachAt(elapsed, duration), String(elapsed)).to.equal(solid(reachAt(elapsed, duration)));
        });
      });
    }

    it("holds for the first quarter and takes everybody in from the last on, to the second", async () => {
      const harness = await loadFixture(deployHarness);
      for (const [duration, last, first] of [
        [3_200, 800, 2_400],
        [3_601, 900, 2_701],
        [3_603, 900, 2_703],
      ] as const) {
        expect(await harness.reachAt(last, duration)).to.equal(1n << 16n);
        expect(await harness.reachAt(last + 1, duration)).to.be.greaterThan(1n << 16n);
        expect(await harness.reachAt(first - 1, duration)).to.be.lessThan(1n << 32n);
        expect(await harness.reachAt(first, duration)).to.equal(EVERYBODY);
      }
    });

    it("is everybody in a window of no seconds", async () => {
      const harness = await loadFixture(deployHarness);
      expect(await harness.reachAt(0, 0)).to.equal(EVERYBODY);
    });

    it("is what the library says in windows of any length", async () => {
      const harness = await loadFixture(deployHarness);
      const cases = Array.from({ length: CASES }, () => {
        const duration = 1 + random.number(random.whole(1, 34));
        return [random.whole(0, duration), duration] as const;
      });
      await times(CASES, async (index) => {
        const [elapsed, duration] = cases[index] ?? [0, 1];
        const found = await harness.reachAt(elapsed, duration);
        expect(found, `${elapsed} of ${duration}`).to.equal(solid(reachAt(elapsed, duration)));
      });
    });
  });

  describe("boundOf", () => {
    const drawShare = () => {
      const capacity = random.whole(1, random.whole(0, 1) === 0 ? 30 : MAX_SLOTS);
      const slots = random.whole(0, 1) === 0 ? 1 : random.whole(1, capacity);
      return { slots, capacity };
    };

    it("is what the library says, and at most every ticket", async () => {
      const harness = await loadFixture(deployHarness);
      const cases = Array.from({ length: CASES }, () => {
        const duration = random.whole(1, 604_800);
        return [reachAt(random.whole(0, duration), duration), drawShare()] as const;
      });
      await times(CASES, async (index) => {
        const [reach, share] = cases[index] ?? [undefined, drawShare()];
        const bound = await harness.boundOf(solid(reach), share.slots, share.capacity);
        expect(bound, JSON.stringify(share)).to.equal(ticketBound(reach, share));
        expect(bound > 0n && bound <= TICKETS).to.be.true;
      });
    });

    it("does not overflow with the most of everything, nor lose who has least", async () => {
      const harness = await loadFixture(deployHarness);
      const most = (1n << 32n) - 1n;
      for (const reach of [1n << 16n, most]) {
        for (const slots of [1, MAX_SLOTS]) {
          for (const capacity of [1, MAX_SLOTS]) {
            const bound = await harness.boundOf(reach, slots, capacity);
            expect(bound).to.equal(ticketBound(reach, { slots, capacity }));
            expect(bound).to.be.greaterThan(0n);
          }
        }
      }
      expect(await harness.boundOf(EVERYBODY, 1, MAX_SLOTS)).to.equal(TICKETS);
    });

    it("is three quarters of a slot's share at first, and saturates where every slot is in, not before", async () => {
      const harness = await loadFixture(deployHarness);
      // A slot of twelve has the chance 1 / 16; at sixteen times the reach all of them are in.
      expect(await harness.boundOf(1n << 16n, 1, 12)).to.equal(TICKETS / 16n);
      expect(await harness.boundOf((1n << 20n) - 1n, 1, 12)).to.be.lessThan(TICKETS);
      for (const reach of [1n << 20n, (1n << 20n) + 1n, 1n << 31n]) {
        expect(await harness.boundOf(reach, 1, 12)).to.equal(TICKETS);
      }
    });

    it("gives many slots the chance of the lowest of as many tickets", async () => {
      const harness = await loadFixture(deployHarness);
      // 1 − (15 / 16)^slots.
      for (const slots of [2, 3, 7, 12]) {
        const bound = await harness.boundOf(1n << 16n, slots, 12);
        const exact = TICKETS - (TICKETS * 15n ** BigInt(slots)) / 16n ** BigInt(slots);
        expect(bound - exact >= 0n && bound - exact <= 64n, `${slots}: ${bound - exact}`).to.be.true;
      }
    });

    it("lets a ticket in from the very second that the library names", async () => {
      const harness = await loadFixture(deployHarness);
      const cases = Array.from(
        { length: CASES },
        () => [random.bits(random.whole(100, 128)), drawShare(), random.whole(1, 604_800)] as const,
      );
      await times(CASES, async (index) => {
        const [ticket, share, duration] = cases[index] ?? [0n, drawShare(), 1];
        const enters = async (elapsed: number): Promise<boolean> => {
          const reach = await harness.reachAt(elapsed, duration);
          return ticket < (await harness.boundOf(reach, share.slots, share.capacity));
        };
        const entry = entryOf(ticket, share, duration);
        const title = `${ticket} ${JSON.stringify(share)} ${duration}`;
        expect(await enters(entry), title).to.be.true;
        if (entry !== 0) expect(await enters(entry - 1), title).to.be.false;
      });
    });
  });
});
