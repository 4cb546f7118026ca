import { z } from "zod";
import { formatDocument, parseDocument } from "../../protocol/deployment.js";
import { offerSchema } from "./priceBook.js";
import { type BenchmarkResult, SCENARIOS } from "./result.js";

/** Names the value that is wrong, beside the field that its reader names. */
const wrong = (expected: string) => ({
  error: ({ input }: { input?: unknown }) =>
    input === undefined ? "it is missing" : `${JSON.stringify(input)} is no ${expected}`,
});

const text = z.string(wrong("text"));
const number = z.number(wrong("number"));
const some = number.nonnegative(wrong("number from 0 on"));
const count = z.int(wrong("whole number from 0 on")).nonnegative(wrong("whole number from 0 on"));
const several = z.int(wrong("whole number from 1 on")).positive(wrong("whole number from 1 on"));
const WEI = wrong("whole number in decimal, as a text");
const wei = z
  .string(WEI)
  .regex(/^\d{1,78}$/, WEI)
  .transform(BigInt);

const interval = z.tuple([some, some], wrong("pair of numbers"));
const latency = z.strictObject({
  samples: count,
  least: some.exactOptional(),
  p50: some.exactOptional(),
  p90: some.exactOptional(),
  p99: some.exactOptional(),
  most: some.exactOptional(),
  intervals: z.strictObject({
    p50: interval.exactOptional(),
    p90: interval.exactOptional(),
    p99: interval.exactOptional(),
  }),
});
const spread = z
  .strictObject({ samples: several, least: some, lowerQuartile: some, median: some, upperQuartile: some, most: some })
  .refine(
    ({ least, lowerQuartile, median, upperQuartile, most }) =>
      least <= lowerQuartile && lowerQuartile <= median && median <= upperQuartile && upperQuartile <= most,
    { error: "it does not rise from least to most" },
  );
const taskCost = z.strictObject({
  price: wei,
  fee: wei,
  royalty: wei,
  gas: z.array(
    z.strictObject({
      operation: text,
      payer: z.enum(["client", "provider"], wrong("payer")),
      gas: wei,
      refused: z.literal(true).exactOptional(),
    }),
  ),
});

const amount = z.strictObject({ wei, usd: some.exactOptional() });
const origin = z.enum(["measured", "listed", "chosen"], wrong("origin of a figure"));
const computed = z.strictObject({ origin: z.literal("computed"), from: z.array(origin), value: some });
const listed = z.strictObject({ origin: z.literal("listed"), source: text, date: text, value: offerSchema });
const offer = z.discriminatedUnion("basis", [
  z.strictObject({
    basis: z.literal("measured"),
    offer: listed,
    cost: computed,
    saving: z.strictObject({ usd: number, share: number }).exactOptional(),
    breakEvenRate: computed.exactOptional(),
  }),
  z.strictObject({
    basis: z.literal("not measured here"),
    offer: listed,
    breakEvenRate: computed.exactOptional(),
  }),
]);
const providerCost = z.strictObject({
  depreciation: some,
  energy: some,
  gasWei: wei,
  gas: some.exactOptional(),
  reward: some.exactOptional(),
  rewardCoins: some.exactOptional(),
  secondOfWork: some,
});

const resultSchema = z.strictObject({
  format: z.literal("opengpu-benchmark/1", wrong('format that is known here, "opengpu-benchmark/1"')),
  startedAt: count,
  duration: some,
  machine: z.strictObject({ cpu: text, cores: several, memory: count, system: text, node: text, gpu: text }),
  network: z.strictObject({
    chainId: several,
    blockTime: some,
    gasPrice: wei,
    coin: text,
    coinPrice: some.exactOptional(),
  }),
  setup: z.strictObject({ providers: several, parallel: several, reward: wei, delay: some, loss: some }),
  rates: z.array(z.strictObject({ workload: text, unit: text, units: several, parallel: several, rate: spread })),
  batches: z.array(
    z.strictObject({
      workload: text,
      unit: text,
      units: several,
      repetitions: several,
      delivery: latency,
      payment: latency,
      overhead: z.strictObject({
        direct: spread,
        market: spread,
        split: z.strictObject({ chain: some, storage: some, execution: some, waiting: some }),
      }),
      cost: taskCost,
    }),
  ),
  loads: z.array(
    z.strictObject({
      workload: text,
      units: several,
      inFlight: several,
      tasks: count,
      throughput: spread,
      unitRate: spread,
      delivery: latency,
      payment: latency,
      failures: count,
      retries: count,
    }),
  ),
  scenarios: z.array(
    z.strictObject({
      scenario: z.enum(SCENARIOS, wrong(`scenario: ${SCENARIOS.join(", ")}`)),
      workload: text,
      units: several,
      inFlight: several,
      tasks: count,
      faults: count,
      lost: count,
      retries: count,
      delivery: latency,
      payment: latency,
      growth: z.strictObject({ p50: some.exactOptional(), p90: some.exactOptional(), p99: some.exactOptional() }),
    }),
  ),
  gpu: z.discriminatedUnion("measured", [
    z.strictObject({
      measured: z.literal(true),
      workload: text,
      unit: text,
      units: several,
      device: text,
      rate: spread,
    }),
    z.strictObject({ measured: z.literal(false), reason: text, failed: z.literal(true).exactOptional() }),
  ]),
  prices: z.array(
    z.strictObject({
      workload: text,
      unit: text,
      units: several,
      rate: z.strictObject({ origin: z.literal("measured"), device: text, value: some }),
      market: z.strictObject({ payment: amount, fee: amount, royalty: amount, gas: amount, total: amount }),
      offers: z.array(offer),
      provider: z.strictObject({ hardware: text, utilisation: some, cost: providerCost, payment: wei }).exactOptional(),
    }),
  ),
  problems: z.array(text),
}) satisfies z.ZodType<BenchmarkResult>;

/**
 * Reads the result of a benchmark that was written before.
 *
 * @param text JSON.
 * @param name What it is called in errors, e.g. its file.
 * @throws {DocumentFormatError} naming the first field that is wrong, missing or unknown, and its value.
 */
export function parseResult(text: string, name = "The benchmark"): BenchmarkResult {
  return parseDocument(resultSchema, text, name);
}

/** The JSON text of a result, amounts as decimal strings. */
export function formatResult(result: BenchmarkResult): string {
  return formatDocument(result);
}
