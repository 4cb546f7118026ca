import {
  isError,
  type Provider,
  type Signer,
  Transaction,
  type TransactionReceipt,
  type TransactionRequest,
} from "ethers";
import { type Head, viewAccount } from "./accountView.js";
import { InsufficientFundsError, NonceTakenError, TimeoutError, TransactionRefusedError } from "./errors.js";
import { type FeeMarket, feesOf, type Fees, priceOfGas } from "./fees.js";
import { type Call, judgeCalls } from "./judge.js";
import { type Patience, pause, persist, wordsOf } from "./retry.js";
import { isRevert } from "./reverts.js";

export type { Head } from "./accountView.js";
export type { Call } from "./judge.js";

/** Sends transactions of one key, each once, with nonces in sequence whatever fails in between. */
export interface Sender {
  readonly address: string;
  readonly signer: Signer;
  /**
   * Sends a call and waits until it is mined. Calls may be sent at the same time; one that the chain would refuse takes
   * no nonce.
   *
   * @param action What it is, for errors, e.g. `taskManager.submit`.
   * @throws {RevertError} if a contract refuses; before anything is sent where that can be known.
   * @throws {InsufficientFundsError | TransactionRefusedError} if the node takes no transaction; nothing was sent.
   * @throws {NonceTakenError} if another program used the nonce.
   * @throws {TimeoutError} if it was sent but not mined in time.
   * @throws {NodeError} if the node does not answer.
   */
  send(call: Call, action: string, options?: SendOptions): Promise<TransactionReceipt>;
}

export interface SendOptions {
  /** Blocks that must have confirmed the transaction; 1: its own. */
  confirmations?: number;
  /** Limit of gas; estimated, with room for what may come in between, if left out. */
  gasLimit?: bigint;
  /** The nonce to use, if only this one will do; another program that used it then is a failure. */
  nonce?: number;
  /** Told the hash as soon as there is one, before the node is told of the transaction where the key is at hand. */
  onHash?: (hash: string) => void | Promise<void>;
}

export interface SenderOptions {
  fees: FeeMarket;
  patience: Patience;
  head: Head;
}

/** A transaction on its way. */
interface Sent {
  hash: string;
  nonce: number;
  /** Signed bytes, which may be sent again at will; `undefined` where a wallet keeps them. */
  raw: string | undefined;
}

/** Fees are asked for again after so many milliseconds. */
const FEES_LAST = 5_000;
/** How often a nonce that another program took is replaced before giving up. */
const NONCE_ATTEMPTS = 5;
/** A transaction without a receipt is told to the node again after so many looks. */
const LOOKS_BETWEEN_REMINDERS = 10;

const KNOWN = /already known|already imported|known transaction|already exists|already in (?:the )?(?:mem)?pool/i;
const NONCE_LOW = /nonce (?:is )?too low|nonce has already been used|correct nonce|invalid nonce|old nonce/i;
const REPLACING = /replacement (?:transaction|fee)|replace the existing/i;
const FEE_LOW = /underpriced|fee per gas|less than block base fee|gas price too low|max fee|below the minimum|baseFee/i;

/**
 * A sender for a signer.
 *
 * @param signer Signer with an address; a wallet with its key at hand (ethers' `Wallet`) lets it repeat what a node lost.
 * @param provider The chain.
 */
export async function createSender(
  signer: Signer,
  provider: Provider,
  { fees: market, patience, head }: SenderOptions,
): Promise<Sender> {
  const address = await signer.getAddress();
  const view = viewAccount(provider, address, patience, head);
  const judge = judgeCalls(provider, address, view, patience, head);
  /** Next nonce, as far as this program knows. */
  let next: number | undefined;
  /** Nonces of transactions sent and not yet seen in a block. */
  const underway = new Set<number>();
  let known: { fees: Fees; until: number } | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  /** One at a time, in sequence. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = turn.then(work);
    turn = result.catch(() => undefined);
    return result;
  };
  const currentFees = async () => {
    if (known === undefined || known.until < Date.now()) {
      known = { fees: await feesOf(provider, market, patience.requests), until: Date.now() + FEES_LAST };
    }
    return known.fees;
  };
  /** Tells the node of signed bytes until it certainly knows them. Repeating is safe: the bytes have one nonce. */
  const broadcast = async (sent: Sent & { raw: string }): Promise<"sent" | "nonce taken"> => {
    try {
      await persist("eth_sendRawTransaction", () => provider.broadcastTransaction(sent.raw), patience.requests);
      return "sent";
    } catch (error) {
      const message = wordsOf(error);
      if (KNOWN.test(message)) return "sent";
      // An earlier attempt may have arrived although its answer did not.
      if (isError(error, "NONCE_EXPIRED") || NONCE_LOW.test(message)) {
        return (await fateOf(sent)) === "ours" ? "sent" : "nonce taken";
      }
      if (isError(error, "REPLACEMENT_UNDERPRICED") || REPLACING.test(message)) {
        return (await view.isKnown(sent.hash)) ? "sent" : "nonce taken";
      }
      throw error;
    }
  };

  /**
   * Which transaction has a nonce that is used. A node that does not know ours proves nothing, it may be behind; so the
   * block that used the nonce is looked up.
   */
  const fateOf = async (sent: Sent): Promise<"ours" | "another's"> => {
    const end = Date.now() + patience.mining;
    while (!(await view.isKnown(sent.hash))) {
      const found = await view.transactionAt(sent.nonce);
      if (found !== undefined) return found === sent.hash ? "ours" : "another's";
      if (Date.now() >= end) throw new TimeoutError(`the block with nonce ${sent.nonce}`, patience.mining);
      await pause(patience.interval);
    }
    return "ours";
  };

  /** Signs with the key at hand and sends. */
  const sendSigned = async (call: Call, gasLimit: bigint, options: SendOptions, action: string): Promise<Sent> => {
    const end = Date.now() + patience.requests;
    for (let attempt = 1; ; attempt++) {
      if (next === undefined || underway.size === 0) next = await view.freeNonce(next ?? 0, underway);
      const nonce = options.nonce ?? next;
      const fees = await currentFees();
      const request: TransactionRequest = {
        ...call,
        ...fees,
        gasLimit,
        nonce,
        chainId: (await provider.getNetwork()).chainId,
      };
      const raw = await signer.signTransaction(request);
      const { hash } = Transaction.from(raw);
      if (hash === null) throw new TransactionRefusedError(address, "the signer returned an unsigned transaction");
      await options.onHash?.(hash);
      try {
        if ((await broadcast({ hash, nonce, raw })) === "sent") {
          next = Math.max(next, nonce + 1);
          return { hash, nonce, raw };
        }
      } catch (error) {
        if (FEE_LOW.test(wordsOf(error)) && attempt < NONCE_ATTEMPTS) {
          known = undefined;
          continue;
        }
        const refusal = await judge.refusalOf(error, call, action);
        // A node that is behind does not know of the coin yet.
        const cost = costOf(gasLimit, fees) + (call.value ?? 0n);
        if (refusal instanceof InsufficientFundsError && refusal.balance >= cost && Date.now() < end) {
          attempt--;
          await pause(patience.interval);
          continue;
        }
        // Whether it arrived is unknown only if the node fell silent; then the nonce must be asked for again.
        next = undefined;
        throw refusal instanceof InsufficientFundsError
          ? new InsufficientFundsError(address, refusal.balance, cost > refusal.balance ? cost : undefined)
          : refusal;
      }
      if (options.nonce !== undefined || attempt === NONCE_ATTEMPTS) {
        throw new NonceTakenError(address, nonce, hash);
      }
      next = await view.freeNonce(nonce + 1, underway);
    }
  };

  /** Lets a wallet that keeps its key sign and send, once: repeating might send twice. */
  const sendByWallet = async (call: Call, gasLimit: bigint, options: SendOptions, action: string): Promise<Sent> => {
    try {
      const nonce = options.nonce === undefined ? {} : { nonce: options.nonce };
      const response = await signer.sendTransaction({ ...call, ...(await currentFees()), ...nonce, gasLimit });
      await options.onHash?.(response.hash);
      return { hash: response.hash, nonce: response.nonce, raw: undefined };
    } catch (error) {
      throw await judge.refusalOf(error, call, action);
    }
  };

  /** Waits for a transaction, and reminds the node of it in case it lost it. */
  const mined = async (sent: Sent, confirmations: number): Promise<TransactionReceipt> => {
    const end = Date.now() + patience.mining;
    for (let look = 1; ; look++) {
      const receipt = await persist(
        "eth_getTransactionReceipt",
        () => provider.getTransactionReceipt(sent.hash),
        patience.requests,
      );
      if (receipt !== null) {
        if (confirmations <= 1 || (await view.lookAhead()) - receipt.blockNumber + 1 >= confirmations) return receipt;
      } else if (look % LOOKS_BETWEEN_REMINDERS === 0) {
        const taker = await view.transactionAt(sent.nonce);
        if (taker !== undefined && taker !== sent.hash) {
          throw new NonceTakenError(address, sent.nonce, sent.hash);
        }
        if (taker === undefined && sent.raw !== undefined && !(await view.isKnown(sent.hash))) {
          await broadcast({ ...sent, raw: sent.raw }).catch(() => undefined);
        }
      }
      if (Date.now() >= end) throw new TimeoutError(`transaction ${sent.hash} to be mined`, patience.mining);
      await pause(look === 1 ? Math.min(patience.interval, 50) : patience.interval);
    }
  };

  const hasKey = "signingKey" in signer;

  return {
    address,
    signer,
    async send(call, action, options = {}) {
      const gasLimit = options.gasLimit ?? (await judge.estimate(call, action));
      const sent = await inTurn(async () => {
        const result = await (hasKey ? sendSigned : sendByWallet)(call, gasLimit, options, action);
        underway.add(result.nonce);
        return result;
      });
      try {
        const receipt = await mined(sent, options.confirmations ?? 1);
        head.number = Math.max(head.number, receipt.blockNumber);
        if (receipt.status === 0) throw await judge.failureOf(call, gasLimit, receipt, action);
        return receipt;
      } catch (error) {
        // A transaction that was given up may be lost; the chain knows which nonce is next.
        if (!isRevert(error)) next = undefined;
        throw error;
      } finally {
        underway.delete(sent.nonce);
      }
    },
  };
}

/** Wei that a transaction of so much gas costs at most. */
export function costOf(gas: bigint, fees: Fees): bigint {
  return gas * priceOfGas(fees);
}
