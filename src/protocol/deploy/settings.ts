import type { Deployment } from "../deployment.js";
import { DeploymentMismatchError } from "../errors.js";
import { longestObligation } from "../parameters.js";
import { SUITE_KEYS, type SuiteContracts, type SuiteKey } from "../protocol.js";
import { DEFAULT_PATIENCE, persist } from "../retry.js";

/** A setting that its owner changed since the deployment. */
export interface Change {
  readonly setting: string;
  readonly deployed: string;
  readonly now: string;
}

type Expected = Pick<Deployment, "owner" | "treasury" | "parameters">;

/**
 * Reads back what a suite was deployed with.
 *
 * @param patience For how long to ask a node that fails, milliseconds.
 * @returns What the owner can change and has changed: owner, treasury, fee, price parameters.
 * @throws {DeploymentMismatchError} if anything else is other than expected.
 */
export async function checkSettings(
  { escrow, sourceRegistry, providerPool, reputation, taskManager }: SuiteContracts,
  { owner, treasury, parameters }: Expected,
  patience: number = DEFAULT_PATIENCE.requests,
): Promise<Change[]> {
  const contracts = { escrow, sourceRegistry, providerPool, reputation, taskManager };
  const ask = <T>(request: () => Promise<T>) => persist("eth_call", request, patience);
  const { feeBps, feeScale, maxRound, weightUnit, minStakePerSlot, price, windows } = parameters;
  const fixed: [contract: SuiteKey, setting: string, expected: string, found: Promise<bigint>][] = [
    ["taskManager", "MAX_ROUND", String(maxRound), ask(() => taskManager.MAX_ROUND())],
    ["taskManager", "WEIGHT_UNIT", String(weightUnit), ask(() => taskManager.WEIGHT_UNIT())],
    ["reputation", "FEE_SCALE", String(feeScale), ask(() => reputation.FEE_SCALE())],
    ["sourceRegistry", "MIN_STAKE_PER_SLOT", String(minStakePerSlot), ask(() => sourceRegistry.MIN_STAKE_PER_SLOT())],
    [
      "providerPool",
      "UNBONDING_PERIOD",
      String(longestObligation(windows)),
      ask(() => providerPool.UNBONDING_PERIOD()),
    ],
  ];
  const clocks = ask(() => taskManager.windows());
  for (const name of Object.keys(windows) as (keyof typeof windows)[]) {
    fixed.push(["taskManager", `windows.${name}`, String(windows[name]), clocks.then((all) => all[name])]);
  }
  const prices = ask(() => taskManager.priceParameters());
  const variable: [setting: string, deployed: string, now: Promise<string | bigint>][] = [
    ["owner", owner, ask(() => taskManager.owner())],
    ["treasury", treasury, ask(() => taskManager.treasury())],
    ["feeBps", String(feeBps), ask(() => taskManager.feeBps())],
    ...(["target", "speed", "clamp"] as const).map((name): [string, string, Promise<bigint>] => [
      `price.${name}`,
      String(price[name]),
      prices.then((all) => all[name]),
    ]),
  ];
  const [values, current] = await Promise.all([
    Promise.all(fixed.map(([, , , found]) => found)),
    Promise.all(variable.map(([, , now]) => now)),
  ]);
  for (const [index, [contract, setting, expected]] of fixed.entries()) {
    const found = String(values[index]);
    if (found === expected) continue;
    const address = await contracts[contract].getAddress();
    throw new DeploymentMismatchError(SUITE_KEYS[contract], address, `its ${setting} is ${found}, not ${expected}`);
  }
  return variable.flatMap(([setting, deployed], index) => {
    const now = String(current[index]);
    return now === deployed ? [] : [{ setting, deployed, now }];
  });
}
