import { getBytes } from "ethers";
import type { Fees } from "../fees.js";
import { costOf } from "../sender.js";
import type { Place } from "./places.js";

/** Gas of any transaction, and more of one that creates a contract (Yellow Paper, appendix G: Gtransaction, Gtxcreate). */
const TRANSACTION = 21_000;
const CREATION = 32_000;
/** Gas of a byte of data, zero or other (EIP-2028). */
const ZERO_BYTE = 4;
const OTHER_BYTE = 16;
/** Gas of a byte of code that is stored (Yellow Paper, appendix G: Gcodedeposit). */
const CODE_BYTE = 200;

/**
 * Gas that the creation of a contract takes, a little more than it will be: bytes that only the constructor needs count
 * as if they were stored, which is more than what it does with them.
 *
 * @param data What the creation transaction carries, hexadecimal.
 */
export function gasOfCreation(data: string): bigint {
  const bytes = getBytes(data);
  const zeros = bytes.filter((byte) => byte === 0).length;
  const carried = ZERO_BYTE * zeros + OTHER_BYTE * (bytes.length - zeros);
  return BigInt(TRANSACTION + CREATION + carried + CODE_BYTE * bytes.length);
}

/** What a deployment, or the rest of one, takes. */
export interface Estimate {
  /** Gas of all transactions. */
  gas: bigint;
  /** Gas of the largest one. */
  largest: { name: string; gas: bigint };
  /** Most that it can cost, wei. */
  cost: bigint;
}

/** Estimates the creation of these contracts at these fees. */
export function estimateOf(places: readonly Place[], fees: Fees): Estimate {
  const each = places.map(({ name, data }) => ({ name, gas: gasOfCreation(data) }));
  const gas = each.reduce((sum, one) => sum + one.gas, 0n);
  const largest = each.reduce((most, one) => (one.gas > most.gas ? one : most), { name: "nothing", gas: 0n });
  return { gas, largest, cost: costOf(gas, fees) };
}
