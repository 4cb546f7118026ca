import { expect } from "chai";
import { type TaskSlotHarness, TaskSlotHarness__factory } from "../../../typechain-types/index.js";
import { anAccount } from "../../helpers/accounts.js";
import { loadFixture } from "../../helpers/network.js";
import { Random, SEED } from "../../helpers/seeded.js";

/** Fields of a slot from the lowest bit, with their widths, written down from the layout of `TaskSlot`. */
const WIDTHS = {
  state: 4n,
  flags: 4n,
  lapses: 3n,
  feeBps: 10n,
  royaltyBps: 11n,
  provider: 32n,
  startFraction: 32n,
  rampDuration: 24n,
  openedAt: 34n,
  deadline: 34n,
  clearedAt: 34n,
  markedAt: 34n,
} as const;
type Field = keyof typeof WIDTHS;
type Fields = Record<Field, bigint>;
const NAMES = Object.keys(WIDTHS) as Field[];

const FLAGS = { cancelled: 1n, disputed: 2n, opened: 4n, counted: 8n } as const;

function slotOf(fields: Fields): bigint {
  return NAMES.reduceRight((slot, name) => (slot << WIDTHS[name]) | fields[name], 0n);
}

function randomFields(random: Random): Fields {
  const entries = NAMES.map((name) => [name, random.bits(Number(WIDTHS[name]))]);
  return { ...(Object.fromEntries(entries) as Fields), state: random.between(0n, 8n) };
}

/** All fields of a slot as the harness reads them, the flags together. */
async function read(harness: TaskSlotHarness, slot: bigint): Promise<Fields> {
  const view = await harness.read(slot);
  const set = (Object.keys(FLAGS) as (keyof typeof FLAGS)[]).filter((name) => view[name]);
  const flags = set.reduce((sum, name) => sum | FLAGS[name], 0n);
  const { state, lapses, feeBps, royaltyBps, provider, startFraction, rampDuration } = view;
  const { openedAt, deadline, clearedAt, markedAt } = view;
  return {
    ...{ state, flags, lapses, feeBps, royaltyBps, provider, startFraction, rampDuration },
    ...{ openedAt, deadline, clearedAt, markedAt },
  };
}

const SETTERS: [Field, (harness: TaskSlotHarness, slot: bigint, value: bigint) => Promise<bigint>][] = [
  ["state", (harness, slot, value) => harness.withState(slot, value)],
  ["lapses", (harness, slot, value) => harness.withLapses(slot, value)],
  ["provider", (harness, slot, value) => harness.withProvider(slot, value)],
  ["openedAt", (harness, slot, value) => harness.withOpenedAt(slot, value)],
  ["deadline", (harness, slot, value) => harness.withDeadline(slot, value)],
  ["clearedAt", (harness, slot, value) => harness.withClearedAt(slot, value)],
  ["markedAt", (harness, slot, value) => harness.withMarkedAt(slot, value)],
];

async function deploy() {
  const deployer = await anAccount();
  return new TaskSlotHarness__factory(deployer).deploy();
}

describe("TaskSlotLib", () => {
  it("fills the slot", () => {
    expect(Object.values(WIDTHS).reduce<bigint>((sum, bits) => sum + bits, 0n)).to.equal(256n);
  });

  it(`reads each field of random slots (SEED=${SEED})`, async () => {
    const harness = await loadFixture(deploy);
    const random = new Random(SEED);
    for (let round = 0; round < 30; round++) {
      const fields = randomFields(random);
      expect(await read(harness, slotOf(fields))).to.deep.equal(fields);
    }
  });

  for (const name of NAMES) {
    it(`reads ${name} from no bits but its own`, async () => {
      const harness = await loadFixture(deploy);
      const zero = Object.fromEntries(NAMES.map((field) => [field, 0n])) as Fields;
      const most = name === "state" ? 8n : (1n << WIDTHS[name]) - 1n;
      for (const value of [1n, most]) {
        const fields = { ...zero, [name]: value };
        expect(await read(harness, slotOf(fields))).to.deep.equal(fields);
      }
    });
  }

  it("reads no state beyond the last", async () => {
    const harness = await loadFixture(deploy);
    expect((await harness.read(8)).state).to.equal(8n);
    await expect(harness.read(9)).to.be.revertedWithPanic(0x21);
  });

  for (const [name, set] of SETTERS) {
    it(`changes ${name} and no other field (SEED=${SEED})`, async () => {
      const harness = await loadFixture(deploy);
      const random = new Random(SEED + name);
      const most = name === "state" ? 8n : (1n << WIDTHS[name]) - 1n;
      for (const value of [0n, most, random.between(0n, most), random.between(0n, most)]) {
        const fields = randomFields(random);
        expect(await set(harness, slotOf(fields), value)).to.equal(slotOf({ ...fields, [name]: value }));
      }
    });
  }

  for (const [name, flag] of Object.entries(FLAGS)) {
    it(`adds the flag ${name} and keeps every other bit (SEED=${SEED})`, async () => {
      const harness = await loadFixture(deploy);
      const random = new Random(SEED + name);
      for (const flags of [0n, flag, 15n & ~flag, 15n]) {
        const fields = { ...randomFields(random), flags };
        expect(await harness.withFlag(slotOf(fields), flag)).to.equal(slotOf({ ...fields, flags: flags | flag }));
      }
    });
  }

  describe("open", () => {
    /** Fields that a new task has, in the sequence of the parameters. */
    const given = ["openedAt", "deadline", "rampDuration", "startFraction", "feeBps", "royaltyBps", "flags"] as const;
    type Args = [bigint, bigint, bigint, bigint, bigint, bigint, bigint];
    const argsOf = (fields: Fields) => given.map((name) => fields[name]) as Args;
    const fresh = { state: 1n, lapses: 0n, provider: 0n, clearedAt: 0n, markedAt: 0n };

    it(`puts each value into its field and leaves the others zero (SEED=${SEED})`, async () => {
      const harness = await loadFixture(deploy);
      const random = new Random(SEED);
      for (let round = 0; round < 20; round++) {
        const fields = { ...randomFields(random), ...fresh };
        expect(await harness.open(...argsOf(fields))).to.equal(slotOf(fields));
      }
    });

    for (const name of given) {
      it(`takes the largest ${name} of ${WIDTHS[name]} bits and no larger`, async () => {
        const harness = await loadFixture(deploy);
        const fields = { ...randomFields(new Random(name)), ...fresh };
        const end = 1n << WIDTHS[name];
        const last = { ...fields, [name]: end - 1n };
        expect(await harness.open(...argsOf(last))).to.equal(slotOf(last));
        for (const value of [end, 2n ** 256n - 1n]) {
          await expect(harness.open(...argsOf({ ...fields, [name]: value })))
            .to.be.revertedWithCustomError(harness, "PackedFieldOverflow")
            .withArgs(value, WIDTHS[name]);
        }
      });
    }
  });
});
