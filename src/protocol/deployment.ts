import { getAddress, isHexString } from "ethers";
import { z } from "zod";
import { DocumentFormatError } from "./errors.js";
import { toJson } from "./json.js";

/** Libraries that TaskManager is linked with. */
export const LIBRARY_NAMES = [
  "Deliveries",
  "Disputes",
  "Exits",
  "ProofBatch",
  "Quorums",
  "Settings",
  "Verdicts",
  "Views",
] as const;
export type LibraryName = (typeof LIBRARY_NAMES)[number];

/** Contracts of a suite in the sequence of their deployment, which their nonces fix; linked libraries come first. */
export const CONTRACT_NAMES = [
  ...LIBRARY_NAMES,
  "Escrow",
  "SourceRegistry",
  "ProviderPool",
  "Reputation",
  "TaskManager",
] as const;
export type ContractName = (typeof CONTRACT_NAMES)[number];

/** An address in hexadecimal; parsed with its checksum. */
export const addressSchema = z.string().transform((text, context) => {
  try {
    return getAddress(text);
  } catch {
    context.addIssue({ code: "custom", message: `${text} is no address` });
    return z.NEVER;
  }
});
/** 32 bytes in hexadecimal. */
export const hashSchema = z
  .string()
  .refine((text): boolean => isHexString(text, 32), { error: ({ input }) => `${String(input)} is no 32-byte hash` });
const wei = z
  .string()
  .regex(/^\d+$/, { error: ({ input }) => `${String(input)} is no whole number of wei` })
  .transform(BigInt);
const seconds = z.number().int().nonnegative();

const contract = z.strictObject({
  address: addressSchema,
  /** keccak256 of the code on chain. */
  codeHash: hashSchema,
  /** Creation transaction. */
  transaction: hashSchema,
  block: z.number().int().nonnegative(),
  /** ABI-encoded constructor arguments, hexadecimal; `0x` if there are none. */
  constructorArguments: z
    .string()
    .refine((text): boolean => isHexString(text), { error: "constructor arguments are not hexadecimal" }),
});

/** JSON form of what a suite is deployed with, amounts as decimal strings. */
export const parametersSchema = z.strictObject({
  feeBps: z.number().int().nonnegative(),
  feeScale: wei,
  maxRound: wei,
  weightUnit: wei,
  minStakePerSlot: wei,
  price: z.strictObject({
    target: z.number().int().nonnegative(),
    speed: z.number().int().nonnegative(),
    clamp: z.number().int().nonnegative(),
  }),
  windows: z.strictObject({
    disclose: seconds,
    cancelNotice: seconds,
    maxLifetime: seconds,
    maxReview: seconds,
    seed: seconds,
    panelMin: seconds,
    openProvider: seconds,
    open: seconds,
    claim: seconds,
  }),
});

/** JSON form of a deployment, amounts as decimal strings. */
export const deploymentSchema = z.strictObject({
  format: z.literal("opengpu-deployment/1"),
  chainId: z.number().int().positive(),
  deployer: addressSchema,
  /** Nonce of the first creation transaction. */
  firstNonce: z.number().int().nonnegative(),
  owner: addressSchema,
  treasury: addressSchema,
  parameters: parametersSchema,
  compiler: z.strictObject({
    version: z.string(),
    evmVersion: z.string(),
    viaIR: z.boolean(),
    /** Runs of the optimizer, by contract. */
    optimizerRuns: z.record(z.string(), z.number().int().nonnegative()),
  }),
  contracts: z.strictObject(
    Object.fromEntries(CONTRACT_NAMES.map((name) => [name, contract])) as Record<ContractName, typeof contract>,
  ),
});

/** A suite on a chain: where it is, what it was deployed with, and how to prove it. */
export type Deployment = z.output<typeof deploymentSchema>;
export type DeployedContract = Deployment["contracts"][ContractName];

/** The part of a deployment that a connection needs. */
export interface SuiteLocation {
  chainId: number | bigint;
  contracts: Record<Exclude<ContractName, LibraryName>, { address: string; codeHash?: string; block?: number }>;
}

/**
 * Reads a deployment.
 *
 * @param text JSON.
 * @param name What it is called in errors, e.g. its file.
 * @throws {DocumentFormatError} naming the first thing that is wrong.
 */
export function parseDeployment(text: string, name = "The deployment"): Deployment {
  return parseDocument(deploymentSchema, text, name);
}

/** The JSON text of a deployment. */
export function formatDeployment(deployment: Deployment): string {
  return formatDocument(deployment);
}

/** JSON text of a document, amounts as decimal strings. */
export function formatDocument(document: object): string {
  return `${toJson(document, 2)}\n`;
}

/**
 * Reads a JSON document of a given form.
 *
 * @throws {DocumentFormatError}
 */
export function parseDocument<S extends z.ZodType>(schema: S, text: string, name: string): z.output<S> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // What the engine says quotes a piece of the text, which may hold a key; where it is wrong is enough.
    const [, place] = /position (\d+)/.exec((error as Error).message) ?? [];
    throw new DocumentFormatError(
      name,
      place === undefined ? "it is not JSON" : `it is not JSON from character ${place} on`,
    );
  }
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const [issue] = error.issues;
  const path = issue?.path.join(".") ?? "";
  // Unknown fields are an issue of the object that has them.
  const unknown = issue?.code === "unrecognized_keys" ? issue.keys[0] : undefined;
  const field = [path, unknown ?? ""].filter((part) => part !== "").join(".");
  throw new DocumentFormatError(
    name,
    `${path === "" ? "" : `${path}: `}${issue?.message ?? "it has another form"}`,
    field === "" ? { cause: error } : { cause: error, field },
  );
}
