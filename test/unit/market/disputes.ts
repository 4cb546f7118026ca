import { expect } from "chai";
import { parseEther, toUtf8Bytes } from "ethers";
import { digestOf } from "../../../src/content/digest.js";
import { booksOf, type Parties, type Sales, salesTo } from "../../../src/market/run/books.js";
import { verdictsFor } from "../../../src/market/run/disputes.js";
import { sharesOf, sumOf } from "../../helpers/books.js";
import { courtOf, nth, REVIEW, TRUST } from "../../helpers/clientDispute.js";
import { deployPanel, LIFETIME } from "../../helpers/disputes.js";
import { ethers, loadFixture, networkHelpers, time } from "../../helpers/network.js";
import { readerOf } from "../../helpers/protocol.js";
import { FLOOR, openTask, WINDOWS } from "../../helpers/suite.js";

const TRUTH = toUtf8Bytes("the truth");
const OTHER = toUtf8Bytes("another");
const THIRD = toUtf8Bytes("a third");
/** Cap and bond of the tasks, which nothing divides evenly. */
const ODD = FLOOR + 7n;
const BOND = 3n * ODD + 2n;
const STAKES = parseEther("36");

/**
 * Six disputes of one client's tasks, all delivered by provider 1: one that is upheld, of whose panel a member is wrong; one
 * of which the panel is silent; one whose panel does not agree; one with another result than the panel's, which the client
 * accepts; one that nobody can read; one that is not opened, by a panel that does not agree either.
 */
async function playDisputes() {
  const panel = await deployPanel();
  await networkHelpers.mine();
  const { taskManager, client } = panel;
  const from = (await ethers.provider.getBlockNumber()) + 1;
  const order = async () => {
    const terms = { maxReward: ODD, bond: BOND, trust: TRUST, reviewPeriod: REVIEW, rampDuration: 0 };
    const task = await openTask(panel, { ...terms, deadline: (await time.latest()) + LIFETIME });
    return { ...task, court: courtOf(panel, task) };
  };
  const dispute = ({ packed }: Awaited<ReturnType<typeof order>>) => taskManager.connect(client).dispute(packed);
  const accept = ({ packed }: Awaited<ReturnType<typeof order>>) => taskManager.connect(client).accept(packed);

  const upheld = await order();
  await upheld.court.disclose(TRUTH);
  await dispute(upheld);
  await upheld.court.decide([TRUTH, TRUTH, OTHER]);
  await upheld.court.settle();

  const standing = await order();
  await standing.court.disclose(TRUTH);
  await dispute(standing);
  await standing.court.decide([OTHER]);
  await standing.court.settle();

  const undecided = await order();
  await undecided.court.disclose(TRUTH);
  await dispute(undecided);
  await undecided.court.decide([TRUTH, OTHER, THIRD]);
  await undecided.court.settle();

  const wrong = await order();
  await wrong.court.disclose(OTHER);
  await dispute(wrong);
  await wrong.court.decide([TRUTH, TRUTH, TRUTH]);
  await accept(wrong);

  const unavailable = await order();
  await unavailable.court.withhold(TRUTH);
  await dispute(unavailable);
  await unavailable.court.sit([TRUTH, TRUTH, TRUTH].map(digestOf));
  await unavailable.court.reveal();
  const seats = await unavailable.court.sit([]);
  for (const seat of seats) await unavailable.court.vote(seat, seat.seat === 0);
  for (const seat of seats) await unavailable.court.claim(seat);

  const unopened = await order();
  await unopened.court.disclose(TRUTH);
  await dispute(unopened);
  const voters = await unopened.court.sit([TRUTH, OTHER, THIRD].map(digestOf));
  await time.increase(WINDOWS.openProvider + 2);
  await unopened.court.vote(nth(voters, 0));
  await unopened.court.vote(nth(voters, 1));
  await time.increase(WINDOWS.open + 2);
  await unopened.court.settle();

  const members = await Promise.all(
    [...panel.members].map(async ([provider, owner]) => ({
      ...{ name: `member ${provider}`, account: await owner.getAddress(), provider: Number(provider) },
    })),
  );
  const parties: Parties = {
    clients: [client.address],
    publisher: panel.publisher.address,
    providers: members,
    treasury: panel.treasury.address,
  };
  const tasks = [upheld, standing, undecided, wrong, unavailable, unopened].map(({ taskId }) => taskId);
  return { panel, parties, from, tasks };
}

describe("market.disputes", () => {
  const setUp = async () => {
    const played = await loadFixture(playDisputes);
    const { panel, parties, from } = played;
    const protocol = await readerOf(panel);
    const to = await ethers.provider.getBlockNumber();
    const sales = await salesTo(protocol, parties.clients, from, to);
    // What the score of the members was made by is no part of it.
    const before = await panel.escrow.accountOf(panel.client, { blockTag: from - 1 });
    const books = (changes: Partial<Sales> = {}, stakes = STAKES - 3n * BOND - 2n * BOND) =>
      booksOf(
        protocol,
        parties,
        { deposited: [before.free], treasury: 0n, alone: true },
        { ...sales, ...changes },
        6n * ODD,
        stakes,
      );
    return { ...played, protocol, to, sales, books };
  };

  it("tell how each ended, why, and what it cost whom, to the wei", async () => {
    const { sales, tasks, parties } = await setUp();
    const [client] = parties.clients;
    const each = (amount: bigint, ...members: number[]) => members.map((provider) => ({ provider, amount }));
    const told = (index: number) => ({ taskId: tasks[index], provider: 1, client });
    const [half, whole] = [ODD / 2n, ODD];
    expect(sales.verdicts).to.deep.equal([
      {
        ...{ ...told(0), outcome: "Upheld", seats: 3, price: 0n, cost: 2n * whole, slashed: 0n },
        awards: each(whole, 2, 3),
      },
      { ...told(1), outcome: "Standing", seats: 1, price: 0n, cost: half, slashed: 0n, awards: each(half, 2) },
      {
        ...{ ...told(2), outcome: "Undecided", seats: 3, price: 0n, cost: 3n * half, slashed: 0n },
        awards: each(half, 2, 3, 4),
      },
      {
        ...{ ...told(3), outcome: "Overturned", reason: "wrong", seats: 3, price: whole, cost: 0n, slashed: BOND },
        awards: each(whole, 2, 3, 4),
      },
      {
        ...{ ...told(4), outcome: "Overturned", reason: "unavailable", seats: 3, price: whole, cost: 0n },
        ...{ slashed: BOND, awards: each(whole, 2, 3, 4) },
      },
      {
        ...{ ...told(5), outcome: "Unanswered", reason: "unopened", seats: 3, price: 0n, cost: 0n, slashed: BOND },
        awards: each(whole, 2, 3),
      },
    ]);
    // The member that was wrong, and the one that opened nothing.
    expect(sales.slashes).to.deep.equal([
      { provider: 4, amount: BOND },
      { provider: 4, amount: BOND },
    ]);
    expect(sales.sales.map(({ taskId, provider }) => [taskId, provider])).to.deep.equal([
      [tasks[0], 1],
      [tasks[1], 1],
    ]);
    expect(sales.returns).to.deep.equal([]);
  });

  it("tell only of these clients, and of those that ended in these blocks", async () => {
    const { panel, protocol, parties, from, to, tasks } = await setUp();
    expect(await verdictsFor(protocol, [panel.stranger.address], from, to)).to.deep.equal([]);
    const ended = await panel.taskManager.queryFilter(panel.taskManager.filters.DisputeEnded());
    const block = nth(ended, 3).blockNumber;
    const some = await verdictsFor(protocol, parties.clients, from, block - 1);
    expect(some.map(({ taskId }) => taskId)).to.deep.equal(tasks.slice(0, 3));
  });

  it("balance to the wei, and whose each wei is", async () => {
    const { panel, books } = await setUp();
    const { fee, royalty } = sharesOf(ODD);
    const half = ODD / 2n;
    const awarded = 2n * ODD + half + 3n * half + 3n * ODD + 3n * ODD + 2n * ODD;
    const byClients = 2n * ODD + half + 3n * half;
    const fromBonds = awarded - byClients - 2n * ODD;
    const told = await books();
    expect(told).to.deep.include({
      publisher: 2n * royalty,
      stakes: STAKES - 5n * BOND,
      strangers: 0n,
      // Two results of the provider, and two of panels, which pay neither fee nor royalty.
      paid: 4n * ODD,
      payments: 4n * ODD - 2n * royalty - 2n * fee,
      royalties: 2n * royalty,
      fees: 2n * fee,
      panels: byClients,
      fromBonds,
      slashed: 5n * BOND,
      balanced: true,
    });
    expect(told.providers).to.equal(told.payments + told.panels + told.fromBonds);
    expect(told.others).to.equal(told.fees + told.slashed - told.fromBonds);
    const staked = [...panel.members.keys()].map((provider) => panel.providerPool.getProvider(provider));
    expect(sumOf((await Promise.all(staked)).map(({ stake }) => stake))).to.equal(told.stakes);
  });

  for (const [what, index, change] of [
    ["a panel had cost its client a wei more", 0, { cost: 2n * ODD + 1n }],
    ["a result of a panel had cost a wei less", 3, { price: ODD - 1n }],
    ["a bond had been a wei less", 4, { slashed: BOND - 1n }],
    ["a member had not been paid", 5, { awards: [{ provider: 2, amount: ODD }] }],
    ["another one had been paid", 1, { awards: [{ provider: 3, amount: ODD / 2n }] }],
  ] as const) {
    it(`do not balance if ${what}`, async () => {
      const { books, sales } = await setUp();
      const verdicts = sales.verdicts.map((verdict, at) => (at === index ? { ...verdict, ...change } : verdict));
      expect((await books({ verdicts })).balanced).to.equal(false);
    });
  }

  it("do not balance if they had not been", async () => {
    const { books } = await setUp();
    expect((await books({ verdicts: [] })).balanced).to.equal(false);
  });
});
