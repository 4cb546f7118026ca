import { expect } from "chai";
import { parseEther } from "ethers";
import { providerCost, YEAR } from "../../../../src/market/benchmark/breakEven.js";
import {
  compareOffer,
  costAtOffer,
  costInMarket,
  deviceSecond,
  gasOf,
  rateForCost,
  usdOf,
} from "../../../../src/market/benchmark/costs.js";
import { CostInputError } from "../../../../src/market/benchmark/errors.js";
import type { Hardware } from "../../../../src/market/benchmark/priceBook.js";
import { comparePrices, pricesOf } from "../../../../src/market/benchmark/prices.js";
import { listed, measured } from "../../../../src/market/benchmark/provenance.js";
import { aBatch, aBook, aMachine, aNetwork, anOffer, aRate, aSpread, CPU, STATED } from "../../../helpers/benchmark.js";
import { expectNear } from "../../../helpers/near.js";
import { Random, SEED } from "../../../helpers/seeded.js";
import { thrown } from "../../../helpers/thrown.js";

const GWEI = 1_000_000_000n;
const { cost } = aBatch();
const [processor] = aBook().hardware as [Hardware];
const OPERATION = { seconds: 2, utilisation: 0.5, gasPrice: GWEI, coinPrice: 2_000 };

describe("market.benchmark.costs", () => {
  it("divides the price of an offer by its devices and the seconds of an hour", () => {
    // 28.80 USD an hour for eight are 3.60 for one, a tenth of a cent a second.
    expectNear(deviceSecond(anOffer()), 0.001, 1e-15);
    // A thousand units at 50 a second take 20 s.
    expectNear(costAtOffer(anOffer(), 50), 0.02, 1e-15);
    expectNear(costAtOffer(anOffer({ usdPerHour: 2, devices: 1 }), 1_000), 2 / 3_600, 1e-15);
  });

  it("knows at which rate an offer costs so much", () => {
    expectNear(rateForCost(anOffer(), 0.02), 50, 1e-9);
    expectNear(rateForCost(anOffer(), 203), 1 / 203, 1e-12);
  });

  it(`turns rates into costs and back (seed ${SEED})`, () => {
    const random = new Random(`costs ${SEED}`);
    for (let round = 0; round < 200; round++) {
      const offer = anOffer({ usdPerHour: random.real(0.01, 100), devices: random.whole(1, 16) });
      const rate = random.real(0.001, 1e6);
      const found = costAtOffer(offer, rate);
      expectNear(rateForCost(offer, found) / rate, 1, 1e-9);
      // Twice the price, or half the devices, costs twice as much; twice the rate half.
      expectNear(costAtOffer({ ...offer, usdPerHour: 2 * offer.usdPerHour }, rate) / found, 2, 1e-9);
      expectNear(costAtOffer(offer, 2 * rate) / found, 0.5, 1e-9);
    }
  });

  for (const bad of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    it(`refuses ${bad} as a rate or a cost`, () => {
      expect(thrown(() => costAtOffer(anOffer(), bad), CostInputError)).to.include({ input: "rate" });
      expect(thrown(() => rateForCost(anOffer(), bad), CostInputError).value).to.deep.equal(bad);
    });
  }

  it("adds up what a thousand units cost in the market", () => {
    // Ten tasks of a hundred units: 0.01 coins each, and 150,000 gas of the client at a gwei.
    const found = costInMarket(cost, 100, GWEI, 2_000);
    expect(found.payment.wei).to.equal(parseEther("0.075"));
    expect(found.fee.wei).to.equal(parseEther("0.01"));
    expect(found.royalty.wei).to.equal(parseEther("0.015"));
    expect(found.gas.wei).to.equal(parseEther("0.0015"));
    expect(found.total.wei).to.equal(parseEther("0.1015"));
    expectNear(found.total.usd ?? 0, 203, 1e-9);
    expectNear(found.gas.usd ?? 0, 3, 1e-9);
  });

  it("says nothing in USD without a price of the coin", () => {
    const found = costInMarket(cost, 1, GWEI);
    expect(found.total).to.deep.equal({ wei: parseEther("10.15") });
    for (const part of Object.values(found)) expect(part).to.not.have.property("usd");
  });

  it("rounds down to the wei, and its parts are its sum", () => {
    const odd = { price: 10n, fee: 1n, royalty: 2n, gas: [{ operation: "a", payer: "client" as const, gas: 1n }] };
    const found = costInMarket(odd, 3, 1n);
    // 1000 / 3 of 7, 1, 2 and 1 wei.
    expect([found.payment.wei, found.fee.wei, found.royalty.wei, found.gas.wei]).to.deep.equal([
      2333n,
      333n,
      666n,
      333n,
    ]);
    expect(found.total.wei).to.equal(3665n);
  });

  it("tells who pays which gas", () => {
    expect(gasOf(cost, "client")).to.equal(150_000n);
    expect(gasOf(cost, "provider")).to.equal(80_000n);
    expect(gasOf({ gas: [] }, "client")).to.equal(0n);
    expectNear(usdOf(parseEther("0.25"), 2_000), 500, 1e-9);
  });

  it("refuses tasks of no units, a coin of no price, and shares beyond the price", () => {
    expect(thrown(() => costInMarket(cost, 0, GWEI), CostInputError)).to.include({ input: "units", value: 0 });
    expect(thrown(() => costInMarket(cost, 1.5, GWEI), CostInputError).input).to.equal("units");
    expect(thrown(() => costInMarket(cost, 1, GWEI, 0), CostInputError).input).to.equal("coinPrice");
    const greedy = { ...cost, fee: cost.price + 1n };
    expect(thrown(() => costInMarket(greedy, 1, GWEI), CostInputError).input).to.equal("payment");
  });
});

describe("market.benchmark.compareOffer", () => {
  const rate = measured("NVIDIA H100 80GB HBM3", 50);

  it("has a cost only for the device that was measured", () => {
    const same = compareOffer(listed(anOffer()), rate, 0.01);
    if (same.basis !== "measured") throw new Error(same.basis);
    expectNear(same.cost.value, 0.02, 1e-12);
    expect(same.cost).to.deep.include({ origin: "computed", from: ["measured", "listed"] });
    expectNear(same.saving?.usd ?? 0, 0.01, 1e-12);
    expectNear(same.saving?.share ?? 0, 0.5, 1e-12);
    expectNear(same.breakEvenRate?.value ?? 0, 100, 1e-9);
    expect(same.offer).to.deep.include({ origin: "listed", ...STATED });
  });

  it("extrapolates nothing to another device, however alike", () => {
    for (const device of ["NVIDIA H100 PCIe", "NVIDIA H100 80GB HBM3e", "NVIDIA H200", CPU]) {
      const other = compareOffer(listed(anOffer({ device })), rate, 0.01);
      expect(other.basis).to.equal("not measured here");
      expect(other).to.have.all.keys("basis", "offer", "breakEvenRate");
      expectNear(other.breakEvenRate?.value ?? 0, 100, 1e-9);
      expect(other.breakEvenRate?.from).to.not.include("measured");
    }
  });

  it("tells a loss as a negative saving", () => {
    const same = compareOffer(listed(anOffer()), rate, 203);
    if (same.basis !== "measured") throw new Error(same.basis);
    expectNear(same.saving?.usd ?? 0, -202.98, 1e-9);
    expectNear(same.saving?.share ?? 0, -10_149, 1e-6);
  });

  it("leaves out what needs a price of the coin", () => {
    expect(compareOffer(listed(anOffer()), rate)).to.have.all.keys("basis", "offer", "cost");
    expect(compareOffer(listed(anOffer({ device: "NVIDIA L4" })), rate)).to.have.all.keys("basis", "offer");
    // A market that costs nothing is cheaper at any rate.
    expect(compareOffer(listed(anOffer()), rate, 0)).to.have.all.keys("basis", "offer", "cost", "saving");
  });
});

describe("market.benchmark.providerCost", () => {
  it("adds up wear, energy and gas for the seconds of a task", () => {
    expect(YEAR).to.equal(31_557_600);
    // 1,577.88 USD over 157,788,000 s, at work half of them: 2e-5 USD a second. 0.36 kW at 0.20 USD: 2e-5 a second.
    const found = providerCost(processor, { usdPerKwh: 0.2 }, cost, OPERATION);
    expectNear(found.depreciation, 4e-5, 1e-12);
    expectNear(found.energy, 4e-5, 1e-12);
    expectNear(found.secondOfWork, 4e-5, 1e-12);
    // 80,000 gas at a gwei.
    expect(found.gasWei).to.equal(parseEther("0.00008"));
    expectNear(found.gas ?? 0, 0.16, 1e-12);
    expectNear(found.reward ?? 0, 0.16008, 1e-9);
    expectNear(found.rewardCoins ?? 0, 0.00008004, 1e-12);
  });

  it("wears the device less the more it works", () => {
    const busy = providerCost(processor, { usdPerKwh: 0.2 }, cost, { ...OPERATION, utilisation: 1 });
    expectNear(busy.depreciation, 2e-5, 1e-12);
    expectNear(busy.energy, 4e-5, 1e-12);
  });

  it("has gas in coin alone without a price of the coin", () => {
    const unpriced = { seconds: 2, utilisation: 0.5, gasPrice: GWEI };
    const found = providerCost(processor, { usdPerKwh: 0.2 }, cost, unpriced);
    expect(found).to.have.all.keys("depreciation", "energy", "gasWei", "secondOfWork");
  });

  for (const [input, value] of [
    ["seconds", 0],
    ["utilisation", 0],
    ["utilisation", 1.01],
    ["coinPrice", -1],
  ] as const) {
    it(`refuses ${value} as ${input}`, () => {
      const act = () => providerCost(processor, { usdPerKwh: 0.2 }, cost, { ...OPERATION, [input]: value });
      expect(thrown(act, CostInputError)).to.include({ input, value });
    });
  }
});

describe("market.benchmark.comparePrices", () => {
  const choices = { utilisation: 0.5 };
  const rate = measured(CPU, 50);

  it("goes by the rate of the whole device, and sets the measured device before the others", () => {
    const found = comparePrices(aBook(), aBatch(), rate, aNetwork(), choices);
    expect(found.rate).to.deep.equal({ origin: "measured", device: CPU, value: 50 });
    expect(found.offers.map(({ basis }) => basis)).to.deep.equal(["measured", "not measured here"]);
    expectNear(found.market.total.usd ?? 0, 203, 1e-9);
    expect(found.provider?.payment).to.equal(parseEther("0.0075"));
    expectNear(found.provider?.cost.reward ?? 0, 0.16008, 1e-9);
    // A device that does twice as much is worn half as much by a task, and its offers cost half as much.
    const twice = comparePrices(aBook(), aBatch(), measured(CPU, 100), aNetwork(), choices);
    expectNear(twice.provider?.cost.depreciation ?? 0, (found.provider?.cost.depreciation ?? 0) / 2, 1e-12);
    expectNear(twice.provider?.cost.energy ?? 0, (found.provider?.cost.energy ?? 0) / 2, 1e-12);
    const costs = [found, twice].map(({ offers: [first] }) => (first?.basis === "measured" ? first.cost.value : 0));
    expectNear(costs[1] ?? 0, (costs[0] ?? 0) / 2, 1e-12);
    expect(
      thrown(() => comparePrices(aBook(), aBatch(), measured(CPU, 0), aNetwork(), choices), CostInputError),
    ).to.include({ input: "rate", value: 0 });
  });

  it("puts the cheaper device first among those that were not measured", () => {
    const offers = [
      anOffer({ usdPerHour: 16 }),
      anOffer({ usdPerHour: 3, devices: 1 }),
      anOffer({ usdPerHour: 1.9, devices: 1, product: "x" }),
    ];
    const found = comparePrices(aBook({ offers }), aBatch(), rate, aNetwork(), choices);
    expect(found.offers.map(({ offer }) => offer.value.usdPerHour)).to.deep.equal([1.9, 16, 3]);
  });

  it("says nothing of a provider whose hardware or energy has no price", () => {
    expect(comparePrices(aBook({ hardware: [] }), aBatch(), rate, aNetwork(), choices)).to.not.have.property(
      "provider",
    );
    const { format, offers, hardware } = aBook();
    expect(comparePrices({ format, offers, hardware }, aBatch(), rate, aNetwork(), choices)).to.not.have.property(
      "provider",
    );
    const named = comparePrices(aBook(), aBatch(), measured("Another", 50), aNetwork(), {
      ...choices,
      hardware: CPU,
    });
    expect(named.provider?.hardware).to.equal(CPU);
    expect(named.offers.every(({ basis }) => basis === "not measured here")).to.equal(true);
  });
});

describe("market.benchmark.pricesOf", () => {
  it("takes the largest size of what has a rate, and the accelerator's rate beside the processor's", () => {
    const base = {
      ...{ machine: aMachine(), network: aNetwork(), rates: [aRate(), aRate({ workload: "train" })] },
      batches: [aBatch({ units: 1 }), aBatch({ units: 100 }), aBatch({ workload: "other" })],
      gpu: { measured: false as const, reason: "none" },
    };
    const named = (found: ReturnType<typeof pricesOf>) =>
      found.map(({ workload, units, rate, provider }) => [
        workload,
        units,
        rate.device,
        rate.value,
        provider?.hardware,
      ]);
    const choices = { utilisation: 0.5, hardware: CPU };
    expect(named(pricesOf(aBook(), base, choices))).to.deep.equal([["digits", 100, CPU, 50, CPU]]);
    const gpu = {
      measured: true as const,
      ...{ workload: "digits", unit: "image", units: 9, device: "NVIDIA H100 80GB HBM3" },
      rate: aSpread(900, 1_000, 1_100),
    };
    expect(named(pricesOf(aBook(), { ...base, gpu }, choices))).to.deep.equal([
      ["digits", 100, CPU, 50, CPU],
      // The book has no such hardware, and what was named for the processor is none of the accelerator's.
      ["digits", 100, "NVIDIA H100 80GB HBM3", 1_000, undefined],
    ]);
  });
});
