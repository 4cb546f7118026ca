import { isError, type Provider, type TransactionReceipt } from "ethers";
import type { AccountView, Head } from "./accountView.js";
import { InsufficientFundsError, TransactionRefusedError } from "./errors.js";
import { isTransient, type Patience, pause, persist, wordsOf } from "./retry.js";
import { decodeRevert, isRevert, RevertError, revertOf, UnknownRevertError } from "./reverts.js";

/** A call to send, without nonce and fees. */
export interface Call {
  to: string | null;
  data: string;
  value?: bigint;
}

/** Judges calls of an account before they are sent, and finds out why they failed. */
export interface Judge {
  /**
   * Gas that a call needs, with room for what may come in between.
   *
   * @throws whatever it would be refused with.
   */
  estimate(call: Call, action: string): Promise<bigint>;
  /** The typed error for what a node said to a transaction, or the error as it is. */
  refusalOf(error: unknown, call: Call, action: string): Promise<Error>;
  /** Why a mined transaction failed: asked of the states before and after its block, as far as the node keeps them. */
  failureOf(call: Call, gasLimit: bigint, receipt: TransactionReceipt, action: string): Promise<Error>;
}

/**
 * Gas on top of an estimate and a fifth: what comes into the block first may leave two slots of storage empty that the
 * estimate found in use, 17,100 each.
 */
const GAS_RESERVE = 40_000n;

/** Judges the calls of an account. */
export function judgeCalls(
  provider: Provider,
  address: string,
  view: AccountView,
  patience: Patience,
  head: Head,
): Judge {
  const estimate = async (call: Call, action: string): Promise<bigint> => {
    const request = { ...call, from: address };
    const end = Date.now() + patience.requests;
    for (;;) {
      try {
        const gas = await persist(`an estimate of ${action}`, () => provider.estimateGas(request), patience.requests);
        return (gas * 6n) / 5n + GAS_RESERVE;
      } catch (error) {
        const refusal = await refusalOf(error, call, action);
        if (!isRevert(refusal) && !(refusal instanceof InsufficientFundsError)) throw refusal;
        // The node may be behind: what counts is what the newest block known says.
        const verdict = isTooLate(refusal) ? refusal : await verdictAtHead(call, action);
        if (verdict !== undefined || Date.now() >= end) throw verdict ?? refusal;
        await pause(patience.interval);
      }
    }
  };

  /** Why a call is refused in the state of the newest block known; `undefined` if it is not. */
  const verdictAtHead = async (call: Call, action: string): Promise<Error | undefined> => {
    const blockTag = await view.lookAhead();
    const request = { ...call, from: address, blockTag };
    const balance = await view.balanceAt(blockTag);
    if (balance < (call.value ?? 0n)) return new InsufficientFundsError(address, balance, call.value);
    try {
      await persist("eth_call", () => provider.call(request), patience.requests);
      return undefined;
    } catch (error) {
      return refusalOf(error, call, action);
    }
  };

  const refusalOf = async (error: unknown, call: Call, action: string): Promise<Error> => {
    const message = wordsOf(error);
    if (isError(error, "INSUFFICIENT_FUNDS") || /insufficient (?:funds|balance)|enough funds/i.test(message)) {
      const balance = await view.balanceAt(head.number);
      return new InsufficientFundsError(
        address,
        balance,
        call.value === undefined || call.value <= balance ? undefined : call.value,
      );
    }
    const revert = revertOf(error, action);
    if (revert !== undefined) return revert;
    if (error instanceof Error && error.name.endsWith("Error") && isTransient(error)) return error;
    return new TransactionRefusedError(address, message, { cause: error });
  };

  const failureOf: Judge["failureOf"] = async (call, gasLimit, receipt, action) => {
    const { blockNumber, gasUsed, hash } = receipt;
    // The state before is nearer to what it met; clocks are those of the block itself.
    for (const blockTag of [blockNumber - 1, blockNumber]) {
      try {
        const request = { ...call, from: address, gasLimit, blockTag };
        await persist("eth_call", () => provider.call(request), patience.requests);
      } catch (error) {
        const revert = revertOf(error, action);
        if (revert !== undefined) return revert;
      }
    }
    const where = `${action} (transaction ${hash})`;
    // Calls of calls get 63/64 of the gas, so what runs out leaves a little.
    if (gasUsed >= (gasLimit * 9n) / 10n) {
      return new UnknownRevertError(where, `it used ${gasUsed} of ${gasLimit} gas, which was too little`, undefined);
    }
    return decodeRevert(undefined, where);
  };

  return { estimate, refusalOf, failureOf };
}

/** Whether a time was missed: a node that is behind is too early, never too late. */
const isTooLate = (error: unknown): boolean =>
  error instanceof RevertError &&
  error.is("DeadlinePassed", "DisclosureTooLate", "SealingOver", "OpeningTooLate", "ClaimTooLate", "ReviewOver");
