import { dataSlice } from "ethers";
import { openEnvelope, type Opening } from "../protocol/envelope.js";
import type { RoundSeat } from "../protocol/round.js";
import type { CollectOptions } from "./collect.js";
import type { JournalEntry } from "./journal.js";
import type { Teller } from "./telling.js";

/** Bytes of a result digest that a seat keeps. */
export const RESULT_BYTES = 16;
/** Most bytes of an output unless told otherwise. */
export const MAX_OUTPUT = 256 * 2 ** 20;

/** A result that has won, as seats have it, and the seats. */
export interface Agreement {
  readonly winner: string | undefined;
  readonly seats: readonly Pick<RoundSeat, "provider" | "result">[];
}

/** Gets the output of a group of seats that agree. */
export interface Winners {
  /** Whether their output is there and good; once it is, it stays. */
  gather(agreement: Agreement): Promise<boolean>;
  output(): Uint8Array | undefined;
}

/**
 * Gets the output that seats of a round or a panel agree on from any of them: what they send to the inbox or put on chain
 * tells its digest, by which the store has it.
 */
export function createWinners(
  { taskId, secretKey }: JournalEntry,
  options: CollectOptions,
  { attempt, trouble }: Teller,
): Winners {
  const { store, envelopes, tidings, signal, maxOutput = MAX_OUTPUT, judge = () => true } = options;
  let output: Uint8Array | undefined;
  let isRefused = false;

  /**
   * What may open the winning output, by its digest. A seat keeps only the beginning of a digest, and anyone can send
   * anything, so only the one of which there is an output is the right one.
   */
  const openingsFrom = ({ seats, winner }: Agreement, sent: readonly string[]): Map<string, Opening> => {
    const winners = seats.filter(({ result }) => result === winner);
    const openings = new Map<string, Opening>();
    for (const envelope of sent) {
      for (const { provider } of winners) {
        try {
          const opening = openEnvelope({ taskId, provider }, envelope, secretKey ?? "");
          const { resultDigest } = opening;
          if (dataSlice(resultDigest, 0, RESULT_BYTES) === winner) openings.set(resultDigest, opening);
        } catch {
          // It is another winner's, or of somebody who has no part in this.
        }
      }
    }
    return openings;
  };
  const fetchOutput = async (agreement: Agreement): Promise<void> => {
    const received = (await attempt(() => envelopes(taskId))) ?? [];
    for (const [digest, opening] of openingsFrom(agreement, [...received, ...tidings.disclosed(taskId)])) {
      const wanted = { maxSize: maxOutput, ...(signal !== undefined && { signal }) };
      const found = await attempt(() => store.get(digest, wanted));
      if (found === undefined) continue;
      const isGood = await attempt(async () => {
        if (!(await judge(found))) return false;
        await options.opened?.(opening);
        return true;
      });
      if (isGood === true) output = found;
      if (isGood === false) {
        isRefused = true;
        trouble(`The output ${digest} is not what was ordered, though its providers agree on it.`);
      }
      return;
    }
  };
  return {
    async gather(agreement) {
      if (output === undefined && !isRefused) await fetchOutput(agreement);
      return output !== undefined;
    },
    output: () => output,
  };
}
