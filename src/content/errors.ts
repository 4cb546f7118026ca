import { OpenGpuError } from "../protocol/errors.js";
import { cidOf } from "./digest.js";

/** A store does not have, or cannot give or take, some content. */
export class ContentError extends OpenGpuError {
  override readonly name: string = "ContentError";
  /** Of what was asked for, 32 bytes in hexadecimal. */
  readonly digest: string;

  /**
   * @param digest SHA-256 of the content.
   * @param message What happened.
   */
  constructor(digest: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.digest = digest;
  }
}

/** A store does not have the content. */
export class ContentNotFoundError extends ContentError {
  override readonly name = "ContentNotFoundError";

  /**
   * @param digest SHA-256 of the content.
   * @param store Where it is not.
   */
  constructor(digest: string, store: string) {
    super(digest, `${store} does not have ${cidOf(digest)} (${digest}). Put it there, or ask another store.`);
  }
}

/** What a store has, or was sent, under a digest has another digest; it is given to nobody. */
export class ContentMismatchError extends ContentError {
  override readonly name = "ContentMismatchError";
  /** Digest of what is there; `undefined` if it was not all read. */
  readonly found: string | undefined;

  /**
   * @param digest SHA-256 of the content that it should be.
   * @param store Where it is.
   * @param found Digest of what is there instead, or what else is wrong with it.
   */
  constructor(digest: string, store: string, found: { digest: string } | { problem: string }) {
    const what = "digest" in found ? `content with the digest ${found.digest}` : found.problem;
    super(digest, `${store} has, as ${cidOf(digest)} (${digest}), ${what}. Put the content there again.`);
    this.found = "digest" in found ? found.digest : undefined;
  }
}

/** Content is larger than it may be. */
export class ContentTooLargeError extends ContentError {
  override readonly name = "ContentTooLargeError";
  /** Bytes. */
  readonly maximum: number;

  /**
   * @param digest SHA-256 of the content.
   * @param maximum Bytes.
   * @param size How many bytes it has; `undefined` if it was not all read.
   */
  constructor(digest: string, maximum: number, size?: number) {
    const found = size === undefined ? `more than ${maximum} bytes` : `${size} bytes, more than ${maximum}`;
    super(digest, `${cidOf(digest)} (${digest}) has ${found}. Allow more, or use smaller content.`);
    this.maximum = maximum;
  }
}

/** A store cannot be read or written, e.g. because it is full, read-only or not reachable. */
export class StoreError extends ContentError {
  override readonly name = "StoreError";
  readonly store: string;

  /**
   * @param digest SHA-256 of the content.
   * @param store The store.
   * @param problem What happened.
   */
  constructor(digest: string, store: string, problem: string, options?: ErrorOptions) {
    super(digest, `${store} failed with ${cidOf(digest)} (${digest}): ${problem}. Check it and try again.`, options);
    this.store = store;
  }
}

/** Envelopes cannot be sent to, or got from, an inbox. */
export class InboxError extends OpenGpuError {
  override readonly name: string = "InboxError";
  readonly taskId: string;

  /**
   * @param taskId Task that the envelopes are of.
   * @param message What happened.
   */
  constructor(taskId: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.taskId = taskId;
  }
}

/** An inbox has as many envelopes as it keeps, of this task or in all. */
export class InboxFullError extends InboxError {
  override readonly name = "InboxFullError";

  /** @param taskId Task that the envelope is of. */
  constructor(taskId: string) {
    super(taskId, `The inbox takes no more envelopes for task ${taskId}. Try again later, or disclose it on chain.`);
  }
}

/** An inbox does not want an envelope. */
export class EnvelopeRefusedError extends InboxError {
  override readonly name = "EnvelopeRefusedError";

  /**
   * @param taskId Task that the envelope is of.
   * @param problem Why not.
   */
  constructor(taskId: string, problem: string) {
    super(taskId, `The inbox refuses an envelope for task ${taskId}: ${problem}. Send it to the client of the task.`);
  }
}

/** An inbox does not answer as it should. */
export class InboxUnreachableError extends InboxError {
  override readonly name = "InboxUnreachableError";

  /**
   * @param taskId Task that the envelope is of.
   * @param inbox The inbox.
   * @param problem What happened.
   */
  constructor(taskId: string, inbox: string, problem: string, options?: ErrorOptions) {
    super(
      taskId,
      `${inbox} failed with task ${taskId}: ${problem}. Try again, or disclose the envelope on chain.`,
      options,
    );
  }
}

/** A server of content cannot listen where it should. */
export class ServerError extends OpenGpuError {
  override readonly name = "ServerError";

  /**
   * @param place Host and port.
   * @param problem Why it cannot, and what to do.
   */
  constructor(place: string, problem: string, options?: ErrorOptions) {
    super(`No server can listen on ${place}: ${problem}.`, options);
  }
}
