import { randomBytes } from "ethers";
import { digestOf } from "../content/digest.js";
import { FieldFormatError } from "../protocol/errors.js";
import type { Order } from "../protocol/order.js";

/** How a client computes some outputs itself, to see whether providers do. Only for deterministic versions. */
export interface SpotCheck {
  /** Which part of the tasks is computed again: above 0, and 1 for all. */
  fraction: number;
  /** Computes the output of an order, before the review of it ends: what is not accepted or disputed by then is paid. */
  recompute: (order: Order, signal: AbortSignal) => Promise<Uint8Array>;
  /** A number from 0 to 1 for a task, which is checked if it is below the fraction; random if left out. */
  draw?: (order: Order) => number;
}

type Judge = (output: Uint8Array) => boolean | Promise<boolean>;

/** @throws {FieldFormatError} if the fraction is out of bounds. */
export function requireFraction(spotCheck: SpotCheck | undefined): void {
  if (spotCheck === undefined || (spotCheck.fraction > 0 && spotCheck.fraction <= 1)) return;
  throw new FieldFormatError("spotCheck.fraction", String(spotCheck.fraction), "above 0 and at most 1");
}

/**
 * A judge that also says no to an output that is not the one which the client computes, of the tasks that are drawn. Each is
 * drawn and computed once.
 */
export function spotChecked(
  { fraction, recompute, draw = () => randomFraction() }: SpotCheck,
  order: Order,
  judge: Judge,
  signal: AbortSignal,
): Judge {
  let isDrawn: boolean | undefined;
  let computed: string | undefined;
  return async (output) => {
    if (!(await judge(output))) return false;
    isDrawn ??= draw(order) < fraction;
    if (!isDrawn) return true;
    computed ??= digestOf(await recompute(order, signal));
    return computed === digestOf(output);
  };
}

/** Nobody can foresee it. */
function randomFraction(): number {
  return randomBytes(6).reduce((sum, byte) => sum * 256 + byte, 0) / 2 ** 48;
}
