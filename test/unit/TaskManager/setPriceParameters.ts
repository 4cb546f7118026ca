import { expect } from "chai";
import { DEFAULT_PARAMETERS } from "../../../src/protocol/parameters.js";
import { movements } from "../../helpers/manager.js";
import { loadFixture, passTo, time } from "../../helpers/network.js";
import { deployMarket, type Market, openTask, random32, WINDOWS } from "../../helpers/suite.js";

const { price: DEFAULTS } = DEFAULT_PARAMETERS;
const NONE = { target: 0, speed: 0, clamp: 0 };
const OTHERS = { target: 5001, speed: 9999, clamp: 999 };

type Parameters = typeof DEFAULTS;

const numbers = ({ target, speed, clamp }: Record<keyof Parameters, bigint>): Parameters => ({
  target: Number(target),
  speed: Number(speed),
  clamp: Number(clamp),
});

/** What the source's market goes by now. */
const inForce = async ({ providerPool }: Market): Promise<Parameters> =>
  numbers((await providerPool.getMarket(1)).parameters);

/** A market with as many open tasks as slots, so that its price rises. */
async function busy() {
  const market = await deployMarket();
  const tasks = [await openTask(market, { reservation: 600 }), await openTask(market)];
  return { ...market, tasks, touchedAt: await time.latest() };
}

/** By how many basis points of itself the market price is the price `from`. */
const ratio = async ({ providerPool }: Market, from: bigint): Promise<bigint> =>
  ((await providerPool.getMarket(1)).price * 10_000n) / from;

describe("TaskManager.setPriceParameters", () => {
  it("has those of the deployment at first", async () => {
    const { taskManager } = await loadFixture(deployMarket);
    expect(numbers(await taskManager.priceParameters())).to.deep.equal(DEFAULTS);
  });

  for (const parameters of [
    { target: 5000, speed: 10, clamp: 10 },
    { target: 9500, speed: 40_000, clamp: 1000 },
    { target: 5000, speed: 40_000, clamp: 10 },
    OTHERS,
  ]) {
    const { target, speed, clamp } = parameters;
    it(`takes a target of ${target}, a speed of ${speed} and a clamp of ${clamp}, and changes nothing else`, async () => {
      const market = await loadFixture(deployMarket);
      const { taskManager, owner, treasury } = market;
      expect(
        await movements(market, () =>
          expect(taskManager.connect(owner).setPriceParameters(parameters))
            .to.emit(taskManager, "PriceParametersSet")
            .withArgs(target, speed, clamp),
        ),
      ).to.deep.equal({});
      expect(numbers(await taskManager.priceParameters())).to.deep.equal(parameters);
      expect(await taskManager.feeBps()).to.equal(250);
      expect(await taskManager.treasury()).to.equal(treasury.address);
      expect(await taskManager.submissionsPaused()).to.equal(false);
    });
  }

  it("survives a change of fee, treasury and pause", async () => {
    const { taskManager, owner, stranger } = await loadFixture(deployMarket);
    const governor = taskManager.connect(owner);
    await governor.setPriceParameters(OTHERS);
    await governor.setFee(999);
    await governor.setTreasury(stranger);
    await governor.setSubmissionsPaused(true);
    expect(numbers(await taskManager.priceParameters())).to.deep.equal(OTHERS);
  });

  describe("when one is out of bounds", () => {
    const bounds = { target: [5000, 9500], speed: [10, 40_000], clamp: [10, 1000] } as const;
    for (const [name, [minimum, maximum]] of Object.entries(bounds)) {
      for (const value of [0, minimum - 1, maximum + 1, 2 ** 16 - 1]) {
        it(`refuses a ${name} of ${value}`, async () => {
          const { taskManager, owner } = await loadFixture(deployMarket);
          await expect(taskManager.connect(owner).setPriceParameters({ ...DEFAULTS, [name]: value }))
            .to.be.revertedWithCustomError(taskManager, "PriceParameterOutOfBounds")
            .withArgs(value, minimum, maximum);
          expect(numbers(await taskManager.priceParameters())).to.deep.equal(DEFAULTS);
        });
      }
    }
  });

  it("refuses anyone but the owner", async () => {
    const { taskManager, treasury, deployer, stranger } = await loadFixture(deployMarket);
    for (const caller of [treasury, deployer, stranger]) {
      await expect(taskManager.connect(caller).setPriceParameters(OTHERS))
        .to.be.revertedWithCustomError(taskManager, "OwnableUnauthorizedAccount")
        .withArgs(caller.address);
    }
    expect(numbers(await taskManager.priceParameters())).to.deep.equal(DEFAULTS);
  });

  describe("when a market runs", () => {
    it("goes by none before its first order, then by those of the moment", async () => {
      const market = await loadFixture(deployMarket);
      expect(await inForce(market)).to.deep.equal(NONE);
      await market.taskManager.connect(market.owner).setPriceParameters(OTHERS);
      expect(await inForce(market)).to.deep.equal(NONE);
      await openTask(market);
      expect(await inForce(market)).to.deep.equal(OTHERS);
    });

    it("goes by new ones from its next order on, and by no other event", async () => {
      const market = await loadFixture(busy);
      const { taskManager, providerPool, agent, owner, tasks } = market;
      const [reservable, race] = tasks;
      if (reservable === undefined || race === undefined) throw new Error("two tasks");
      await taskManager.connect(owner).setPriceParameters(OTHERS);
      const manager = taskManager.connect(agent);
      const unchanged = async (act: () => Promise<unknown>): Promise<void> => {
        await act();
        expect(await inForce(market)).to.deep.equal(DEFAULTS);
      };
      await unchanged(() => Promise.resolve());
      await unchanged(() => manager.reserve(reservable.packed, 1));
      await unchanged(() => manager.deliver(race.packed, 1, random32()));
      await unchanged(() => manager.deliver(reservable.packed, 1, random32()));
      await time.increase(WINDOWS.disclose + 1);
      await unchanged(() => manager.reopen(race.packed));
      await unchanged(() => manager.refund(race.packed));
      await unchanged(() => providerPool.connect(agent).leavePool(1, 1));
      await unchanged(() => providerPool.connect(agent).joinPool(1, 1, 1, 2, 1, 0));
      await openTask(market);
      expect(await inForce(market)).to.deep.equal(OTHERS);
    });

    it("never prices the time before the order by them", async () => {
      const market = await loadFixture(busy);
      const { taskManager, providerPool, owner, touchedAt } = market;
      const { price } = await providerPool.getMarket(1);
      // With every slot taken at a target of 80 %, a price rises at a quarter of its speed: 600, then 40,000 millionths.
      await taskManager.connect(owner).setPriceParameters({ target: 8000, speed: 40_000, clamp: 1000 });
      await time.increaseTo(touchedAt + 100);
      // exp(0.015) = 1.01511
      expect(await ratio(market, price)).to.equal(10_151n);
      await passTo(touchedAt + 200);
      await openTask(market);
      const after = await providerPool.getMarket(1);
      expect(after.touchedAt).to.equal(touchedAt + 200);
      // exp(0.03) = 1.03045
      expect(await ratio(market, price)).to.equal(10_304n);
      await time.increaseTo(touchedAt + 210);
      // exp(0.1) = 1.10517
      expect(await ratio(market, after.price)).to.equal(11_051n);
    });
  });
});
