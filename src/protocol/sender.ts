import {
  isError,
  type Provider,
  type Signer,
  Transaction,
  type TransactionReceipt,
  type TransactionRequest,
} from "ethers";
import {
  InsufficientFundsError,
  NonceTakenError,
  type OpenGpuError,
  TimeoutError,
  TransactionRefusedError,
} from "./errors.js";
import { type FeeMarket, feesOf, type Fees, priceOfGas } from "./fees.js";
import { isTransient, type Patience, pause, persist, wordsOf } from "./retry.js";
import { decodeRevert, isRevert, RevertError, revertOf } from "./reverts.js";

/** The newest block that this program knows of, so that a node that is behind it can be told. */
export interface Head {
  number: number;
}

/** A call to send, without nonce and fees. */
export interface Call {
  to: string | null;
  data: string;
  value?: bigint;
}

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
  /** Limit of gas; estimated, with a fifth more, if left out. */
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

const KNOWN = /already known|already imported|known transaction|already exists|already in (?:the )?(?:mem)?pool/i;
const NONCE_LOW = /nonce (?:is )?too low|nonce has already been used|correct nonce|invalid nonce|old nonce/i;
const UNDERPRICED = /underpriced/i;
const FEE_LOW = /fee per gas|less than block base fee|gas price too low|max fee|below the minimum|baseFee/i;

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
  /** Next nonce, as far as this program knows. */
  let next: number | undefined;
  /** Transactions sent and not yet seen in a block. */
  let underway = 0;
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
  const countOf = (tag: "latest" | "pending") =>
    persist("eth_getTransactionCount", () => provider.getTransactionCount(address, tag), patience.requests);

  const estimate = async (call: Call, action: string): Promise<bigint> => {
    const request = { ...call, from: address };
    const end = Date.now() + patience.requests;
    for (;;) {
      try {
        const gas = await persist(`an estimate of ${action}`, () => provider.estimateGas(request), patience.requests);
        return (gas * 6n) / 5n;
      } catch (error) {
        const refusal = await refusalOf(error, call, action);
        if (!isRevert(refusal) || isTooLate(refusal) || Date.now() >= end || !(await wasBehind(call))) throw refusal;
        await pause(patience.interval);
      }
    }
  };

  /** Whether a call that was refused succeeds on the newest block known, so that the refusing node was behind it. */
  const wasBehind = async (call: Call): Promise<boolean> => {
    const number = await persist("eth_blockNumber", () => provider.getBlockNumber(), patience.requests);
    head.number = Math.max(head.number, number);
    const request = { ...call, from: address, blockTag: head.number };
    try {
      await persist("eth_call", () => provider.call(request), patience.requests);
      return true;
    } catch {
      return false;
    }
  };

  /** The typed error for what a node said to a transaction, or the error as it is. */
  const refusalOf = async (error: unknown, call: Call, action: string): Promise<Error> => {
    const message = wordsOf(error);
    if (isError(error, "INSUFFICIENT_FUNDS") || /insufficient (?:funds|balance)|enough funds/i.test(message)) {
      const balance = await persist("eth_getBalance", () => provider.getBalance(address), patience.requests);
      return new InsufficientFundsError(
        address,
        balance,
        call.value === undefined || call.value <= balance ? undefined : call.value,
      );
    }
    const revert: OpenGpuError | undefined = revertOf(error, action);
    if (revert !== undefined) return revert;
    if (error instanceof Error && error.name.endsWith("Error") && isTransient(error)) return error;
    return new TransactionRefusedError(address, message, { cause: error });
  };

  /** Tells the node of signed bytes until it certainly knows them. Repeating is safe: the bytes have one nonce. */
  const broadcast = async (sent: Sent & { raw: string }): Promise<"sent" | "nonce taken"> => {
    try {
      await persist("eth_sendRawTransaction", () => provider.broadcastTransaction(sent.raw), patience.requests);
      return "sent";
    } catch (error) {
      const message =
        error instanceof Error ? `${error.message} ${JSON.stringify((error as { info?: unknown }).info ?? "")}` : "";
      if (KNOWN.test(message)) return "sent";
      if (isError(error, "NONCE_EXPIRED") || NONCE_LOW.test(message) || UNDERPRICED.test(message)) {
        // An earlier attempt may have arrived although its answer did not.
        const found = await persist(
          "eth_getTransactionByHash",
          () => provider.getTransaction(sent.hash),
          patience.requests,
        );
        return found === null ? "nonce taken" : "sent";
      }
      throw error;
    }
  };

  /** Signs with the key at hand and sends. */
  const sendSigned = async (call: Call, gasLimit: bigint, options: SendOptions, action: string): Promise<Sent> => {
    for (let attempt = 1; ; attempt++) {
      if (next === undefined || underway === 0) next = Math.max(await countOf("pending"), next ?? 0);
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
        const message = error instanceof Error ? error.message : "";
        if (FEE_LOW.test(message) && attempt < NONCE_ATTEMPTS) {
          known = undefined;
          continue;
        }
        // Whether it arrived is unknown only if the node fell silent; then the nonce must be asked for again.
        next = undefined;
        throw await refusalOf(error, call, action);
      }
      if (options.nonce !== undefined || attempt === NONCE_ATTEMPTS) {
        throw new NonceTakenError(address, nonce, hash);
      }
      // Replicas may not know yet of the transaction that took the nonce.
      next = Math.max(await countOf("latest"), await countOf("pending"), nonce + 1);
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
      throw await refusalOf(error, call, action);
    }
  };

  /** Waits for a transaction, and reminds the node of it in case it lost it. */
  const mined = async (sent: Sent, confirmations: number): Promise<TransactionReceipt> => {
    const end = Date.now() + patience.mining;
    let overtaken = 0;
    for (let look = 1; ; look++) {
      const receipt = await persist(
        "eth_getTransactionReceipt",
        () => provider.getTransactionReceipt(sent.hash),
        patience.requests,
      );
      if (receipt !== null) {
        const head =
          confirmations > 1 ? await persist("eth_blockNumber", () => provider.getBlockNumber(), patience.requests) : 0;
        if (confirmations <= 1 || head - receipt.blockNumber + 1 >= confirmations) return receipt;
      } else if (look % 4 === 0) {
        // Behind its nonce without a receipt, look after look: another transaction has it.
        overtaken = (await countOf("latest")) > sent.nonce ? overtaken + 1 : 0;
        if (overtaken >= 4) throw new NonceTakenError(address, sent.nonce, sent.hash);
        if (overtaken === 0 && sent.raw !== undefined) {
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
      const gasLimit = options.gasLimit ?? (await estimate(call, action));
      const sent = await inTurn(async () => {
        const result = await (hasKey ? sendSigned : sendByWallet)(call, gasLimit, options, action);
        underway++;
        return result;
      });
      try {
        const receipt = await mined(sent, options.confirmations ?? 1);
        head.number = Math.max(head.number, receipt.blockNumber);
        if (receipt.status === 0) throw await failureOf(call, gasLimit, receipt, action);
        return receipt;
      } catch (error) {
        // A transaction that was given up may be lost; the chain knows which nonce is next.
        if (!isRevert(error)) next = undefined;
        throw error;
      } finally {
        underway--;
      }
    },
  };

  /** Why a mined transaction failed: asked of the state that it met, as far as the node keeps it. */
  async function failureOf(call: Call, gasLimit: bigint, receipt: TransactionReceipt, action: string): Promise<Error> {
    try {
      await provider.call({ ...call, from: address, gasLimit, blockTag: receipt.blockNumber - 1 });
    } catch (error) {
      const revert = revertOf(error, action);
      if (revert !== undefined) return revert;
    }
    return decodeRevert(undefined, `${action} (transaction ${receipt.hash})`);
  }
}

/** Whether a time was missed: a node that is behind is too early, never too late. */
const isTooLate = (error: unknown): boolean =>
  error instanceof RevertError && error.is("DeadlinePassed", "DisclosureTooLate");

/** Wei that a transaction of so much gas costs at most. */
export function costOf(gas: bigint, fees: Fees): bigint {
  return gas * priceOfGas(fees);
}
