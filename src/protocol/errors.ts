/** Base of all errors that this library throws itself. */
export class OpenGpuError extends Error {
  override readonly name: string = "OpenGpuError";
}

/** A value does not fit the field of an order or of a contract call that it was given for. */
export class FieldRangeError extends OpenGpuError {
  override readonly name = "FieldRangeError";
  readonly field: string;
  readonly value: bigint | number | string;
  readonly maximum: bigint;

  /**
   * @param field Name of the field.
   * @param value The offending value.
   * @param maximum Largest value that fits.
   */
  constructor(field: string, value: bigint | number | string, maximum: bigint) {
    super(`${field} is ${value}; it must be an integer from 0 to ${maximum}.`);
    this.field = field;
    this.value = value;
    this.maximum = maximum;
  }
}

/** A value that should be so many bytes in hexadecimal is something else. */
export class FieldFormatError extends OpenGpuError {
  override readonly name = "FieldFormatError";
  readonly field: string;
  readonly value: string;

  /**
   * @param field Name of the field.
   * @param value The offending value.
   * @param expected What it should be.
   */
  constructor(field: string, value: string, expected: string) {
    super(`${field} is ${value}; it must be ${expected}.`);
    this.field = field;
    this.value = value;
  }
}

/** A deployment whose parts ended up at other addresses than those they were told of. */
export class PredictionLostError extends OpenGpuError {
  override readonly name = "PredictionLostError";
  readonly contract: string;
  readonly predicted: string;
  readonly actual: string;

  /**
   * @param contract Name of the contract.
   * @param predicted Address that the other contracts were given.
   * @param actual Address at which it was deployed.
   */
  constructor(contract: string, predicted: string, actual: string) {
    super(
      `${contract} was predicted at ${predicted} but deployed at ${actual}: another transaction of the deployer ` +
        `came in between. Deploy the suite anew, from an account that nothing else uses.`,
    );
    this.contract = contract;
    this.predicted = predicted;
    this.actual = actual;
  }
}

/** A node did not answer, or answered with a failure of its own, for as long as was allowed. */
export class NodeError extends OpenGpuError {
  override readonly name = "NodeError";
  readonly request: string;

  /**
   * @param request What was asked of the node, e.g. `eth_chainId`.
   * @param problem What came instead of an answer.
   * @param options The last failure as its cause.
   */
  constructor(request: string, problem: string, options?: ErrorOptions) {
    super(`The node did not answer ${request}: ${problem}. Check the address of the node and that it runs.`, options);
    this.request = request;
  }
}

/** A wait ended before what was waited for happened. It may still happen. */
export class TimeoutError extends OpenGpuError {
  override readonly name = "TimeoutError";
  readonly awaited: string;
  /** How long was waited, milliseconds. */
  readonly waited: number;

  /**
   * @param awaited What was waited for.
   * @param waited How long, milliseconds.
   */
  constructor(awaited: string, waited: number) {
    super(
      `Waited ${(waited / 1000).toFixed(1)} s for ${awaited}, in vain. It may still happen: look again, or wait longer.`,
    );
    this.awaited = awaited;
    this.waited = waited;
  }
}

/** A node serves another chain than it should. */
export class WrongChainError extends OpenGpuError {
  override readonly name = "WrongChainError";
  readonly expected: bigint;
  readonly found: bigint;

  /**
   * @param expected Chain id that was asked for.
   * @param found Chain id that the node tells.
   */
  constructor(expected: bigint, found: bigint) {
    super(
      `The node serves chain ${found}, not ${expected}. Use a node of chain ${expected}, or the deployment of chain ${found}.`,
    );
    this.expected = expected;
    this.found = found;
  }
}

/** What is on a chain is not what a deployment says. */
export class DeploymentMismatchError extends OpenGpuError {
  override readonly name = "DeploymentMismatchError";
  readonly contract: string;
  readonly address: string;

  /**
   * @param contract Name of the contract.
   * @param address Where the deployment says it is.
   * @param problem What is there instead.
   */
  constructor(contract: string, address: string, problem: string) {
    super(
      `The deployment names ${address} as ${contract}, but ${problem}. Use the deployment that belongs to this chain.`,
    );
    this.contract = contract;
    this.address = address;
  }
}

/** A deployment, journal or configuration is not in the form that it must have. */
export class DocumentFormatError extends OpenGpuError {
  override readonly name = "DocumentFormatError";
  readonly document: string;
  /** Path of the first field that is wrong, missing or unknown, e.g. `limits.memory`; `undefined` if it is the whole. */
  readonly field: string | undefined;

  /**
   * @param document What was read, e.g. a file's name.
   * @param problem Where and why it is wrong.
   * @param options The failure behind it, and the path of the field.
   */
  constructor(document: string, problem: string, options?: ErrorOptions & { field?: string | undefined }) {
    super(`${document} is not usable: ${problem}.`, options);
    this.document = document;
    this.field = options?.field;
  }
}

/** An account cannot pay for a transaction. */
export class InsufficientFundsError extends OpenGpuError {
  override readonly name = "InsufficientFundsError";
  readonly account: string;
  /** Wei. */
  readonly balance: bigint;
  /** Wei; `undefined` if the node did not say. */
  readonly needed: bigint | undefined;

  /**
   * @param account Who should pay.
   * @param balance What it has, wei.
   * @param needed What it needs, wei.
   */
  constructor(account: string, balance: bigint, needed?: bigint) {
    const price = needed === undefined ? "less than the transaction costs" : `of the ${needed} wei that are needed`;
    super(`${account} has ${balance} wei, ${price}. Send it coin and try again.`);
    this.account = account;
    this.balance = balance;
    this.needed = needed;
  }
}

/** A nonce went to a transaction of another program, so this one can never be mined. */
export class NonceTakenError extends OpenGpuError {
  override readonly name = "NonceTakenError";
  readonly account: string;
  readonly nonce: number;
  readonly transaction: string;

  /**
   * @param account Whose nonce.
   * @param nonce The nonce.
   * @param transaction Hash of the transaction that lost it.
   */
  constructor(account: string, nonce: number, transaction: string) {
    super(
      `Nonce ${nonce} of ${account} went to another transaction, so ${transaction} will never be mined. Look at what ` +
        `else sends with this key, then try again.`,
    );
    this.account = account;
    this.nonce = nonce;
    this.transaction = transaction;
  }
}

/** A node refused a transaction for a reason of its own; nothing was sent. */
export class TransactionRefusedError extends OpenGpuError {
  override readonly name = "TransactionRefusedError";
  readonly account: string;

  /**
   * @param account Whose transaction.
   * @param reason What the node said.
   */
  constructor(account: string, reason: string, options?: ErrorOptions) {
    super(`The node refused a transaction of ${account}: ${reason}. Nothing was sent.`, options);
    this.account = account;
  }
}

/** A function that sends transactions was given a connection that only reads. */
export class ReadOnlyError extends OpenGpuError {
  override readonly name = "ReadOnlyError";

  constructor() {
    super("This connection only reads. Connect with a signer to send transactions.");
  }
}
