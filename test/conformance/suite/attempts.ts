import { expect } from "chai";
import type { Provider } from "ethers";
import type { Sender } from "../../../src/protocol/sender.js";

/** One call of a sender, and what it told of it. */
export interface Attempt {
  readonly action: string;
  /** Transactions that were signed for it. */
  readonly hashes: Set<string>;
  /** `undefined` while it runs. */
  outcome?: "done" | "failed";
}

/** Calls that are estimated even where a limit is given for the others: they call no account of a user's. */
const ESTIMATED = /^escrow\.(?:deposit|depositFor|transfer)$/;

/**
 * A sender that notes what it is asked for.
 *
 * @param gasLimit Limit for most calls, so that they need no estimate; what a contract refuses is mined then.
 */
export function recorded(sender: Sender, attempts: Attempt[], gasLimit?: bigint): Sender {
  return {
    ...sender,
    async send(call, action, options = {}) {
      const attempt: Attempt = { action, hashes: new Set() };
      attempts.push(attempt);
      const onHash = async (hash: string) => {
        attempt.hashes.add(hash);
        await options.onHash?.(hash);
      };
      try {
        const given = gasLimit === undefined || ESTIMATED.test(action) ? {} : { gasLimit };
        const receipt = await sender.send(call, action, { ...given, ...options, onHash });
        attempt.outcome = "done";
        return receipt;
      } catch (error) {
        attempt.outcome = "failed";
        throw error;
      }
    },
  };
}

/** A sender that sends one after the other, each when the one before is mined. */
export function inTurn(sender: Sender): Sender {
  let turn: Promise<unknown> = Promise.resolve();
  return {
    ...sender,
    send(...call) {
      const sent = turn.then(() => sender.send(...call));
      turn = sent.catch(() => undefined);
      return sent;
    },
  };
}

/** Every call that was done is in the chain once, every other one not at all, and the key has sent nothing else. */
export async function expectOnce(direct: Provider, address: string, attempts: readonly Attempt[]): Promise<void> {
  let mined = 0;
  for (const { action, hashes, outcome } of attempts) {
    const receipts = await Promise.all([...hashes].map((hash) => direct.getTransactionReceipt(hash)));
    const found = receipts.filter((receipt) => receipt !== null);
    const effective = found.filter(({ status }) => status === 1);
    expect(outcome, `${action} of ${address} has ended`).to.not.equal(undefined);
    expect(effective.length, `${action} of ${address} took effect`).to.equal(outcome === "done" ? 1 : 0);
    mined += found.length;
  }
  expect(await direct.getTransactionCount(address), `transactions of ${address}`).to.equal(mined);
}
