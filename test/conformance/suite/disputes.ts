import { expect } from "chai";
import { accept } from "../../../src/protocol/actions/accept.js";
import { deliver } from "../../../src/protocol/actions/deliver.js";
import { disclose } from "../../../src/protocol/actions/disclose.js";
import { dispute } from "../../../src/protocol/actions/dispute.js";
import { openDelivery } from "../../../src/protocol/actions/openDelivery.js";
import { openVote } from "../../../src/protocol/actions/openVote.js";
import { settle } from "../../../src/protocol/actions/settle.js";
import { takeSeat } from "../../../src/protocol/actions/takeSeat.js";
import { MIN_WEIGHT, seatsOf, SPARE_MEMBERS } from "../../../src/protocol/consensus.js";
import { readPanel } from "../../../src/protocol/panel.js";
import { refused } from "./expect.js";
import type { Scenario } from "./scenario.js";
import { CAP, provide, resultFor, saleOf, stage, STAKE, submit, type Supplier } from "./work.js";
import { MIN_STAKE, now, read, until, type World } from "./world.js";

const TRUST = 2;
const SEATS = seatsOf(TRUST);
const BOND = BigInt(SEATS) * CAP;
/** Seconds from the submission to the deadline, and so nearly as many for the panel to seal. */
const WINDOW = 40;
const SECRET = `0x${"5e".repeat(32)}`;

/** A source with members enough, one of which has disclosed `output`, and the client has disputed it. */
async function quarrel(world: World, output: string) {
  const [scene, stranger] = await Promise.all([stage(world, SEATS + SPARE_MEMBERS), world.actor()]);
  const { client, source, providers } = scene;
  await until(client, await now(client));
  const terms = { trust: TRUST, bond: BOND, reviewPeriod: 60, deadline: (await now(client)) + WINDOW };
  const task = await submit(client, source, terms);
  const { order, taskId } = task;
  const [maker, ...judges] = providers;
  if (maker === undefined) throw new Error("There are five members.");
  const { owner, provider } = maker;
  const delivery = resultFor(taskId, provider, output);
  await deliver(owner, { order, provider: Number(provider), seal: delivery.seal });
  const late = provide(world, source);
  late.catch(() => undefined);
  await disclose(owner, { order, commitment: delivery.commitment, envelope: delivery.envelope });
  const begun = await dispute(client, { order });
  expect(begun).to.include({ taskId, provider: Number(provider), fee: BigInt(SEATS) * CAP, judged: false });
  return { ...scene, ...task, stranger, maker, judges, delivery, late };
}
type Quarrel = Awaited<ReturnType<typeof quarrel>>;

/** The judges seal these results, as soon as all may; they are told in the sequence of their seats. */
async function seal({ client, order, taskId, judges }: Quarrel, outputs: readonly string[]) {
  const { sealsFrom = 0, sealsUntil = 0 } = await readPanel(client, order);
  await until(client, sealsFrom + Math.ceil(((sealsUntil - sealsFrom) * 3) / 4));
  const seats = await Promise.all(
    outputs.map(async (output, index) => {
      const judge = judges[index];
      if (judge === undefined) throw new Error("There are four judges.");
      const result = resultFor(taskId, judge.provider, output);
      const place = { order, provider: Number(judge.provider), weight: MIN_WEIGHT, seal: result.seal };
      const { seat } = await takeSeat(judge.owner, place);
      return { ...judge, ...result, seat };
    }),
  );
  return seats.sort((one, other) => one.seat - other.seat);
}
type Sealed = Awaited<ReturnType<typeof seal>>[number];

const vote = (
  { taskId }: Quarrel,
  { owner, seat, resultDigest, salt, envelopeHash }: Sealed,
  { by = owner, available = true } = {},
) => openVote(by, { taskId, seat, resultDigest, salt, envelopeHash, available });

const reveal = ({ order, delivery, maker }: Quarrel, by = maker.owner) =>
  openDelivery(by, { order, ...delivery, envelopeSecret: SECRET });

/** Free balance of a provider's owner, its stake, what is locked of it, and its frauds. */
async function standingOf({ client }: Quarrel, { owner, provider }: Supplier) {
  const { escrow, providerPool, reputation } = client.contracts;
  return read(client, async (at) => {
    const [account, stake, record] = await Promise.all([
      ...([escrow.accountOf(owner.address, at), providerPool.getProvider(provider, at)] as const),
      reputation.getRecord(provider, at),
    ]);
    return [account.free, stake.stake, stake.locked, record.frauds];
  });
}

const accountOf = async ({ client }: Quarrel) => {
  const { free, held, fees } = await read(client, (at) => client.contracts.escrow.accountOf(client.address, at));
  return [free, held, fees];
};

/** What is locked of a stake when no dispute is left. */
const PLACE = 2n * MIN_STAKE;

/** Reviews that end before a panel. */
export const disputes: Scenario[] = [
  {
    title: "a right result that is disputed is upheld: its provider is paid, and the panel by the client",
    async play(world) {
      const quarrelled = await quarrel(world, "truth");
      const { client, stranger, order, packed, taskId, maker, late } = quarrelled;
      await Promise.all([
        refused(dispute(client, { order }), "WrongState", { taskId, state: 5n }),
        refused(reveal(quarrelled), "TooEarly", { taskId }),
        refused(accept(client, { order }), "TooEarly", { taskId }),
      ]);
      const seats = await seal(quarrelled, ["truth", "truth", "truth"]);
      const [one, two, three] = seats;
      if (!one || !two || !three) throw new Error("There are three seats.");
      const latecomer = await late;
      const place = { order, weight: MIN_WEIGHT, seal: one.seal };
      await Promise.all([
        refused(vote(quarrelled, one), "TooEarly", { taskId }),
        refused(takeSeat(maker.owner, { ...place, provider: Number(maker.provider) }), "DisputedProvider", { taskId }),
        refused(takeSeat(latecomer.owner, { ...place, provider: Number(latecomer.provider) }), "SealingOver", {
          taskId,
        }),
        refused(reveal(quarrelled, stranger), "NotAgent", { provider: maker.provider, key: stranger.address }),
      ]);
      await reveal(quarrelled);
      await refused(reveal(quarrelled), "DeliveryAlreadyOpened", { taskId });
      await refused(vote(quarrelled, one, { by: stranger }), "NotAgent", { provider: one.provider });
      await Promise.all(seats.map((seat) => vote(quarrelled, seat)));
      expect(await readPanel(client, order)).to.include({ decided: true, outcome: "Upheld" });

      const { settlements, ruling } = await settle(stranger, { order });
      const { fee, royalty, payment } = saleOf(CAP);
      expect(settlements).to.have.length(1);
      expect(settlements[0]).to.include({ provider: Number(maker.provider), price: CAP, fee, royalty, payment });
      expect(ruling?.awards.map(({ amount }) => amount)).to.deep.equal([CAP, CAP, CAP]);
      expect(await accountOf(quarrelled)).to.deep.equal([STAKE - 4n * CAP, 0n, fee]);
      expect(await standingOf(quarrelled, maker)).to.deep.equal([payment, STAKE, PLACE, 0n]);
      for (const seat of seats) expect(await standingOf(quarrelled, seat)).to.deep.equal([CAP, STAKE, PLACE, 0n]);
      await refused(settle(stranger, { order }), "WrongState", { taskId, state: 6n });
      const { seats: left } = await read(client, (at) => client.contracts.taskManager.getRound(taskId, at));
      expect([left.length, packed.inputDigest]).to.deep.equal([0, order.inputDigest]);
    },
  },
  {
    title: "a wrong result is overturned: its provider pays the panel, and the client one price for the right one",
    async play(world) {
      const quarrelled = await quarrel(world, "rubbish");
      const { client, order, taskId, maker } = quarrelled;
      const seats = await seal(quarrelled, ["truth", "truth", "rubbish"]);
      await reveal(quarrelled);
      await Promise.all(seats.map((seat) => vote(quarrelled, seat)));
      const seen = await readPanel(client, order);
      expect([seen.decided, seen.outcome]).to.deep.equal([true, "Overturned"]);
      await refused(settle(client, { order }), "TooEarly", { taskId, end: BigInt(seen.claimsUntil ?? 0) });

      const { settlements, ruling } = await accept(client, { order });
      expect(settlements).to.deep.equal([]);
      expect(ruling).to.include({ outcome: "Overturned", price: CAP, slashed: BOND });
      expect(await accountOf(quarrelled)).to.deep.equal([STAKE - CAP, 0n, 0n]);
      expect(await standingOf(quarrelled, maker)).to.deep.equal([0n, STAKE - BOND, PLACE, 1n]);
      for (const [index, seat] of seats.entries()) {
        const wrong = seen.outcomes[index] === "Wrong";
        const expected = wrong ? [0n, STAKE - BOND, PLACE, 1n] : [CAP, STAKE, PLACE, 0n];
        expect(await standingOf(quarrelled, seat)).to.deep.equal(expected);
      }
    },
  },
];
