import { HDNodeWallet, Mnemonic } from "ethers";
import type { FeeMarket } from "../../../src/protocol/fees.js";

/** A chain of its own for one test file, which produces a block a second. */
export interface Chain {
  /** What a user would connect to. */
  readonly url: string;
  /** The node itself, where {@link url} has something in between. */
  readonly direct: string;
  readonly chainId: bigint;
  readonly fees: FeeMarket;
  /** Gas that most calls are given where estimates take long. */
  readonly gasLimit?: bigint;
  /** Whether a key may have but one transaction on its way, because the node loses others. */
  readonly oneAtATime?: boolean;
  /** Private keys with coin, hexadecimal. */
  readonly accounts: readonly string[];
  /** Ends everything that was started for it. */
  readonly stop: () => Promise<void>;
}

/** What all development nodes can derive their funded accounts from. */
export const MNEMONIC = "test test test test test test test test test test test junk";

/** Keys of the first accounts of {@link MNEMONIC}. */
export function fundedKeys(count = 10): string[] {
  const root = HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(MNEMONIC), "m/44'/60'/0'/0");
  return Array.from({ length: count }, (_, index) => root.deriveChild(index).privateKey);
}
