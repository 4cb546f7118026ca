import { OpenGpuError } from "../errors.js";

/** A chain lacks operations that the contracts are made of. */
export class MissingOpcodesError extends OpenGpuError {
  override readonly name = "MissingOpcodesError";
  readonly chainId: bigint;
  readonly missing: readonly string[];

  /**
   * @param chainId The chain.
   * @param missing Names of the operations, e.g. `CHAINID`.
   */
  constructor(chainId: bigint, missing: readonly string[]) {
    super(
      `Chain ${chainId} does not know ${missing.join(", ")}, which the contracts need. Deploy to a chain with the ` +
        `rules of Istanbul or later.`,
    );
    this.chainId = chainId;
    this.missing = missing;
  }
}

/** A parameter of a deployment that the contracts would refuse or could not work with. */
export class ParameterError extends OpenGpuError {
  override readonly name = "ParameterError";
  readonly parameter: string;
  readonly value: string;

  /**
   * @param parameter Its name, e.g. `windows.open`.
   * @param value The offending value.
   * @param requirement What it must be.
   */
  constructor(parameter: string, value: bigint | number | string, requirement: string) {
    super(`${parameter} is ${value}; it must be ${requirement}.`);
    this.parameter = parameter;
    this.value = String(value);
  }
}

/** A block of the chain is too small for the creation of a contract. */
export class BlockTooSmallError extends OpenGpuError {
  override readonly name = "BlockTooSmallError";
  readonly contract: string;
  /** Gas. */
  readonly needed: bigint;
  /** Gas. */
  readonly limit: bigint;

  /**
   * @param contract Name of the contract.
   * @param needed Gas that its creation takes.
   * @param limit Gas that a block holds.
   */
  constructor(contract: string, needed: bigint, limit: bigint) {
    super(`The creation of ${contract} takes about ${needed} gas, but a block of this chain holds only ${limit}.`);
    this.contract = contract;
    this.needed = needed;
    this.limit = limit;
  }
}

/** One thing in which an interrupted deployment is other than what is asked for now. */
export interface Difference {
  readonly what: string;
  readonly planned: string;
  readonly asked: string;
}

/** An interrupted deployment is there that was begun with other choices. */
export class PlanMismatchError extends OpenGpuError {
  override readonly name = "PlanMismatchError";
  readonly differences: readonly Difference[];

  /** @param differences At least one. */
  constructor(differences: readonly Difference[]) {
    const list = differences.map(({ what, planned, asked }) => `${what} ${planned}, not ${asked}`);
    super(
      `An interrupted deployment was begun with ${list.join("; ")}. Go on with the same, or begin anew with restart ` +
        `(--restart).`,
    );
    this.differences = differences;
  }
}

/** A chain has a deployment already, which is not to be lost sight of by mistake. */
export class LiveDeploymentError extends OpenGpuError {
  override readonly name = "LiveDeploymentError";
  readonly chainId: bigint;
  /** Address of its TaskManager. */
  readonly taskManager: string;

  /**
   * @param chainId The chain.
   * @param taskManager Address of its TaskManager.
   */
  constructor(chainId: bigint, taskManager: string) {
    super(
      `Chain ${chainId} has a deployment already, with TaskManager ${taskManager}. Use it, or deploy another one with ` +
        `replace (--replace), which keeps the record of the old one under another name.`,
    );
    this.chainId = chainId;
    this.taskManager = taskManager;
  }
}
