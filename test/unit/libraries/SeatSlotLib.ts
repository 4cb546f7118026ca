import { expect } from "chai";
import { dataSlice, type Result, ZeroHash } from "ethers";
import type { ConsensusHarness } from "../../../typechain-types/index.js";
import { deployHarness, times } from "../../helpers/consensus.js";
import { loadFixture } from "../../helpers/network.js";
import { Random, SEED } from "../../helpers/seeded.js";

const CASES = 500;
/** Bytes of a seal, a digest and an envelope's hash that a seat keeps. */
const [SEAL, DIGEST, HASH] = [26, 16, 10] as const;

const OPENED = 1n << 38n;
const CLAIMED = 1n << 39n;

/** A slot as the layout of `SeatSlot` says. */
const slotOf = (result: string, provider: bigint, weight: bigint, flags = 0n): bigint =>
  (BigInt(result) << 48n) | (weight << 32n) | provider | flags;

/** All fields of a slot as the harness reads them. */
async function read(harness: ConsensusHarness, slot: bigint): Promise<Record<string, unknown>> {
  const view: unknown = await harness.read(slot);
  return (view as Result).toObject();
}

describe(`SeatSlotLib, seed ${SEED}`, () => {
  const random = new Random(`${SEED} seats`);
  const draw = () => ({
    provider: random.bits(32),
    weight: random.bits(6),
    seal: random.word(),
    digest: random.word(),
    envelopeHash: random.word(),
  });

  it("keeps every field from the seal to the claim", async () => {
    const harness = await loadFixture(deployHarness);
    const cases = Array.from({ length: CASES }, draw);
    await times(CASES, async (index) => {
      const { provider, weight, seal, digest, envelopeHash } = cases[index] ?? draw();
      const taken = await harness.sealedBy(provider, weight, seal);
      expect(taken).to.equal(slotOf(dataSlice(seal, 0, SEAL), provider, weight));
      const opened = await harness.openedWith(taken, digest, envelopeHash);
      const result = dataSlice(digest, 0, DIGEST) + dataSlice(envelopeHash, 0, HASH).slice(2);
      expect(opened).to.equal(slotOf(result, provider, weight, OPENED));
      const claimed = await harness.withClaim(opened);
      expect(claimed).to.equal(slotOf(result, provider, weight, OPENED | CLAIMED));

      const [before, after, end] = await Promise.all([taken, opened, claimed].map((slot) => read(harness, slot)));
      const whom = { provider, weight, opened: false, claimed: false };
      expect(before).to.deep.include({ ...whom, seal: dataSlice(seal, 0, SEAL) });
      const what = { digest: dataSlice(digest, 0, DIGEST), envelopeHash: dataSlice(envelopeHash, 0, HASH) };
      expect(after).to.deep.include({ ...whom, ...what, opened: true });
      expect(end).to.deep.include({ ...whom, ...what, opened: true, claimed: true });
    });
  });

  it("reads each field from no bits but its own", async () => {
    const harness = await loadFixture(deployHarness);
    const ones = (bits: bigint) => (1n << bits) - 1n;
    const zero = { provider: 0n, weight: 0n, opened: false, claimed: false };
    for (const [slot, fields] of [
      [ones(32n), { ...zero, provider: ones(32n) }],
      [ones(6n) << 32n, { ...zero, weight: 63n }],
      [OPENED, { ...zero, opened: true }],
      [CLAIMED, { ...zero, claimed: true }],
      [ones(8n) << 40n, zero],
      [ones(208n) << 48n, zero],
    ] as const) {
      expect(await read(harness, slot)).to.deep.include(fields);
    }
    expect(await read(harness, ones(48n))).to.deep.include({
      seal: `0x${"00".repeat(SEAL)}`,
      digest: `0x${"00".repeat(DIGEST)}`,
      envelopeHash: `0x${"00".repeat(HASH)}`,
    });
    expect((await read(harness, ones(80n) << 48n))["digest"]).to.equal(`0x${"00".repeat(DIGEST)}`);
    expect((await read(harness, ones(128n) << 128n))["envelopeHash"]).to.equal(`0x${"00".repeat(HASH)}`);
  });

  it("is taken with the first seal, and stays so whatever is opened", async () => {
    const harness = await loadFixture(deployHarness);
    expect(await harness.isTaken(0n)).to.be.false;
    const taken = await harness.sealedBy(1, 2, ZeroHash);
    expect(await harness.isTaken(taken)).to.be.true;
    const opened = await harness.openedWith(taken, ZeroHash, ZeroHash);
    expect(opened).to.equal(slotOf("0x00", 1n, 2n, OPENED));
    expect(await harness.isTaken(opened)).to.be.true;
  });
});
