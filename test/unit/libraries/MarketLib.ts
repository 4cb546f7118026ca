import { expect } from "chai";
import { marketPriceAt, utilisationOf } from "../../../src/protocol/market.js";
import { ControllerHarness__factory } from "../../../typechain-types/index.js";
import { anAccount } from "../../helpers/accounts.js";
import { loadFixture } from "../../helpers/network.js";
import { Random, SEED } from "../../helpers/seeded.js";

/** Fields of a slot from the lowest bit, with their widths, written down from the layout of `Market`. */
const WIDTHS = { price: 96n, openTasks: 32n, capacity: 32n, touchedAt: 40n, parameters: 48n } as const;
type Fields = Record<keyof typeof WIDTHS, bigint>;
const NAMES = Object.keys(WIDTHS) as (keyof Fields)[];
const MAX_COUNT = 2n ** 32n - 1n;

const slotOf = (fields: Fields): bigint => NAMES.reduceRight((slot, name) => (slot << WIDTHS[name]) | fields[name], 0n);

const parametersOf = (packed: bigint) => ({
  target: Number(packed & 0xffffn),
  speed: Number((packed >> 16n) & 0xffffn),
  clamp: Number(packed >> 32n),
});

function randomFields(random: Random): Fields {
  const [target, speed] = [random.between(5_000n, 9_500n), random.between(10n, 40_000n)];
  const parameters = (random.between(10n, 1_000n) << 32n) | (speed << 16n) | target;
  const fields = Object.fromEntries(NAMES.map((name) => [name, random.bits(Number(WIDTHS[name]))])) as Fields;
  return { ...fields, parameters };
}

async function deploy() {
  return new ControllerHarness__factory(await anAccount()).deploy();
}

describe("MarketLib", () => {
  it(`reads every field and changes only what an event changes (SEED=${SEED})`, async () => {
    const harness = await loadFixture(deploy);
    const random = new Random(SEED);
    const read = async (slot: bigint): Promise<Fields> => {
      const { price, openTasks, capacity, touchedAt, parameters } = await harness.read(slot);
      return { price, openTasks, capacity, touchedAt, parameters };
    };
    for (let round = 0; round < 60; round++) {
      const fields = randomFields(random);
      const slot = slotOf(fields);
      expect(await read(slot)).to.deep.equal(fields);
      const { price, openTasks, capacity, touchedAt } = fields;

      const slots = random.bits(32);
      const packed = random.bits(48);
      expect(await read(await harness.withParameters(slot, packed))).to.deep.equal({ ...fields, parameters: packed });
      if (openTasks < MAX_COUNT) {
        expect(await read(await harness.opened(slot))).to.deep.equal({ ...fields, openTasks: openTasks + 1n });
      }
      if (openTasks > 0n) {
        expect(await read(await harness.closed(slot))).to.deep.equal({ ...fields, openTasks: openTasks - 1n });
      }
      if (capacity + slots <= MAX_COUNT) {
        expect(await read(await harness.grown(slot, slots))).to.deep.equal({ ...fields, capacity: capacity + slots });
      }
      if (capacity >= slots) {
        expect(await read(await harness.shrunk(slot, slots))).to.deep.equal({ ...fields, capacity: capacity - slots });
      }

      const time = random.between(touchedAt, 2n ** 40n - 1n);
      const floor = random.bits(96);
      const parameters = parametersOf(fields.parameters);
      const later = await read(await harness.touched(slot, floor, time));
      const moved = marketPriceAt({ price, openTasks, capacity, touchedAt, parameters }, floor, time);
      expect(later).to.deep.equal({ ...fields, price: moved, touchedAt: time });
      const share = Math.floor(utilisationOf({ openTasks, capacity }) * 10_000 + 1e-9);
      expect(await harness.utilisation(slot)).to.equal(BigInt(share));
    }
  });

  it("refuses to count beyond 32 bits", async () => {
    const harness = await loadFixture(deploy);
    const full = slotOf({ price: 1n, openTasks: MAX_COUNT, capacity: MAX_COUNT, touchedAt: 5n, parameters: 7n });
    for (const attempt of [harness.opened(full), harness.grown(full, 1)]) {
      await expect(attempt)
        .to.be.revertedWithCustomError(harness, "PackedFieldOverflow")
        .withArgs(MAX_COUNT + 1n, 32);
    }
    await expect(harness.closed(0n)).to.be.revertedWithPanic(1);
    await expect(harness.shrunk(0n, 1)).to.be.revertedWithPanic(1);
  });

  it("has no price before the first order but the floor, and none of its own after a touch", async () => {
    const harness = await loadFixture(deploy);
    const idle = slotOf({ price: 0n, openTasks: 0n, capacity: 9n, touchedAt: 5n, parameters: 0n });
    expect((await harness.read(await harness.touched(idle, 0, 1_000))).price).to.equal(0);
    expect((await harness.read(await harness.touched(idle, 77, 1_000))).price).to.equal(77);
  });
});
