import { expect } from "chai";
import type { BenchmarkResult } from "../../../../src/market/benchmark/result.js";
import { formatResult, parseResult } from "../../../../src/market/benchmark/resultSchema.js";
import { DocumentFormatError } from "../../../../src/protocol/errors.js";
import { aBatch, aLatency, aResult, aSpread } from "../../../helpers/benchmark.js";
import { thrown } from "../../../helpers/thrown.js";

const HUGE = 2n ** 200n;

/** The result as it is written, with another value somewhere. */
function altered(place: readonly (string | number)[], value: unknown): string {
  const document: unknown = JSON.parse(formatResult(aResult()));
  const parent = place.slice(0, -1).reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], document);
  (parent as Record<string, unknown>)[place.at(-1) ?? ""] = value;
  return JSON.stringify(document);
}
const refused = (place: readonly (string | number)[], value: unknown) =>
  thrown(() => parseResult(altered(place, value), "old.json"), DocumentFormatError);

describe("market.benchmark.parseResult", () => {
  const unpriced = { chainId: 1, blockTime: 12, gasPrice: 7n, coin: "ETH" };
  for (const [title, result] of [
    ["all", aResult()],
    ["amounts beyond 2^53", aResult({ batches: [aBatch({ cost: { ...aBatch().cost, price: HUGE, fee: 1n } })] })],
    ["no price of the coin", aResult({ network: unpriced })],
    [
      "an accelerator",
      aResult({
        gpu: { measured: true, workload: "digits", unit: "image", units: 1, device: "Tesla T4", rate: aSpread(1, 2) },
      }),
    ],
    ["too few samples", aResult({ batches: [aBatch({ delivery: aLatency(3), payment: aLatency(0) })] })],
    ["nothing", aResult({ batches: [], loads: [], scenarios: [], prices: [], problems: ["It failed."] })],
  ] as const satisfies readonly (readonly [string, BenchmarkResult])[]) {
    it(`reads back a result with ${title}`, () => {
      const text = formatResult(result);
      expect(parseResult(text)).to.deep.equal(result);
      const again = formatResult(parseResult(text));
      expect(formatResult(parseResult(again))).to.equal(again);
    });
  }

  it("is written with amounts as decimal strings", () => {
    const document = JSON.parse(formatResult(aResult())) as { network: object; batches: { cost: object }[] };
    expect(document.network).to.include({ gasPrice: "1000000000" });
    expect(document.batches[0]?.cost).to.include({ price: "10000000000000000" });
  });

  for (const [place, value, problem] of [
    [["format"], "opengpu-benchmark/2", '"opengpu-benchmark/2" is no format that is known here'],
    [["machine", "cores"], 0, "0 is no whole number from 1 on"],
    [["network", "gasPrice"], 1_000, "1000 is no whole number in decimal, as a text"],
    [["network", "gasPrice"], "-1", '"-1" is no whole number in decimal'],
    [["batches", 0, "cost", "price"], "0x10", '"0x10" is no whole number in decimal'],
    [["batches", 1, "delivery", "p50"], "fast", '"fast" is no number'],
    [["batches", 1, "units"], 2.5, "2.5 is no whole number from 1 on"],
    [["loads", 2, "failures"], -1, "-1 is no whole number from 0 on"],
    [["scenarios", 1, "scenario"], "flood", '"flood" is no scenario: baseline, provider-killed, slow-store, lossy-rpc'],
    [["prices", 0, "offers", 0, "offer", "value", "kind"], "free", '"free" is no kind of offer'],
    [["prices", 0, "rate", "device"], 7, "7 is no text"],
  ] as const) {
    it(`refuses ${JSON.stringify(value)} as ${place.join(".")}`, () => {
      const error = refused(place, value);
      expect(error.field).to.equal(place.join("."));
      expect(error.message).to.include(`old.json is not usable: ${place.join(".")}: ${problem}`);
    });
  }

  it("refuses a spread that falls, a field that nobody knows, and one that is missing", () => {
    expect(refused(["batches", 0, "overhead", "market", "least"], 7).message).to.include("it does not rise");
    expect(refused(["machine", "colour"], "red").field).to.equal("machine.colour");
    expect(refused(["duration"], undefined).message).to.include("duration: it is missing");
    // What was not measured cannot have a cost.
    const { field } = refused(["prices", 0, "offers", 1, "cost"], { origin: "computed", from: [], value: 1 });
    expect(field).to.equal("prices.0.offers.1.cost");
  });
});
