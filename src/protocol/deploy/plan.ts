import { z } from "zod";
import {
  addressSchema,
  CONTRACT_NAMES,
  type Deployment,
  hashSchema,
  parametersSchema,
  parseDocument,
} from "../deployment.js";
import type { SuiteParameters } from "../parameters.js";
import { type Difference, PlanMismatchError } from "./errors.js";
import { type Blueprint, buildHash } from "./places.js";

/** JSON form of a plan. */
export const planSchema = z.strictObject({
  format: z.literal("opengpu-deployment-plan/1"),
  chainId: z.number().int().positive(),
  deployer: addressSchema,
  firstNonce: z.number().int().nonnegative(),
  owner: addressSchema,
  treasury: addressSchema,
  parameters: parametersSchema,
  /** Hash of all creation code. */
  build: hashSchema,
  /** Hashes of the creation transactions, by contract: all that were signed for its nonce. */
  transactions: z.partialRecord(z.enum(CONTRACT_NAMES), z.array(hashSchema)),
});

/** A deployment that has begun, as it is written down before its first transaction and with every one. */
export type DeploymentPlan = z.output<typeof planSchema>;

/**
 * Reads a plan.
 *
 * @throws {DocumentFormatError}
 */
export function parsePlan(text: string, name = "The plan of a deployment"): DeploymentPlan {
  return parseDocument(planSchema, text, name);
}

/** A plan of which nothing was sent yet. */
export function planOf(chainId: bigint, { deployer, firstNonce, governance, parameters }: Blueprint): DeploymentPlan {
  return {
    format: "opengpu-deployment-plan/1",
    chainId: Number(chainId),
    deployer,
    firstNonce,
    ...governance,
    parameters,
    build: buildHash(),
    transactions: {},
  };
}

/** What determines the transactions of a plan, or of a deployment. */
export function blueprintOf({
  deployer,
  firstNonce,
  owner,
  treasury,
  parameters,
}: DeploymentPlan | Deployment): Blueprint {
  return { deployer, firstNonce, governance: { owner, treasury }, parameters };
}

/**
 * Checks that a plan is of the deployment that is asked for now.
 *
 * @throws {PlanMismatchError}
 */
export function checkPlan(plan: DeploymentPlan, asked: Omit<Blueprint, "firstNonce">): void {
  const [before, now] = [
    factsOf(plan, plan, plan.parameters, plan.build),
    factsOf(asked, asked.governance, asked.parameters, buildHash()),
  ];
  const differences = Object.entries(before).flatMap(([what, planned]): Difference[] =>
    planned === now[what] ? [] : [{ what, planned, asked: now[what] ?? "" }],
  );
  if (differences.length !== 0) throw new PlanMismatchError(differences);
}

function factsOf(
  { deployer }: { deployer: string },
  { owner, treasury }: { owner: string; treasury: string },
  { price, windows, ...amounts }: SuiteParameters,
  build: string,
): Record<string, string> {
  const text = (values: object, prefix = "") =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, String(value)]));
  return { deployer, owner, treasury, ...text(amounts), ...text(price, "price."), ...text(windows, "windows."), build };
}

/** Where records and plans of deployments are kept. */
export interface DeploymentStore {
  /** @throws {DocumentFormatError} if there is a record that cannot be used. */
  readDeployment(chainId: bigint): Promise<Deployment | undefined>;
  /** @throws {DocumentFormatError} if there is a plan that cannot be used. */
  readPlan(chainId: bigint): Promise<DeploymentPlan | undefined>;
  /** Keeps a plan for certain before it resolves. */
  writePlan(plan: DeploymentPlan): Promise<void>;
  removePlan(chainId: bigint): Promise<void>;
  /**
   * Keeps a record. One of another suite that is there already is kept under another name.
   *
   * @returns Where the records are: the new one, and the old one if there was one.
   */
  writeDeployment(deployment: Deployment): Promise<{ kept: string; setAside?: string }>;
}
