import { parseEther } from "ethers";
import { z } from "zod";
import { addressSchema, parseDocument } from "../protocol/deployment.js";
import { Environment } from "../protocol/order.js";
import { DEFAULT_CEILING } from "./source.js";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** Names the value that is wrong, beside the field that its reader names. */
const wrong = (expected: string) => ({
  error: ({ input }: { input?: unknown }) =>
    input === undefined ? "it is missing" : `${JSON.stringify(input)} is no ${expected}`,
});
const whole = (least: number, most: number) => {
  const problem = wrong(`whole number from ${least} to ${most}`);
  return z.int(problem).min(least, problem).max(most, problem);
};
const text = (most: number) => {
  const problem = wrong(`text of 1 to ${most} characters`);
  return z.string(problem).min(1, problem).max(most, problem);
};
const identifier = whole(1, 2 ** 32 - 1);
const bytes = whole(1, 2 ** 32 - 1);

const COINS = wrong('amount of coins as a text, e.g. "0.25"');
/** Coins as a decimal text, e.g. `"0.25"`; parsed to wei. */
const coins = z
  .string(COINS)
  .regex(/^\d{1,12}(\.\d{1,18})?$/, COINS)
  .transform((amount) => parseEther(amount));

const isHttp = (address: string) => URL.canParse(address) && /^https?:$/.test(new URL(address).protocol);
const HTTP_ADDRESS = wrong("http address");
const httpAddress = z.string(HTTP_ADDRESS).refine(isHttp, HTTP_ADDRESS);

const environment = z
  .enum(["cpu", "nvidia", "amd"], wrong("environment: cpu, nvidia or amd"))
  .transform((name) => ({ cpu: Environment.Cpu, nvidia: Environment.Nvidia, amd: Environment.Amd })[name]);

const source = z.strictObject({
  /** Number of the source. */
  source: identifier,
  /** How many tasks of it are taken at a time; each locks the source's stake. */
  slots: whole(1, 1_000).default(1),
  /** Least payment for one task, after fee and royalty. */
  minimum: coins,
  /** Payment for a second of work. */
  perSecond: coins.default(0n),
});

const configSchema = z.strictObject({
  format: z.literal("opengpu-provider/1", wrong('format that is known here, "opengpu-provider/1"')),
  /** What it calls itself where it tells of its work. */
  name: text(64).default("provider"),
  /** Address of a node, `http`, `https`, `ws` or `wss`. */
  rpc: text(4_096),
  /** File with the deployment, relative to this one. */
  deployment: text(4_096),
  /** Where programs and inputs come from and outputs go: the address of a content server, or a folder. */
  store: text(4_096).refine((place) => !URL.canParse(place) || isHttp(place), wrong("http address and no folder")),
  /** Where it keeps its identity and what it owes, relative to this file. */
  folder: text(4_096),
  /** Number of the provider, if the key is that of an agent. */
  provider: identifier.optional(),
  hardware: z
    .strictObject({
      environments: z.array(environment).min(1, wrong("list of at least one environment")),
      /** GiB. */
      gpuMemory: whole(0, 65_535).default(0),
    })
    .default({ environments: [Environment.Cpu], gpuMemory: 0 }),
  /** Executions at a time. */
  parallel: whole(1, 1_024).default(1),
  /** Unix niceness of the whole program; 19 gives way to everything else on the machine. */
  niceness: whole(0, 19).default(0),
  /** Stake that it wants to have; what is missing is paid from the key's coin. */
  stake: coins,
  /** Account that earnings are credited to; the key's own if left out. */
  payout: addressSchema.optional(),
  sources: z
    .array(source)
    .min(1, wrong("list of at least one source"))
    .superRefine((sources, context) => {
      const seen = new Set<number>();
      sources.forEach(({ source }, index) => {
        const message = `${source} is there twice`;
        if (seen.has(source)) context.addIssue({ code: "custom", path: [index, "source"], message });
        seen.add(source);
      });
    }),
  /** Origins of clients' inboxes that may be plain `http`, e.g. on this machine. */
  inboxes: z.array(httpAddress).default([]),
  /** Seconds that a client has before the envelope goes on chain; half of the window if left out. */
  grace: whole(1, (365 * DAY) / 1_000).optional(),
  /** Most that a client may lock of the stake for one task. */
  maxBond: coins.optional(),
  /** Longest that a client may take to look at a disclosed result, seconds: so long is the bond locked. */
  maxReview: whole(0, (365 * DAY) / 1_000).optional(),
  /** Blocks that must stand on what ends a debt before it is forgotten; more than 1 where blocks may be replaced. */
  confirmations: whole(1, 1_000).default(1),
  /** Pause between two looks at the chain, milliseconds. */
  interval: whole(20, MINUTE).default(500),
  /** Most that any task may use: milliseconds for `time`, bytes for all else. */
  ceiling: z
    .strictObject({
      module: bytes.default(DEFAULT_CEILING.module),
      memory: bytes.default(DEFAULT_CEILING.memory),
      time: whole(1, 7 * DAY).default(DEFAULT_CEILING.time),
      input: bytes.default(DEFAULT_CEILING.input),
      output: bytes.default(DEFAULT_CEILING.output),
    })
    .default(DEFAULT_CEILING),
});

/** What a provider is, what it works for, and where it keeps what it must not lose. Amounts in wei. */
export type ProviderConfig = z.output<typeof configSchema>;
/** The same as it is written in JSON: amounts in coins, defaults left out. */
export type ProviderConfigDocument = z.input<typeof configSchema>;

/**
 * Reads a provider's configuration.
 *
 * @param name What is read, for errors, e.g. its file.
 * @throws {DocumentFormatError} naming the first field that is wrong, missing or unknown.
 */
export function parseConfig(text: string, name = "The configuration"): ProviderConfig {
  return parseDocument(configSchema, text, name);
}

/** The mask of a provider's environments. */
export function environmentsOf({ hardware }: ProviderConfig): number {
  return hardware.environments.reduce<number>((mask, bit) => mask | bit, 0);
}
