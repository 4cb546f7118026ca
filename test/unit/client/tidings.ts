import { expect } from "chai";
import { listen } from "../../../src/client/tidings.js";
import { pause } from "../../../src/protocol/retry.js";
import { rejection } from "../../helpers/caught.js";
import { until } from "../../helpers/holders.js";
import { loadFixture, time } from "../../helpers/network.js";
import { readerOf } from "../../helpers/protocol.js";
import { deployMarket, deliveredTask, disclosedTask, type Market, openTask, WINDOWS } from "../../helpers/suite.js";

/** Longer than any test: who waits so long has not been woken. */
const FOREVER = 100_000;

describe("client tidings", () => {
  let market: Market;
  let ending: AbortController;
  const running: Promise<void>[] = [];

  beforeEach(async () => {
    market = await loadFixture(deployMarket);
    ending = new AbortController();
  });
  afterEach(async () => {
    ending.abort();
    await Promise.allSettled(running.splice(0));
  });

  const start = async (from = 0, client = market.client.address) => {
    const tidings = listen(await readerOf(market), client, from);
    running.push(tidings.follow(ending.signal));
    return tidings;
  };
  /** Begins to wait, and tells whether that is over. */
  const waiting = (news: Promise<void>) => {
    const state = { over: false };
    void news.then(() => (state.over = true));
    return state;
  };

  it("wakes who waits for a task at each step that the chain tells of it, and nobody else", async () => {
    const { taskManager, agent, stranger } = market;
    const deadline = (await time.latest()) + 4 * 3600;
    const [failing, other] = [await openTask(market, { deadline }), await openTask(market, { deadline })];
    const tidings = await start();
    const unconcerned = waiting(tidings.news(other.taskId, FOREVER, ending.signal));
    const woken = async (what: string, act: () => Promise<unknown>) => {
      const concerned = waiting(tidings.news(failing.taskId, FOREVER, ending.signal));
      await pause(60);
      expect(concerned.over, `before ${what}`).to.equal(false);
      await act();
      await until(`news of ${what}`, () => concerned.over);
    };
    await woken("the delivery", () => taskManager.connect(agent).deliver(failing.packed, 1, failing.taskId));
    await time.increase(WINDOWS.disclose + 1);
    await woken("the lapse", () => taskManager.connect(stranger).reopen(failing.packed));
    await time.increaseTo(deadline + 1);
    await woken("the refund", () => taskManager.connect(stranger).refund(failing.packed));
    expect(unconcerned.over).to.equal(false);
  });

  it("tells of what happened before somebody waits, once", async () => {
    const tidings = await start();
    const { taskId, packed } = await disclosedTask(market);
    await market.taskManager.connect(market.client).accept(packed);
    const last = await disclosedTask(market);
    await until("all of it", () => tidings.disclosed(last.taskId).length > 0);
    await tidings.news(taskId, FOREVER, ending.signal);
    const again = waiting(tidings.news(taskId, FOREVER, ending.signal));
    await pause(100);
    expect(again.over).to.equal(false);
  });

  it("has the envelopes that were disclosed from the first block on, each for its task", async () => {
    const [one, two] = [await disclosedTask(market), await disclosedTask(market)];
    const from = (await market.taskManager.queryFilter(market.taskManager.filters.TaskDisclosed(two.taskId)))[0];
    const [tidings, later] = [await start(), await start(from?.blockNumber)];
    await until("the envelopes", () => tidings.disclosed(two.taskId).length > 0);
    expect(tidings.disclosed(one.taskId)).to.deep.equal([one.envelope]);
    expect(tidings.disclosed(two.taskId)).to.deep.equal([two.envelope]);
    await until("the later envelope", () => later.disclosed(two.taskId).length > 0);
    expect(later.disclosed(one.taskId)).to.deep.equal([]);
  });

  it("hears nothing of the tasks of others", async () => {
    const theirs = await deliveredTask(market);
    const { stranger, escrow, taskManager, agent } = market;
    await escrow.connect(stranger).deposit({ value: 10n ** 18n });
    const tidings = await start(0, stranger.address);
    const news = waiting(tidings.news(theirs.taskId, FOREVER, ending.signal));
    await taskManager.connect(agent).disclose(theirs.packed, theirs.commitment, theirs.envelope);
    // What comes after it has been heard.
    const own = await disclosedTask({ ...market, client: stranger });
    await until("the own envelope", () => tidings.disclosed(own.taskId).length > 0);
    expect(news.over).to.equal(false);
    expect(tidings.disclosed(theirs.taskId)).to.deep.equal([]);
  });

  it("lets nobody wait for longer than asked, or than the signal lets it", async () => {
    const { taskId } = await openTask(market);
    const tidings = await start();
    await tidings.news(taskId, 30, ending.signal);
    const waiter = new AbortController();
    const news = waiting(tidings.news(taskId, FOREVER, waiter.signal));
    await pause(60);
    expect(news.over).to.equal(false);
    waiter.abort();
    await until("the end", () => news.over);
    await tidings.news(taskId, FOREVER, AbortSignal.abort());
  });

  it("ends without a word by its signal, and with what failed for good", async () => {
    const reader = await readerOf(market);
    const following = listen(reader, market.client.address, 0).follow(ending.signal);
    await pause(50);
    ending.abort(new Error("enough"));
    await following;
    const gone = new RangeError("gone for good");
    const provider = new Proxy(reader.provider, {
      get: (node, key): unknown =>
        key === "getBlockNumber" ? () => Promise.reject(gone) : Reflect.get(node, key, node),
    });
    const deaf = listen({ ...reader, provider }, market.client.address, 0).follow(new AbortController().signal);
    expect(await rejection(deaf)).to.equal(gone);
  });
});
