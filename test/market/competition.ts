import { expect } from "chai";
import { parseEther } from "ethers";
import { booksOf, priceAfter, sharesOf, sumOf } from "../helpers/books.js";
import { ethers, loadFixture } from "../helpers/network.js";
import { type Block, draw, enter, type Profile, race, type Racer, type RaceTask } from "../helpers/race.js";
import { Random, SEED } from "../helpers/seeded.js";
import { BOND, deployMarket, FLOOR, type Market, STAKE_PER_SLOT } from "../helpers/suite.js";

const TASKS = 64;
const [DELIVERED, SETTLED] = [3n, 6n];

/** From slow and cheap to fast and dear. */
const PROFILES: Profile[] = [
  { name: "old", ask: parseEther("0.0101"), seconds: 28, slots: 5 },
  { name: "modest", ask: parseEther("0.0108"), seconds: 24, slots: 6 },
  { name: "middling", ask: parseEther("0.0115"), seconds: 20, slots: 7 },
  { name: "brisk", ask: parseEther("0.0122"), seconds: 16, slots: 5 },
  { name: "fast", ask: parseEther("0.0130"), seconds: 12, slots: 6 },
  { name: "fastest", ask: parseEther("0.0140"), seconds: 7, slots: 4 },
];

/** Standing of a racer that holds so many tasks. */
function standingWith({ slots }: Racer, holding: number) {
  const locked = BigInt(slots) * STAKE_PER_SLOT + BigInt(holding) * BOND;
  const stake = BigInt(slots) * (STAKE_PER_SLOT + BOND);
  return { stake, free: stake - locked, locked, unbonding: 0n };
}

const pick = <T>(list: readonly T[], place: number): T => {
  const item = list[place];
  if (item === undefined) throw new Error(`nothing at ${place}`);
  return item;
};

describe(`a market of ${PROFILES.length} providers and ${TASKS} tasks (SEED=${SEED})`, () => {
  let market: Market;
  let racers: Racer[];
  let tasks: RaceTask[];
  let walletsBefore: bigint[];
  /** How often a block with a loser was checked. */
  let checks = 0;

  const priceOf = ({ order, openedAt = NaN, deliveredAt = NaN }: RaceTask) =>
    priceAfter(deliveredAt - openedAt, FLOOR, order.maxReward, order.rampDuration);
  const earned = (racer: Racer) =>
    sumOf(
      tasks
        .filter(({ winner, settledAt }) => winner?.racer === racer && settledAt !== undefined)
        .map((task) => sharesOf(priceOf(task)).payment),
    );

  /** Asserts that the block changed nothing of a loser but what it won or was paid elsewhere. */
  async function checkLosers({ lost }: Block) {
    for (const { attempt, task } of lost) {
      const { racer, receipt, result } = attempt;
      const again = market.taskManager
        .connect(racer.account)
        .deliver.staticCall(task.packed, racer.provider, result.seal, { blockTag: receipt?.blockNumber ?? 0 });
      await expect(again)
        .to.be.revertedWithCustomError(market.taskManager, "WrongState")
        .withArgs(task.taskId, (state: bigint) => state === DELIVERED || state === SETTLED);
      const { stake, free, locked, unbonding } = await market.providerPool.getProvider(racer.provider);
      expect({ stake, free, locked, unbonding }).to.deep.equal(standingWith(racer, racer.holding));
      const account = await market.escrow.accountOf(racer.account);
      expect([...account]).to.deep.equal([earned(racer), 0n, 0n]);
      checks++;
    }
  }

  before(async () => {
    market = await loadFixture(deployMarket);
    const random = new Random(SEED);
    checks = 0;
    const { escrow, client, others } = market;
    racers = [];
    for (const [place, profile] of PROFILES.entries()) racers.push(await enter(market, profile, pick(others, place)));
    const clients = [client, ...others.slice(PROFILES.length, PROFILES.length + 3)];
    for (const payer of clients) await escrow.connect(payer).deposit({ value: parseEther("1") });
    tasks = [];
    for (let place = 0; place < TASKS; place++) {
      tasks.push(await draw(market, random, pick(clients, place % 4), parseEther("0.016"), parseEther("0.024")));
    }
    walletsBefore = await Promise.all(racers.map(({ account }) => ethers.provider.getBalance(account)));
    await race(market, random, racers, tasks, checkLosers);
  });

  it("settles every task", async () => {
    for (const { taskId, winner } of tasks) {
      const { state, provider, lapses } = await market.taskManager.getTask(taskId);
      expect([state, provider, lapses]).to.deep.equal([SETTLED, winner?.racer.provider, 0n]);
    }
  });

  it("has two or more attempts alive at once on at least 80 % of the tasks", () => {
    const contested = tasks.filter(
      ({ attempts, deliveredAt = 0 }) => attempts.filter(({ startedAt }) => startedAt < deliveredAt).length >= 2,
    );
    expect(contested.length).to.be.at.least(0.8 * TASKS);
  });

  it("is won by at least three providers, each time by the first seal in the chain", () => {
    expect(new Set(tasks.map(({ winner }) => winner?.racer.name)).size).to.be.at.least(3);
    for (const { attempts, winner } of tasks) {
      const places = attempts.map(({ receipt }) => (receipt ? receipt.blockNumber * 1000 + receipt.index : 0));
      expect(winner).to.equal(attempts[places.indexOf(Math.min(...places))]);
      expect(attempts.filter(({ receipt }) => receipt?.status === 1)).to.deep.equal([winner]);
    }
  });

  it("costs losers nothing but gas", async () => {
    const attempts = sumOf(tasks.map((task) => BigInt(task.attempts.length)));
    expect(checks).to.equal(Number(attempts) - TASKS);
    expect(checks).to.be.greaterThan(TASKS / 2);
    const wallets = await Promise.all(racers.map(({ account }) => ethers.provider.getBalance(account)));
    expect(wallets).to.deep.equal(racers.map(({ gasPaid }, place) => pick(walletsBefore, place) - gasPaid));
  });

  it("pays each winner the price of the moment it delivered, at least what it asked", async () => {
    const { taskManager, escrow, publisher } = market;
    const settled = await taskManager.queryFilter(taskManager.filters.TaskSettled());
    expect(settled.length).to.equal(TASKS);
    for (const task of tasks) {
      const price = priceOf(task);
      const { fee, royalty } = sharesOf(price);
      const log = settled.find(({ args }) => args.taskId === task.taskId);
      const { winner, client } = task;
      expect([...(log?.args ?? [])].slice(1)).to.deep.equal([
        winner?.racer.provider,
        client.address,
        publisher.address,
        price,
        fee,
        royalty,
      ]);
      expect(price >= (winner?.racer.ask ?? 0n) && price <= task.order.maxReward).to.equal(true);
    }
    for (const racer of racers) expect((await escrow.accountOf(racer.account)).free).to.equal(earned(racer));
    const royalties = sumOf(tasks.map((task) => sharesOf(priceOf(task)).royalty));
    expect((await escrow.accountOf(publisher)).free).to.equal(royalties);
  });

  it("returns to each client what the price left of its caps", async () => {
    const { escrow, client } = market;
    for (const payer of new Set(tasks.map((task) => task.client))) {
      const own = tasks.filter((task) => task.client === payer);
      // The market's own client starts with ten coins, every client got one more.
      const deposit = parseEther(payer === client ? "11" : "1");
      const attached = sumOf(own.filter((task) => tasks.indexOf(task) % 2 === 0).map(({ order }) => order.maxReward));
      const fees = sumOf(own.map((task) => sharesOf(priceOf(task)).fee));
      const account = await escrow.accountOf(payer);
      expect([...account]).to.deep.equal([deposit + attached - sumOf(own.map(priceOf)), 0n, fees]);
    }
  });

  it("balances the books to the wei, before and after fees are collected and earnings withdrawn", async () => {
    const { taskManager, escrow, treasury, publisher } = market;
    const before = await booksOf(market);
    const fees = sumOf(tasks.map((task) => sharesOf(priceOf(task)).fee));
    expect([before.owed, before.coin]).to.deep.equal([before.deposited, before.deposited]);
    expect([before.held, before.fees, before.withdrawn]).to.deep.equal([0n, fees, 0n]);

    await taskManager.collectFees([...new Set(tasks.map(({ client }) => client))]);
    expect((await escrow.accountOf(treasury)).free).to.equal(fees);
    let withdrawn = 0n;
    for (const account of [publisher, treasury, ...racers.map((racer) => racer.account)]) {
      const { free } = await escrow.accountOf(account);
      if (free === 0n) continue;
      await expect(escrow.connect(account).withdraw(free)).to.changeEtherBalances(ethers, [account], [free]);
      withdrawn += free;
    }
    const after = await booksOf(market);
    expect(withdrawn).to.equal(sumOf(tasks.map(priceOf)));
    expect([after.owed, after.coin]).to.deep.equal([before.owed - withdrawn, before.coin - withdrawn]);
    expect([after.deposited, after.withdrawn, after.fees]).to.deep.equal([before.deposited, withdrawn, 0n]);
  });

  it("releases every lock, bonds at once and slots when providers leave", async () => {
    const { providerPool, source } = market;
    for (const racer of racers) {
      const { stake, free, locked, unbonding } = await providerPool.getProvider(racer.provider);
      expect({ stake, free, locked, unbonding }).to.deep.equal(standingWith(racer, 0));
      await providerPool.connect(racer.account).leavePool(racer.provider, source);
      expect((await providerPool.getProvider(racer.provider)).locked).to.equal(0);
    }
    const { capacity, members } = await providerPool.getMarket(source);
    expect([capacity, members]).to.deep.equal([2n, 1n]);
  });
});
