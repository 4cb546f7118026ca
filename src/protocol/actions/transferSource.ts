import { emitted, execute, type Executed } from "../execute.js";
import { address } from "../fields.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";
import { senderOf, sourceId } from "./shared.js";

export interface TransferSourceParameters {
  /** Number of the source. */
  source: number;
  /** New publisher; a contract must take ERC-721 tokens. */
  to: string;
}

export interface TransferSourceResult extends Executed {
  /** Number of the source. */
  source: number;
  /** Former publisher. */
  from: string;
  /** New publisher. */
  to: string;
}

/** Why the contracts refuse it. */
export type TransferSourceRevert = RevertError<
  "ERC721IncorrectOwner" | "ERC721InsufficientApproval" | "ERC721InvalidReceiver" | "ERC721NonexistentToken"
>;

/**
 * Gives a source of the sender, with all royalties from now on, to another account.
 *
 * @throws {TransferSourceRevert}
 * @throws {FieldRangeError | FieldFormatError} if a parameter does not fit.
 */
export async function transferSource(
  protocol: Protocol,
  { source, to }: TransferSourceParameters,
  options?: SendOptions,
): Promise<TransferSourceResult> {
  const args: [string, string, bigint] = [senderOf(protocol), address("to", to), sourceId(source)];
  const done = await execute(protocol, "sourceRegistry", "safeTransferFrom(address,address,uint256)", args, options);
  const event = emitted(done, "sourceRegistry", "Transfer");
  return { ...done, source: Number(event.tokenId), from: event.from, to: event.to };
}
