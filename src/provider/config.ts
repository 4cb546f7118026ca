import { parseEther } from "ethers";
import { z } from "zod";
import { addressSchema, parseDocument } from "../protocol/deployment.js";
import { Environment } from "../protocol/order.js";
import { DEFAULT_CEILING } from "./source.js";

const MINUTE = 60_000;

/** Coins as a decimal text, e.g. `"0.25"`; parsed to wei. */
const coins = z
  .string()
  .regex(/^\d{1,12}(\.\d{1,18})?$/, {
    error: ({ input }) => `${JSON.stringify(input)} is no amount of coins, e.g. "0.25"`,
  })
  .transform((text) => parseEther(text));
const httpAddress = z.string().refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), {
  error: ({ input }) => `${JSON.stringify(input)} is no http address`,
});
const bytes = z
  .number()
  .int()
  .positive()
  .max(2 ** 32 - 1);

const environment = z
  .enum(["cpu", "nvidia", "amd"])
  .transform((name) => ({ cpu: Environment.Cpu, nvidia: Environment.Nvidia, amd: Environment.Amd })[name]);

const source = z.strictObject({
  /** Number of the source. */
  source: z.number().int().positive(),
  /** How many tasks of it are taken at a time; each locks the source's stake. */
  slots: z.number().int().positive().max(1_000).default(1),
  /** Least payment for one task, after fee and royalty. */
  minimum: coins,
  /** Payment for a second of work. */
  perSecond: coins.default(0n),
});

const configSchema = z.strictObject({
  format: z.literal("opengpu-provider/1"),
  /** What it calls itself where it tells of its work. */
  name: z.string().min(1).max(64).default("provider"),
  /** Address of a node, `http`, `https`, `ws` or `wss`. */
  rpc: z.string().min(1),
  /** File with the deployment, relative to this one. */
  deployment: z.string().min(1),
  /** Where programs and inputs come from and outputs go: the address of a content server, or a folder. */
  store: z.string().min(1),
  /** Where it keeps its identity and what it owes, relative to this file. */
  folder: z.string().min(1),
  /** Number of the provider, if the key is that of an agent. */
  provider: z.number().int().positive().optional(),
  hardware: z
    .strictObject({
      environments: z.array(environment).min(1),
      /** GiB. */
      gpuMemory: z.number().int().nonnegative().max(65_535).default(0),
    })
    .default({ environments: [Environment.Cpu], gpuMemory: 0 }),
  /** Executions at a time. */
  parallel: z.number().int().positive().max(1_024).default(1),
  /** Unix niceness of the whole program; 19 gives way to everything else on the machine. */
  niceness: z.number().int().nonnegative().max(19).default(0),
  /** Stake that it wants to have; what is missing is paid from the key's coin. */
  stake: coins,
  /** Account that earnings are credited to; the key's own if left out. */
  payout: addressSchema.optional(),
  sources: z.array(source).min(1),
  /** Origins of clients' inboxes that may be plain `http`, e.g. on this machine. */
  inboxes: z.array(httpAddress).default([]),
  /** Seconds that a client has before the envelope goes on chain; half of the window if left out. */
  grace: z.number().int().positive().optional(),
  /** Pause between two looks at the chain, milliseconds. */
  interval: z.number().int().min(20).max(MINUTE).default(500),
  /** Most that any task may use: milliseconds for `time`, bytes for all else. */
  ceiling: z
    .strictObject({
      module: bytes.default(DEFAULT_CEILING.module),
      memory: bytes.default(DEFAULT_CEILING.memory),
      time: z
        .number()
        .int()
        .positive()
        .max(7 * 24 * 60 * MINUTE)
        .default(DEFAULT_CEILING.time),
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
