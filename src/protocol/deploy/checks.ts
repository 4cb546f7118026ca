import { getAddress, ZeroAddress } from "ethers";
import { longestObligation, type SuiteParameters } from "../parameters.js";
import { ParameterError } from "./errors.js";
import type { Governance } from "./places.js";

const MAX_UINT32 = 2n ** 32n - 1n;
/** Most wei that Escrow can account for, and most that one provider can stake. */
const MAX_BALANCE = 2n ** 96n - 1n;
const MAX_STAKE = 2n ** 88n - 1n;
/** Fees that buy the largest weight, in units of the fee scale; TaskManager multiplies by it. */
const POINTS = 99n;
const MAX_SCALE = (2n ** 256n - 1n) / POINTS;

/**
 * Who governs a suite, addresses with their checksums.
 *
 * @throws {ParameterError} if one is no address, or zero.
 */
export function checkedGovernance({ owner, treasury }: Governance): Governance {
  return { owner: checkedAddress("owner", owner), treasury: checkedAddress("treasury", treasury) };
}

function checkedAddress(parameter: string, value: string): string {
  let address = ZeroAddress;
  try {
    address = getAddress(value);
  } catch {
    // Reported as what it is not.
  }
  if (address === ZeroAddress) throw new ParameterError(parameter, value, "an address other than zero");
  return address;
}

/**
 * Checks that the contracts' constructors accept these parameters, and that the suite can work with them.
 *
 * @throws {ParameterError} naming the first that is wrong.
 */
export function checkParameters(parameters: SuiteParameters): void {
  const { feeBps, feeScale, maxRound, weightUnit, minStakePerSlot, price, windows } = parameters;
  const within = (name: string, value: bigint | number, least: bigint, most: bigint) => {
    const whole = typeof value === "bigint" || Number.isSafeInteger(value);
    if (!whole || BigInt(value) < least || BigInt(value) > most) {
      throw new ParameterError(name, value, `a whole number from ${least} to ${most}`);
    }
  };
  within("feeBps", feeBps, 10n, 1_000n);
  within("price.target", price.target, 5_000n, 9_500n);
  within("price.speed", price.speed, 10n, 40_000n);
  within("price.clamp", price.clamp, 10n, 1_000n);
  within("maxRound", maxRound, 1n, MAX_BALANCE);
  within("weightUnit", weightUnit, 1n, MAX_STAKE);
  within("minStakePerSlot", minStakePerSlot, 1n, MAX_STAKE);
  within("feeScale", feeScale, 1n, MAX_SCALE);
  if (POINTS * feeScale <= maxRound) {
    throw new ParameterError("feeScale", feeScale, `more than ${maxRound / POINTS}, a 99th of maxRound`);
  }
  for (const [name, seconds] of Object.entries(windows)) within(`windows.${name}`, seconds as number, 1n, MAX_UINT32);
  const longest = longestObligation(windows);
  if (BigInt(longest) > MAX_UINT32) {
    throw new ParameterError("The sum of the windows", longest, `at most ${MAX_UINT32} seconds`);
  }
}
