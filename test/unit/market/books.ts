import { expect } from "chai";
import { parseEther } from "ethers";
import { balancesOf, booksOf, type Opening, type Parties, type Sales, salesTo } from "../../../src/market/run/books.js";
import { gasByOperation, type SuiteTransaction, transactionsOf } from "../../../src/market/run/gas.js";
import { sharesOf, sumOf } from "../../helpers/books.js";
import { rejection } from "../../helpers/caught.js";
import { holderOf } from "../../helpers/holders.js";
import { ethers, loadFixture, networkHelpers, time } from "../../helpers/network.js";
import { readerOf } from "../../helpers/protocol.js";
import { openSeat, ownerOf, sealedRound, fillPool } from "../../helpers/rounds.js";
import { START } from "../../helpers/states.js";
import { CAP, deployMarket, joinProvider, type Market, openTask, WINDOWS } from "../../helpers/suite.js";

const OUTPUT = new Uint8Array(3);
/** What the two clients deposit. */
const DEPOSITED = [parseEther("10"), parseEther("1") + 1n] as const;
/** A gas limit for what will be refused. */
const GAS = { gasLimit: 500_000n };
const HOUR = 3600;

/**
 * Two clients and two providers: three tasks are paid, at prices that do not divide evenly, one of them after its first
 * holder lost half its bond; one is refunded; one is open.
 */
async function playMarket() {
  const market = await deployMarket();
  const [rival, second] = market.others;
  if (rival === undefined || second === undefined) throw new Error("not enough accounts");
  await joinProvider(market, rival);
  await market.escrow.connect(second).deposit({ value: DEPOSITED[1] });
  const from = (await ethers.provider.getBlockNumber()) + 1;
  const first = holderOf(market);
  const other = holderOf(market, 2, rival);
  const order = async (client: Market["client"], maxReward: bigint, bond = maxReward) =>
    openTask({ ...market, client }, { maxReward, bond, deadline: (await time.latest()) + 4 * HOUR });
  const accept = (client: Market["client"], task: Awaited<ReturnType<typeof order>>) =>
    market.taskManager.connect(client).accept(task.packed);

  const quick = await order(market.client, CAP + 1n);
  await first.deliver(quick, OUTPUT);
  await accept(market.client, quick);
  const late = await order(market.client, 3n * CAP - 7n);
  await time.increase(333);
  await other.deliver(late, OUTPUT);
  await accept(market.client, late);
  const failed = await order(second, CAP + 3n, 2n * CAP + 6n);
  await other.deliver(failed, OUTPUT);
  await time.increase(WINDOWS.disclose + 1);
  await market.taskManager.connect(market.stranger).reopen(failed.packed);
  await first.disclose(failed, await first.deliver(failed, OUTPUT));
  await time.increase(failed.order.reviewPeriod + 1);
  await first.settle(failed);
  const unserved = await order(second, CAP);
  await time.increaseTo(unserved.order.deadline + 1);
  await market.taskManager.connect(second).refund(unserved.packed);
  await order(market.client, CAP);

  const parties: Parties = {
    clients: [market.client.address, second.address],
    publisher: market.publisher.address,
    providers: [
      { name: "first", account: market.providerOwner.address, provider: 1 },
      { name: "other", account: rival.address, provider: 2 },
    ],
    treasury: market.treasury.address,
  };
  const paid = [quick, late, failed].map(({ taskId }) => taskId);
  return { ...{ market, parties, from, second, rival, paid }, slashed: CAP + 3n };
}

const OPENING: Opening = { deposited: DEPOSITED, treasury: 0n, alone: true };
const CAPS = 9n * CAP;

const setUp = async () => {
  const played = await loadFixture(playMarket);
  const { market, parties, from, slashed } = played;
  const protocol = await readerOf(market);
  const to = await ethers.provider.getBlockNumber();
  const sales = await salesTo(protocol, parties.clients, from, to);
  const stakes = parseEther("2") - slashed;
  /** The books, if what was told of the run were a little different. */
  const books = (changes: { opening?: Partial<Opening>; sales?: Partial<Sales>; stakes?: bigint; by?: Parties } = {}) =>
    booksOf(
      protocol,
      changes.by ?? parties,
      { ...OPENING, ...changes.opening },
      { ...sales, ...changes.sales },
      CAPS,
      changes.stakes ?? stakes,
    );
  return { ...played, protocol, to, sales, stakes, books };
};

/** What each task that was paid cost, as its delivery fixed it. */
async function pricesOf({ taskManager }: Market, taskIds: readonly string[]): Promise<bigint[]> {
  return Promise.all(
    taskIds.map(async (taskId) => {
      const deliveries = await taskManager.queryFilter(taskManager.filters.TaskDelivered(taskId));
      return deliveries.at(-1)?.args.price ?? 0n;
    }),
  );
}

describe("market.books", () => {
  describe("salesTo", () => {
    it("tells what was paid, given back and slashed, to the wei", async () => {
      const { market, parties, sales, paid, slashed } = await setUp();
      const prices = await pricesOf(market, paid);
      expect(new Set(prices).size).to.equal(3);
      const [one, two] = parties.clients;
      expect(sales).to.deep.equal({
        sales: [
          { taskId: paid[0], provider: 1, client: one, price: prices[0] },
          { taskId: paid[1], provider: 2, client: one, price: prices[1] },
          { taskId: paid[2], provider: 1, client: two, price: prices[2] },
        ].map((sale) => {
          const { fee, royalty } = sharesOf(sale.price ?? 0n);
          return { ...sale, fee, royalty };
        }),
        returns: [{ client: two, fee: sharesOf(START).fee, tip: 0n, caller: two }],
        lapsed: slashed,
        slashes: [],
        verdicts: [],
      });
    });

    it("tells only of these clients and of these blocks", async () => {
      const { market, parties, protocol, from, to, paid } = await setUp();
      const [one = "", two = ""] = parties.clients;
      const ofOne = await salesTo(protocol, [one], from, to);
      expect(ofOne.sales.map(({ taskId }) => taskId)).to.deep.equal(paid.slice(0, 2));
      expect(ofOne).to.include({ lapsed: 0n });
      expect(ofOne.returns).to.deep.equal([]);
      expect((await salesTo(protocol, [two], from, to)).sales.map(({ taskId }) => taskId)).to.deep.equal(paid.slice(2));
      const { TaskSettled } = market.taskManager.filters;
      const [, second] = await market.taskManager.queryFilter(TaskSettled());
      const block = second?.blockNumber ?? 0;
      expect((await salesTo(protocol, parties.clients, from, block)).sales).to.have.length(2);
      expect((await salesTo(protocol, parties.clients, from, block - 1)).sales).to.have.length(1);
      expect((await salesTo(protocol, parties.clients, block + 1, to)).sales).to.have.length(1);
    });
  });

  describe("booksOf", () => {
    it("balances a market with a sale, a lapse, a refund and an open task, and says whose each wei is", async () => {
      const { market, books, paid, stakes, slashed } = await setUp();
      const parts = (await pricesOf(market, paid)).map((price) => ({ price, ...sharesOf(price) }));
      const spent = sumOf(parts.map(({ price }) => price));
      const fees = sumOf(parts.map(({ fee }) => fee));
      const royalties = sumOf(parts.map(({ royalty }) => royalty));
      const payments = sumOf(parts.map(({ payment }) => payment));
      const kept = sharesOf(START).fee;
      const told = await books();
      expect(told).to.deep.equal({
        clients: sumOf(DEPOSITED) - spent - kept,
        providers: payments,
        publisher: royalties,
        treasury: 0n,
        stakes,
        others: fees + kept + slashed,
        strangers: 0n,
        coin: sumOf(DEPOSITED) + parseEther("2"),
        paid: spent,
        ...{ payments, royalties, fees, caps: CAPS },
        ...{ panels: 0n, fromBonds: 0n, slashed },
        balanced: true,
      });
      const { clients, providers, publisher, treasury, others, strangers } = told;
      expect(sumOf([clients, providers, publisher, treasury, told.stakes, others, strangers])).to.equal(told.coin);
    });

    it("balances as well when somebody has collected the fees for the treasury", async () => {
      const { market, parties, books } = await setUp();
      const before = await books();
      await market.taskManager.connect(market.stranger).collectFees(parties.clients.slice(0, 1));
      const after = await books();
      expect(after.balanced).to.equal(true);
      expect(after.treasury).to.be.greaterThan(0n);
      expect(after.others + after.treasury).to.equal(before.others);
    });

    it("counts what the treasury had before, which is not of this run", async () => {
      const { market, books } = await setUp();
      await market.escrow.connect(market.stranger).depositFor(market.treasury, { value: 5n });
      expect((await books({ opening: { treasury: 5n } })).balanced).to.equal(true);
      expect((await books()).balanced).to.equal(false);
    });

    for (const [what, change] of [
      ["the first client deposited a wei more", { opening: { deposited: [DEPOSITED[0] + 1n, DEPOSITED[1]] } }],
      ["the second client deposited a wei less", { opening: { deposited: [DEPOSITED[0], DEPOSITED[1] - 1n] } }],
      [
        "a wei of one client's deposit were the other's",
        { opening: { deposited: [DEPOSITED[0] + 1n, DEPOSITED[1] - 1n] } },
      ],
      ["one deposited nothing that is known", { opening: { deposited: [DEPOSITED[0]] } }],
      ["the treasury had had a wei", { opening: { treasury: 1n } }],
      ["a wei less had been slashed", { sales: { lapsed: CAP + 2n } }],
      ["nothing had been given back", { sales: { returns: [] } }],
      ["nothing had been sold", { sales: { sales: [] } }],
      ["the providers had a wei more staked", { stakes: parseEther("2") - CAP - 2n }],
    ] as const) {
      it(`does not balance if ${what}`, async () => {
        const { books } = await setUp();
        expect((await books(change)).balanced).to.equal(false);
      });
    }

    for (const field of ["price", "fee", "royalty"] as const) {
      it(`does not balance if the ${field} of a sale were a wei more`, async () => {
        const { books, sales } = await setUp();
        const [sale, ...rest] = sales.sales;
        if (sale === undefined) throw new Error("no sale");
        const altered = [{ ...sale, [field]: sale[field] + 1n }, ...rest];
        expect((await books({ sales: { sales: altered } })).balanced).to.equal(false);
      });
    }

    it("does not balance if a sale were another provider's, or another client's", async () => {
      const { books, sales, parties } = await setUp();
      const [sale, ...rest] = sales.sales;
      if (sale === undefined) throw new Error("no sale");
      const anothers = [{ ...sale, provider: 2 }, ...rest];
      expect((await books({ sales: { sales: anothers } })).balanced).to.equal(false);
      const others = [{ ...sale, client: parties.clients[1] ?? "" }, ...rest];
      expect((await books({ sales: { sales: others } })).balanced).to.equal(false);
      const twice = [sale, ...sales.sales];
      expect((await books({ sales: { sales: twice } })).balanced).to.equal(false);
    });

    for (const [from, to] of [
      ["client", "second"],
      ["providerOwner", "rival"],
      ["publisher", "client"],
      ["publisher", "treasury"],
      ["client", "stranger"],
    ] as const) {
      it(`does not balance if ${from} has given a wei to ${to}`, async () => {
        const { market, books, rival, second } = await setUp();
        const accounts = { ...market, rival, second };
        await market.escrow.connect(accounts[from]).transfer(accounts[to], 1n);
        expect((await books()).balanced).to.equal(false);
      });
    }

    for (const who of ["client", "providerOwner", "publisher"] as const) {
      it(`does not balance if ${who} has withdrawn a wei`, async () => {
        const { market, books } = await setUp();
        await market.escrow.connect(market[who]).withdraw(1n);
        expect((await books()).balanced).to.equal(false);
        expect((await books({ opening: { alone: false } })).balanced).to.equal(false);
      });
    }

    it("has no room for strangers on a chain of its own, but on another one", async () => {
      const { market, books, slashed } = await setUp();
      await market.escrow.connect(market.stranger).deposit({ value: 1n });
      expect(await books()).to.include({ strangers: 1n, balanced: false });
      // There, what was slashed belongs to all runs together.
      expect(await books({ opening: { alone: false } })).to.include({ strangers: 1n + slashed, balanced: true });
    });

    it("does not balance on a shared chain either if a client's deposit is told wrong, or stake is missing", async () => {
      const { books, stakes } = await setUp();
      const deposited = [DEPOSITED[0], DEPOSITED[1] + 1n];
      expect((await books({ opening: { alone: false, deposited } })).balanced).to.equal(false);
      expect((await books({ opening: { alone: false }, stakes: stakes + 1n })).balanced).to.equal(false);
    });

    it("lets other providers stake on a shared chain only", async () => {
      const { market, books } = await setUp();
      await joinProvider(market, market.stranger);
      expect(await books()).to.include({ strangers: parseEther("1"), balanced: false });
      expect((await books({ opening: { alone: false } })).balanced).to.equal(true);
    });
  });

  it("tells the balances of the clients together and of each provider", async () => {
    const { market, protocol, parties, second, rival } = await setUp();
    const [one, two] = [await market.escrow.accountOf(market.client), await market.escrow.accountOf(second)];
    expect(one.held).to.equal(CAP);
    const before = Date.now();
    const { at, ...sample } = await balancesOf(protocol, parties);
    expect(at).to.be.within(before, Date.now());
    expect(sample).to.deep.equal({
      free: one.free + two.free,
      held: CAP,
      earned: {
        first: (await market.escrow.accountOf(market.providerOwner)).free,
        other: (await market.escrow.accountOf(rival)).free,
      },
    });
  });
});

/** Bond and cap of the rounds, which nothing divides evenly. */
const ODD = CAP + 3n;

/**
 * Three rounds of three seats: one is accepted, in which a seat was wrong and lost its lock; one ends without agreement; of one a winner
 * claims, and two do not. Those without a client are ended by a member of the pool, for a tip.
 */
async function playRounds() {
  const panel = await fillPool(await deployMarket(), 5);
  await networkHelpers.mine();
  const from = (await ethers.provider.getBlockNumber()) + 1;
  const { taskManager, client, providerOwner } = panel;
  const caller = ownerOf(panel, 2n);
  const play = async (outputs: readonly string[]) => {
    const terms = { maxReward: ODD, bond: ODD, rampDuration: 9_999 };
    const { task, seats } = await sealedRound(panel, outputs, terms);
    for (const sealed of seats) await openSeat(panel, task, sealed);
    return { ...task, seats };
  };
  const accepted = await play(["one", "one", "other"]);
  await taskManager.connect(client).accept(accepted.packed);
  const failed = await play(["one", "two", "three"]);
  await taskManager.connect(caller).settle(failed.packed);
  const claimed = await play(["one", "one", "one"]);
  await taskManager.connect(caller).claimSeat(claimed.packed, 1, claimed.seats[1]?.envelope ?? "");
  await time.increase(WINDOWS.open + WINDOWS.claim + 1);
  await taskManager.connect(caller).settle(claimed.packed);

  const members = await Promise.all(
    [...panel.members].map(async ([provider, owner]) => {
      return { name: `member ${provider}`, account: await owner.getAddress(), provider: Number(provider) };
    }),
  );
  const parties: Parties = {
    clients: [client.address],
    publisher: panel.publisher.address,
    providers: members,
    treasury: panel.treasury.address,
  };
  return { panel, parties, from, accepted, failed, claimed, caller: await caller.getAddress(), providerOwner };
}

describe("market.books with rounds", () => {
  const DISCORD = (ODD * 500n) / 10_000n;
  const TIP = (ODD * 50n) / 10_000n;
  const STAKES = parseEther("5") - ODD - 3n * DISCORD - 2n * ODD;

  const setUpRounds = async () => {
    const played = await loadFixture(playRounds);
    const { panel, parties, from } = played;
    const protocol = await readerOf(panel);
    const sales = await salesTo(protocol, parties.clients, from, await ethers.provider.getBlockNumber());
    const { taskManager } = panel;
    const priceOf = async ({ taskId }: { taskId: string }) => {
      const [ended] = await taskManager.queryFilter(taskManager.filters.SealingEnded(taskId));
      return ended?.args.price ?? 0n;
    };
    const prices = [await priceOf(played.accepted), await priceOf(played.claimed)] as const;
    const books = (changes: { sales?: Partial<Sales>; stakes?: bigint } = {}) =>
      booksOf(
        protocol,
        parties,
        { deposited: [parseEther("10")], treasury: 0n, alone: true },
        { ...sales, ...changes.sales },
        9n * ODD,
        changes.stakes ?? STAKES,
      );
    return { ...played, protocol, sales, prices, books };
  };

  it("tells of a sale to each winner, and which seat lost how much", async () => {
    const { parties, sales, prices, accepted, claimed, caller } = await setUpRounds();
    const [client] = parties.clients;
    const [first, second] = prices;
    const sale = (taskId: string, provider: number, price: bigint) => {
      const { fee, royalty } = sharesOf(price);
      return { taskId, provider, client, price, fee, royalty };
    };
    expect(sales).to.deep.equal({
      sales: [sale(accepted.taskId, 1, first), sale(accepted.taskId, 2, first), sale(claimed.taskId, 2, second)],
      returns: [{ client, fee: 0n, tip: TIP, caller }],
      lapsed: 0n,
      slashes: [
        { provider: 3, amount: ODD },
        ...[1, 2, 3].map((provider) => ({ provider, amount: DISCORD })),
        { provider: 1, amount: ODD },
        { provider: 3, amount: ODD },
      ],
      verdicts: [],
    });
  });

  it("balances them to the wei, and says whose each wei is", async () => {
    const { panel, prices, books } = await setUpRounds();
    const parts = [prices[0], prices[0], prices[1]].map((price) => ({ price, ...sharesOf(price) }));
    const spent = sumOf(parts.map(({ price }) => price));
    const [fees, royalties] = [sumOf(parts.map(({ fee }) => fee)), sumOf(parts.map(({ royalty }) => royalty))];
    const payments = sumOf(parts.map(({ payment }) => payment));
    // What seats lose goes to nobody but the protocol: who won has not more of it.
    const kept = ODD + 3n * DISCORD + 2n * ODD;
    const told = await books();
    expect(told).to.deep.equal({
      clients: parseEther("10") - spent - TIP,
      providers: payments + TIP,
      publisher: royalties,
      treasury: 0n,
      stakes: STAKES,
      others: fees + kept,
      strangers: 0n,
      coin: parseEther("15"),
      paid: spent,
      ...{ payments, royalties, fees, caps: 9n * ODD },
      ...{ panels: 0n, fromBonds: 0n, slashed: kept },
      balanced: true,
    });
    const { clients, providers, publisher, treasury, stakes, others, strangers } = told;
    expect(sumOf([clients, providers, publisher, treasury, stakes, others, strangers])).to.equal(told.coin);
    const staked = [...panel.members.keys()].map((provider) => panel.providerPool.getProvider(provider));
    expect(sumOf((await Promise.all(staked)).map(({ stake }) => stake))).to.equal(STAKES);
  });

  for (const [what, change] of [
    ["a winner had been paid a wei more", ({ sales }: Sales) => ({ sales: altered(sales, "price") })],
    ["a winner had not been paid", ({ sales }: Sales) => ({ sales: sales.slice(1) })],
    ["a seat had lost a wei more", ({ slashes }: Sales) => ({ slashes: altered(slashes, "amount") })],
    ["nothing had been slashed", () => ({ slashes: [] })],
    [
      "another had been paid for the end of a round",
      ({ returns }: Sales) => ({
        returns: returns.map((one) => ({ ...one, caller: `0x${"99".repeat(20)}` })),
      }),
    ],
    ["the end of a round had cost a wei more", ({ returns }: Sales) => ({ returns: altered(returns, "tip") })],
  ] as const) {
    it(`does not balance if ${what}`, async () => {
      const { books, sales } = await setUpRounds();
      expect((await books({ sales: change(sales) })).balanced).to.equal(false);
    });
  }

  it("does not balance if a winner's payment were another one's", async () => {
    const { books, sales } = await setUpRounds();
    const [first, ...rest] = sales.sales;
    if (first === undefined) throw new Error("no sale");
    expect((await books({ sales: { sales: [{ ...first, provider: 4 }, ...rest] } })).balanced).to.equal(false);
  });
});

/** A list whose first item has a wei more of something. */
function altered<K extends string, T extends Record<K, bigint>>(list: readonly T[], field: K): T[] {
  const [first, ...rest] = list;
  if (first === undefined) throw new Error("there is nothing to alter");
  return [{ ...first, [field]: first[field] + 1n }, ...rest];
}

describe("market.gas", () => {
  const countOf = (transactions: readonly SuiteTransaction[]) => {
    const counts = new Map<string, number>();
    for (const { operation } of transactions) counts.set(operation, (counts.get(operation) ?? 0) + 1);
    return Object.fromEntries(counts);
  };

  it("finds all that some accounts sent to the suite, and nothing else", async () => {
    const { market, protocol, from, to, second, rival } = await setUp();
    const { client, agent, stranger, publisher } = market;
    const accounts = [client, second, agent, rival, publisher].map(({ address }) => address);
    const found = await transactionsOf(protocol, new Set(accounts), from, to);
    expect(countOf(found)).to.deep.equal({
      "taskManager.submit": 5,
      "taskManager.deliver": 4,
      "taskManager.accept": 2,
      "taskManager.disclose": 1,
      "taskManager.settle": 1,
      "taskManager.refund": 1,
    });
    expect(found.every(({ reverted }) => !reverted)).to.equal(true);
    expect(found.filter(({ from: sender }) => sender === second.address)).to.have.length(3);
    // One that is not asked for is not told.
    const others = await transactionsOf(protocol, new Set([stranger.address]), from, to);
    expect(countOf(others)).to.deep.equal({ "taskManager.reopen": 1 });
    expect(await transactionsOf(protocol, new Set(), from, to)).to.deep.equal([]);
    expect(await transactionsOf(protocol, new Set(accounts), to + 1, to)).to.deep.equal([]);
  });

  it("takes the blocks from the first to the last, both included", async () => {
    const { market, protocol, to } = await setUp();
    const accounts = new Set([market.client.address]);
    expect(countOf(await transactionsOf(protocol, accounts, to, to))).to.deep.equal({ "taskManager.submit": 1 });
    expect(await transactionsOf(protocol, accounts, to - 1, to - 1)).to.deep.equal([]);
  });

  it("tells what they cost, to the wei, refused ones and those of no known function too", async () => {
    const { market, protocol } = await setUp();
    const { agent, stranger, escrow, taskManager } = market;
    const from = (await ethers.provider.getBlockNumber()) + 1;
    const before = await ethers.provider.getBalance(agent);
    await escrow.connect(agent).deposit({ value: 7n });
    await rejection(agent.sendTransaction({ to: taskManager, data: "0xdeadbeef", ...GAS }));
    await rejection(agent.sendTransaction({ to: escrow, value: 5n, ...GAS }));
    await rejection(taskManager.connect(agent).revokeBelow(0n, GAS));
    await taskManager.connect(agent).announceInbox("here", { gasPrice: parseEther("0.000000123") });
    const spent = before - (await ethers.provider.getBalance(agent)) - 7n;
    // Not to the suite.
    await agent.sendTransaction({ to: stranger, value: 1n });
    const to = await ethers.provider.getBlockNumber();
    const found = await transactionsOf(protocol, new Set([agent.address]), from, to);
    expect(found.map(({ operation, reverted }) => [operation, reverted])).to.deep.equal([
      ["escrow.deposit", false],
      ["taskManager.another", true],
      ["escrow.another", true],
      ["taskManager.revokeBelow", true],
      ["taskManager.announceInbox", false],
    ]);
    expect(sumOf(found.map(({ cost }) => cost))).to.equal(spent);
    expect(found.at(-1)?.cost).to.equal((found.at(-1)?.gas ?? 0n) * parseEther("0.000000123"));
  });

  it("sums each operation up, the most frequent first, without the gas of what was refused", () => {
    const sent = (operation: string, gas: bigint, reverted = false): SuiteTransaction => ({
      ...{ operation, gas, reverted, from: "0x", cost: gas * 9n },
    });
    const summary = gasByOperation([
      sent("b.once", 70n),
      sent("c.often", 900n),
      sent("c.often", 1_000n),
      sent("c.often", 80n),
      sent("c.often", 5n, true),
      sent("c.often", 1_000_000n, true),
      sent("d.refused", 44n, true),
      sent("a.once", 71n),
      sent("e.twice", 30n),
      sent("e.twice", 20n),
    ]);
    expect(summary).to.deep.equal([
      { operation: "c.often", count: 5, reverted: 2, least: 80n, median: 900n, most: 1_000n },
      { operation: "e.twice", count: 2, reverted: 0, least: 20n, median: 20n, most: 30n },
      { operation: "a.once", count: 1, reverted: 0, least: 71n, median: 71n, most: 71n },
      { operation: "b.once", count: 1, reverted: 0, least: 70n, median: 70n, most: 70n },
      { operation: "d.refused", count: 1, reverted: 1, least: 0n, median: 0n, most: 0n },
    ]);
    expect(gasByOperation([])).to.deep.equal([]);
  });
});
