import { OpenGpuError } from "../protocol/errors.js";

/** A task that this provider will not do, however often it is asked: its input or its program is of no use here. */
export class TaskRefusedError extends OpenGpuError {
  override readonly name = "TaskRefusedError";
  readonly problem: string;

  /** @param problem Why not, as the end of a sentence. */
  constructor(problem: string, options?: ErrorOptions) {
    super(`The task cannot be done here: ${problem}`, options);
    this.problem = problem;
  }
}

/** A reservation ended before there was a result to deliver, which costs stake as soon as anyone reopens the task. */
export class ReservationMissedError extends OpenGpuError {
  override readonly name = "ReservationMissedError";
  readonly taskId: string;
  readonly until: number;

  /** @param until Last second of the reservation, unix time. */
  constructor(taskId: string, until: number, options?: ErrorOptions) {
    super(
      `Task ${taskId} was reserved until ${until} and has no result by then, which costs stake. ` +
        "What failed is told before; give this provider less to do at a time if it was too slow.",
      options,
    );
    this.taskId = taskId;
    this.until = until;
  }
}

/** A source that this provider will not work for as it is. */
export class SourceRefusedError extends OpenGpuError {
  override readonly name = "SourceRefusedError";
  readonly source: number;
  readonly version: number;

  /**
   * @param source Number of the source.
   * @param version Number of the version.
   * @param problem What is wrong with it, and what to do.
   */
  constructor(source: number, version: number, problem: string, options?: ErrorOptions) {
    super(`Version ${version} of source ${source} cannot be run here: ${problem}`, options);
    this.source = source;
    this.version = version;
  }
}

/** A client told nobody where its envelopes go, or told a place that this provider does not send to. */
export class InboxUnknownError extends OpenGpuError {
  override readonly name = "InboxUnknownError";
  readonly client: string;

  /**
   * @param client Address of the client.
   * @param inbox What it announced; `undefined` if nothing.
   */
  constructor(client: string, inbox?: string) {
    super(
      inbox === undefined
        ? `The client ${client} announced no inbox. Its envelope will be disclosed on chain.`
        : `The client ${client} announced the inbox ${inbox.slice(0, 256).replace(/\p{C}/gu, "\ufffd")}, which is not https and not among the allowed ` +
            "ones. Allow its origin, or let the envelope be disclosed on chain.",
    );
    this.client = client;
  }
}

/** A node does not have the logs that show what a disputed provider has disclosed and opened. */
export class EvidenceMissingError extends OpenGpuError {
  override readonly name = "EvidenceMissingError";
  readonly taskId: string;

  /** @param taskId Task that is disputed. */
  constructor(taskId: string) {
    super(`The node has no log of what was disclosed and opened of task ${taskId}. Ask one that keeps all logs.`);
    this.taskId = taskId;
  }
}

/** The signer may not act for the provider that it was told to be. */
export class NotAuthorisedError extends OpenGpuError {
  override readonly name = "NotAuthorisedError";
  readonly provider: number;
  readonly address: string;

  /**
   * @param provider Number of the provider.
   * @param address Who wanted to act for it.
   * @param owner Who may.
   */
  constructor(provider: number, address: string, owner: string) {
    super(
      `${address} may not act for provider ${provider}, which belongs to ${owner}. Use the key of its owner, or let the ` +
        "owner make it an agent.",
    );
    this.provider = provider;
    this.address = address;
  }
}
