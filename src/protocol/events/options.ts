import { isHexString } from "ethers";
import { FieldFormatError, FieldRangeError } from "../errors.js";
import type { Cursor, WatchOptions } from "./types.js";

/** How to watch, checked and complete. */
export interface Plan {
  readonly from: number | Cursor | undefined;
  /** `Infinity`: without end. */
  readonly to: number;
  readonly confirmations: number;
  readonly reorgDepth: number;
  readonly rangeSize: number;
  /** Milliseconds. */
  readonly outage: number;
}

const SAFE = BigInt(Number.MAX_SAFE_INTEGER);
const TEN_MINUTES = 600_000;

/**
 * Checks options and fills in what they leave out.
 *
 * @throws {FieldRangeError | FieldFormatError} naming the option that is wrong.
 */
export function planOf(options: WatchOptions): Plan {
  const { from, to, confirmations = 1, reorgDepth = 64, rangeSize = 2_000, outage = TEN_MINUTES } = options;
  if (to !== undefined) inRange("to", to, SAFE);
  positive("confirmations", confirmations);
  positive("reorgDepth", reorgDepth);
  positive("rangeSize", rangeSize);
  positive("outage", outage);
  if (typeof from === "object") checkCursor(from);
  const first = typeof from === "object" ? from.blockNumber : from;
  const name = typeof from === "object" ? "from.blockNumber" : "from";
  if (first !== undefined) inRange(name, first, to === undefined ? SAFE : BigInt(to));
  return { from, to: to ?? Infinity, confirmations, reorgDepth, rangeSize, outage };
}

function inRange(name: string, value: number, maximum: bigint): void {
  if (!Number.isSafeInteger(value) || value < 0 || BigInt(value) > maximum) {
    throw new FieldRangeError(name, value, maximum);
  }
}

function positive(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new FieldFormatError(name, String(value), "a whole number from 1 up");
  }
}

/** Cursors come from files, so what the compiler says of them is no proof. */
function checkCursor({ blockHash, logIndex }: Cursor): void {
  if (!isHexString(blockHash, 32)) {
    throw new FieldFormatError("from.blockHash", blockHash, "32 bytes in hexadecimal");
  }
  if (logIndex !== null) inRange("from.logIndex", logIndex, SAFE);
}
