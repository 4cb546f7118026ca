import { getEventListeners } from "node:events";
import { mock } from "node:test";
import { expect } from "chai";
import { id } from "ethers";
import { NodeError } from "../../../src/protocol/errors.js";
import { draftOrder } from "../../../src/protocol/order.js";
import { connect, type Protocol } from "../../../src/protocol/protocol.js";
import { pause, within } from "../../../src/protocol/retry.js";
import { createBell } from "../../../src/provider/bell.js";
import type { Offer } from "../../../src/provider/decide.js";
import { createPostponed } from "../../../src/provider/postponed.js";
import { ownPreference } from "../../../src/provider/preference.js";
import { firstRelevantBlock, type Pulse, takePulse } from "../../../src/provider/pulse.js";
import { caught } from "../../helpers/caught.js";
import { connection, ethers, loadFixture, networkHelpers, time } from "../../helpers/network.js";
import { InterceptedProvider, type Interception, unreachable } from "../../helpers/node.js";
import { IMPATIENCE, locationOf, readerOf } from "../../helpers/protocol.js";
import { deployMarket, type Market } from "../../helpers/suite.js";

const LONG = 100_000;

describe("provider.createBell", () => {
  const forever = () => new AbortController().signal;
  /** Fails where a wait does not end. */
  const over = (wait: Promise<void>) => within("the end of a wait", wait, 5_000);
  /** Whether a promise is over soon. */
  const isOver = (wait: Promise<void>) => Promise.race([wait.then(() => true), pause(30).then(() => false)]);

  it("ends a wait", async () => {
    const bell = createBell();
    const wait = bell.wait(LONG, forever());
    expect(await isOver(wait)).to.equal(false);
    bell.ring();
    await over(wait);
  });

  it("ends the next wait if nobody waits now, and only that one", async () => {
    const bell = createBell();
    bell.ring();
    bell.ring();
    await over(bell.wait(LONG, forever()));
    const second = bell.wait(LONG, forever());
    expect(await isOver(second)).to.equal(false);
    bell.ring();
    await over(second);
  });

  it("has nothing left of a ring that ended a wait", async () => {
    const bell = createBell();
    const first = bell.wait(LONG, forever());
    bell.ring();
    bell.ring();
    await over(first);
    const second = bell.wait(LONG, forever());
    expect(await isOver(second)).to.equal(false);
    bell.ring();
    await over(second);
  });

  it("is heard between two waits that end by themselves", async () => {
    const bell = createBell();
    await over(bell.wait(5, forever()));
    bell.ring();
    await over(bell.wait(LONG, forever()));
  });

  it("lets nobody wait for longer than is said", async () => {
    await createBell().wait(20, forever());
  });

  it("lets nobody wait when the signal has ended it, before or meanwhile", async () => {
    const bell = createBell();
    await over(bell.wait(LONG, AbortSignal.abort()));
    const ending = new AbortController();
    const wait = bell.wait(LONG, ending.signal);
    ending.abort();
    await over(wait);
  });

  it("leaves nothing on the signal, however often it is waited for", async () => {
    const bell = createBell();
    const signal = forever();
    for (let round = 0; round < 5; round++) {
      const wait = bell.wait(round % 2 === 0 ? 1 : LONG, signal);
      if (round % 2 === 1) bell.ring();
      await over(wait);
    }
    expect(getEventListeners(signal, "abort")).to.have.length(0);
  });
});

describe("provider.createPostponed", () => {
  const START = 1_700_000_000_000;
  beforeEach(() => {
    mock.timers.enable({ apis: ["Date"], now: START });
  });
  afterEach(() => {
    mock.timers.reset();
  });

  it("leaves a task alone until its moment, and no other", () => {
    const postponed = createPostponed(100);
    expect(postponed.isWaiting("a")).to.equal(false);
    postponed.until("a", START + 50);
    expect([postponed.isWaiting("a"), postponed.isWaiting("b")]).to.deep.equal([true, false]);
    mock.timers.tick(49);
    expect(postponed.isWaiting("a")).to.equal(true);
    mock.timers.tick(1);
    expect(postponed.isWaiting("a")).to.equal(false);
  });

  it("leaves a task alone twice as long after each failure, at most a minute", () => {
    const postponed = createPostponed(1_000);
    const pauses = Array.from({ length: 9 }, () => {
      const moment = postponed.failed("a");
      const rest = moment - Date.now();
      mock.timers.tick(rest - 1);
      expect(postponed.isWaiting("a")).to.equal(true);
      mock.timers.tick(1);
      expect(postponed.isWaiting("a")).to.equal(false);
      return rest;
    });
    expect(pauses).to.deep.equal([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    expect(postponed.failed("b") - Date.now()).to.equal(1_000);
  });

  it("stays at a minute after a thousand failures", () => {
    const postponed = createPostponed(20);
    for (let round = 0; round < 1_100; round++) postponed.failed("a");
    expect(postponed.failed("a") - START).to.equal(60_000);
  });

  it("begins anew with what it forgot", () => {
    const postponed = createPostponed(1_000);
    postponed.failed("a");
    postponed.failed("a");
    postponed.failed("b");
    postponed.forget("a");
    expect([postponed.isWaiting("a"), postponed.isWaiting("b")]).to.deep.equal([false, true]);
    expect(postponed.failed("a") - START).to.equal(1_000);
  });
});

describe("provider.ownPreference", () => {
  const anOffer = (taskId: string, openedAt = 1n): Offer => {
    const inputDigest = `0x${"33".repeat(32)}`;
    const order = draftOrder({ client: `0x${"22".repeat(20)}`, source: 1, maxReward: 1n, deadline: 9, inputDigest });
    const clock = { openedAt, clearedAt: 0n, deadline: 9n, rampDuration: 0n };
    return { taskId, order, startFraction: 1n, ...clock, feeBps: 0n, royaltyBps: 0n };
  };
  const tasks = Array.from({ length: 24 }, (_, index) => id(`task ${index}`));
  const sortedBy = (provider: number, taskIds: string[]) =>
    taskIds
      .map((taskId) => anOffer(taskId))
      .sort(ownPreference(provider))
      .map(({ taskId }) => taskId);

  it("is a total order", () => {
    const compare = ownPreference(7);
    const offers = tasks.map((taskId) => anOffer(taskId)).sort(compare);
    for (const [a, first] of offers.entries()) {
      for (const [b, second] of offers.entries()) expect(Math.sign(compare(first, second))).to.equal(Math.sign(a - b));
    }
    const again = anOffer(tasks[0] ?? "");
    expect(compare(again, anOffer(tasks[0] ?? ""))).to.equal(0);
  });

  it("lets no offer wait for ever: those that opened a quarter of a minute earlier come first", () => {
    for (const provider of [1, 2, 3, 4, 5]) {
      const offers = tasks.map((taskId, index) => anOffer(taskId, BigInt(index)));
      const sorted = offers.toSorted(ownPreference(provider)).map(({ openedAt }) => Number(openedAt));
      const generations = sorted.map((second) => Math.floor(second / 15));
      expect(generations).to.deep.equal(generations.toSorted((a, b) => a - b));
      // Within one, providers differ.
      expect(sorted.slice(0, 15)).not.to.deep.equal(sorted.slice(0, 15).toSorted((a, b) => a - b));
    }
  });

  it("is the same at every start, in whatever sequence the offers come", () => {
    const expected = sortedBy(7, tasks);
    expect(new Set(expected)).to.deep.equal(new Set(tasks));
    expect(sortedBy(7, tasks.toReversed())).to.deep.equal(expected);
    expect(sortedBy(7, tasks.toSorted())).to.deep.equal(expected);
    // What is gone changes nothing in the sequence of the rest.
    expect(sortedBy(7, tasks.slice(5))).to.deep.equal(expected.filter((task) => tasks.indexOf(task) >= 5));
  });

  it("spreads providers over the tasks", () => {
    const firsts = Array.from({ length: 240 }, (_, index) => sortedBy(index + 1, tasks)[0] ?? "");
    const counts = tasks.map((task) => firsts.filter((first) => first === task).length);
    // Ten for each on the average.
    expect(Math.min(...counts)).to.be.greaterThan(0);
    expect(Math.max(...counts)).to.be.lessThan(30);
    expect(sortedBy(1, tasks)).to.not.deep.equal(sortedBy(257, tasks));
  });
});

describe("provider.takePulse", () => {
  let market: Market;
  const now = () => Math.floor(Date.now() / 1_000);
  const nobody = () => undefined;
  beforeEach(async () => {
    market = await loadFixture(deployMarket);
  });
  const through = async (intercept: Interception): Promise<Protocol> => {
    const provider = new InterceptedProvider(connection.provider, 31_337n, intercept);
    return connect(provider, await locationOf(market), { patience: { ...IMPATIENCE, requests: 200 } });
  };
  /** A clock shows at least this, and not much more. */
  const expectAbout = (pulse: Pulse, moment: number) => {
    expect(pulse.clock())
      .to.be.at.least(moment)
      .and.below(moment + 100);
  };
  const DAY = 86_400;

  it("tells the time of a chain that is ahead of this machine", async () => {
    await time.increase(10 * DAY);
    const pulse = await takePulse(await readerOf(market), nobody);
    const latest = await time.latest();
    expect(latest).to.be.above(now() + 9 * DAY);
    expectAbout(pulse, latest);
  });

  it("goes on between two blocks", async () => {
    await time.increase(10 * DAY);
    const pulse = await takePulse(await readerOf(market), nobody);
    const first = pulse.clock();
    await pause(1_100);
    expect(pulse.clock()).to.be.above(first);
  });

  it("tells the time of this machine if the chain is behind it", async () => {
    const protocol = await through(async (_method, _params, next) => {
      const answer = await next();
      const isBlock = typeof answer === "object" && answer !== null && "timestamp" in answer;
      return isBlock ? { ...answer, timestamp: `0x${(now() - DAY).toString(16)}` } : answer;
    });
    const before = now();
    expectAbout(await takePulse(protocol, nobody), before);
  });

  it("tells the price of gas", async () => {
    const prices: bigint[] = [];
    const protocol = await through(async (method, _params, next) => (method === "eth_gasPrice" ? "0x2a" : next()));
    await takePulse(protocol, (price) => prices.push(price));
    expect(prices).to.deep.equal([42n]);
  });

  it("says when the node does not answer the first time", async () => {
    let away = false;
    const protocol = await through((_method, _params, next) => {
      if (away) throw unreachable();
      return next();
    });
    away = true;
    await caught(takePulse(protocol, nobody), NodeError);
  });

  it("follows the chain until it is ended, even if the node is away in between", async () => {
    let [away, refused] = [false, 0];
    let price = 1;
    const protocol = await through(async (method, _params, next) => {
      if (away) {
        refused++;
        throw unreachable();
      }
      return method === "eth_gasPrice" ? `0x${price.toString(16)}` : next();
    });
    const prices: bigint[] = [];
    const pulse = await takePulse(protocol, (told) => prices.push(told));
    const ending = new AbortController();
    const following = pulse.follow(ending.signal);
    const until = async (what: string, look: () => boolean) => {
      const end = Date.now() + 20_000;
      while (!look()) {
        if (Date.now() > end) throw new Error(`${what} did not happen`);
        await pause(20);
      }
    };
    away = true;
    const shown = pulse.clock();
    await until("a look", () => refused > 0);
    // Until it gives up.
    await pause(2 * protocol.patience.requests);
    expectAbout(pulse, shown);
    await time.increase(10 * DAY);
    price = 5;
    away = false;
    await until("another look", () => prices.at(-1) === 5n);
    expectAbout(pulse, await time.latest());
    ending.abort();
    await following;
  });
});

describe("provider.firstRelevantBlock", () => {
  const STEP = 100;
  /** Blocks whose times are at least so many seconds apart. */
  const deployAndMine = async () => {
    const market = await deployMarket();
    for (let block = 0; block < 40; block++) {
      await time.increase(STEP);
      if (block % 7 === 0) await networkHelpers.mine(3, { interval: 1 });
    }
    return market;
  };
  let protocol: Protocol;
  let times: number[];
  before(async () => {
    const market = await loadFixture(deployAndMine);
    protocol = await readerOf(market);
    const latest = await ethers.provider.getBlockNumber();
    const blocks = await Promise.all(Array.from({ length: latest + 1 }, (_, at) => ethers.provider.getBlock(at)));
    times = blocks.map((block) => block?.timestamp ?? NaN);
  });
  /** The same with another view of the chain. */
  const seenAs = (change: (block: object | null, number: string) => unknown, asked: string[] = []): Protocol => {
    const provider = new InterceptedProvider(connection.provider, 31_337n, async (method, params, next) => {
      const answer = await next();
      if (method !== "eth_getBlockByNumber") return answer;
      asked.push(String(params[0]));
      return change(answer as object | null, String(params[0]));
    });
    return { ...protocol, provider };
  };

  it("is the first block that is not older than the lifetime, whichever that is", async () => {
    const newest = times.at(-1) ?? 0;
    for (const from of [0, 1, 17, times.length - 1]) {
      for (const age of [0, 1, ...times.map((moment) => newest - moment), 150, 10 ** 9]) {
        const expected = Math.max(
          from,
          times.findIndex((moment) => moment >= newest - age),
        );
        expect(await firstRelevantBlock(protocol, from, age), `${age} s from ${from}`).to.equal(expected);
      }
    }
  });

  it("asks for a few blocks only", async () => {
    const asked: string[] = [];
    await firstRelevantBlock(
      seenAs((block) => block, asked),
      0,
      1_000,
    );
    expect(asked.length).to.be.below(Math.log2(times.length) + 3);
  });

  it("is the first of all for a node that knows nothing of old blocks, or of any", async () => {
    const latestOnly = seenAs((block, number) => (number === "latest" ? block : null));
    expect(await firstRelevantBlock(latestOnly, 3, 10)).to.equal(3);
    expect(
      await firstRelevantBlock(
        seenAs(() => null),
        3,
        10,
      ),
    ).to.equal(3);
  });

  it("is not before the deployment, even if the node is", async () => {
    expect(await firstRelevantBlock(protocol, times.length + 5, 10)).to.equal(times.length + 5);
  });
});
