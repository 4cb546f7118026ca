import { OpenGpuError } from "../errors.js";
import type { Cursor } from "./types.js";

/** A name that no event of the suite has. */
export class UnknownEventError extends OpenGpuError {
  override readonly name = "UnknownEventError";
  readonly event: string;

  /** @param event The offending name. */
  constructor(event: string) {
    super(`The suite has no event ${event}. Names look like taskManager.TaskSubmitted, or escrow.* for all of one.`);
    this.event = event;
  }
}

/** The chain replaced more blocks than a watcher remembers, so it cannot tell which of its events were undone. */
export class ReorgTooDeepError extends OpenGpuError {
  override readonly name = "ReorgTooDeepError";
  /** Lowest block that is known to have been replaced. */
  readonly blockNumber: number;
  readonly reorgDepth: number;

  /**
   * @param blockNumber Lowest block that is known to have been replaced.
   * @param reorgDepth How many blocks may be replaced.
   */
  constructor(blockNumber: number, reorgDepth: number) {
    super(
      `The chain replaced block ${blockNumber} and those above it, more than the ${reorgDepth} that reorgDepth allows ` +
        `for. Forget the events of these blocks and replay from below them.`,
    );
    this.blockNumber = blockNumber;
    this.reorgDepth = reorgDepth;
  }
}

/** The block of a cursor is no longer part of the chain, and the node does not tell what was in it. */
export class CursorOrphanedError extends OpenGpuError {
  override readonly name = "CursorOrphanedError";
  readonly cursor: Cursor;

  /** @param cursor The cursor. */
  constructor(cursor: Cursor) {
    super(
      `Block ${cursor.blockNumber} (${cursor.blockHash}) of the cursor is no longer part of the chain. Go back to an ` +
        `earlier cursor and forget the events that came after it.`,
    );
    this.cursor = cursor;
  }
}
