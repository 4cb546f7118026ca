import { expect } from "chai";
import { marketPriceAt } from "../../../../src/protocol/market.js";
import { createMirrorVenue, type Opening } from "../../../../src/market/simulation/mirrorVenue.js";
import { REGIMES } from "../../../../src/market/simulation/regimes.js";
import { DEFAULT_SCENARIO } from "../../../../src/market/simulation/scenario.js";
import { openingOf } from "../../../../src/market/simulation/seedRun.js";
import { toWei } from "../../../../src/market/simulation/venue.js";
import { runEpisode, START } from "../../../../src/market/simulation/world.js";
import { createTheatre, type Theatre } from "../../../../scripts/simulation/stage.js";
import { expectNear } from "../../../helpers/near.js";

const SCENARIO = { ...DEFAULT_SCENARIO, warmUp: 120, length: 900 };
const OPENING: Opening = {
  ...{ openedAt: START, price: toWei(1), floorPrice: toWei(0.25), feeBps: 250, royaltyBps: 500 },
  parameters: DEFAULT_SCENARIO.price,
};
const ORDER = { cap: toWei(2), ramp: 100, deadline: START + 1_000, servable: true };

describe("market.simulation.createMirrorVenue", () => {
  it("counts, prices and pays as the contracts do", async () => {
    const venue = createMirrorVenue(OPENING);
    expect(venue.now).to.deep.equal({ price: toWei(1), openTasks: 0, capacity: 0 });
    await venue.advance(START + 10, [{ kind: "join", provider: 1, slots: 2 }]);
    const amounts = await venue.advance(START + 20, [
      { kind: "submit", task: 1, ...ORDER },
      { kind: "submit", task: 2, ...ORDER, cap: toWei(0.5) },
    ]);
    // Ten seconds with nothing open: e = −1.
    const market = { openTasks: 0n, capacity: 2n, touchedAt: BigInt(START + 10), parameters: OPENING.parameters };
    const price = marketPriceAt({ ...market, price: toWei(1) }, OPENING.floorPrice, BigInt(START + 20));
    expectNear(Number(price) / 1e18, Math.exp(-10 * OPENING.parameters.speed * 1e-6), 1e-12);
    expectNear(Number(amounts[0]) / Number(price), 1, 1e-8);
    expect(amounts[1]).to.equal(toWei(0.5));
    // A budget below the market price is no demand.
    expect(venue.now.openTasks).to.equal(1);
    const [taken] = await venue.advance(START + 70, [{ kind: "take", task: 1, provider: 1 }]);
    // Half-way up the ramp.
    expectNear(Number(taken), (Number(price) + 2e18) / 2, 1e10);
    const [paid] = await venue.advance(START + 200, [{ kind: "deliver", task: 1 }]);
    expectNear(Number(paid), Number(taken) * 0.925, 1e3);
    expect(venue.now.openTasks).to.equal(0);
  });
});

describe("market.simulation.createChainVenue", function () {
  this.timeout(60_000);
  let theatre: Theatre;

  before(async () => {
    theatre = await createTheatre(SCENARIO, openingOf(3, SCENARIO));
  });

  after(() => theatre.close());

  for (const regime of REGIMES.filter(({ name }) => ["outage", "pump", "selfDeal"].includes(name))) {
    it(`tells the same to the last digit as the mirror: ${regime.title}`, async () => {
      const plot = { seed: 3, scenario: SCENARIO, regime };
      const venue = await theatre.open();
      const onChain = await runEpisode(venue, plot);
      await venue.audit();
      expect(onChain.tasks.filter(({ deliveredAt }) => deliveredAt !== undefined).length).to.be.greaterThan(50);
      expect(onChain).to.deep.equal(await runEpisode(createMirrorVenue(openingOf(3, SCENARIO)), plot));
    });
  }

  it("takes a revert for an error", async () => {
    const venue = await theatre.open();
    await expectRejected(
      venue.advance(START + 10, [{ kind: "leave", provider: 1 }]),
      /^The contracts refused to leave: provider 1\.$/,
    );
    const again = await theatre.open();
    await again.advance(START + 10, [{ kind: "submit", task: 1, ...ORDER }]);
    await expectRejected(
      again.advance(START + 20, [{ kind: "take", task: 1, provider: 1 }]),
      /^The contracts refused to take: task 1\.$/,
    );
  });
});

async function expectRejected(promise: Promise<unknown>, pattern: RegExp): Promise<void> {
  const outcome = await promise.then(
    () => "fulfilled",
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  expect(outcome).to.match(pattern);
}
