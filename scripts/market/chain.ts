/** A local chain that other programs reach over JSON-RPC. */
import { createServer } from "node:net";
import { TEST_PHRASE } from "../../src/market/devnet.js";
import { ScriptError } from "../deployment/command.js";

/** Nothing but this machine reaches it: everybody knows the keys. */
export const HOST = "127.0.0.1";
export const LOCAL_CHAIN = 31337;

/** Milliseconds between blocks that come although there is no transaction, where each transaction has its own. */
const IDLE_BLOCKS = 1_000;

export interface LocalChain {
  readonly url: string;
  /**
   * From now on a block comes every so many milliseconds; 0: with every transaction, and one a second beside, because seats
   * are drawn by the hash of a block that is to come although nothing else happens.
   */
  setInterval(milliseconds: number): Promise<void>;
  close(): Promise<void>;
}

export interface ChainOptions {
  /** A free one if left out. */
  port?: number | undefined;
  chainId: number;
  /** How many test accounts have coin. */
  accounts: number;
  /** Milliseconds between blocks; 0: a block for every transaction. */
  blockInterval: number;
  /** Whether several blocks may have the same second; else they run ahead of the clock when they come faster. */
  sameTimestamps: boolean;
}

/**
 * Serves a chain under the rules of the oldest EVM that the protocol runs on.
 *
 * @throws {ScriptError} if the port is not free.
 */
export async function serveChain(options: ChainOptions): Promise<LocalChain> {
  const { port, chainId, accounts, blockInterval, sameTimestamps } = options;
  if (port !== undefined) await checkPort(port);
  // Loading it takes longer than finding that nothing can be done, or that another chain is meant.
  const { network } = await import("hardhat");
  const override = {
    chainId,
    accounts: { mnemonic: TEST_PHRASE, count: accounts },
    mining: { auto: blockInterval === 0, interval: blockInterval },
    allowBlocksWithSameTimestamp: sameTimestamps,
  };
  const server = await network.createServer({ network: "default", override }, HOST, port);
  const listening = await server.listen();
  const url = `http://${HOST}:${listening.port}`;
  const ask = async (method: string, ...params: unknown[]): Promise<void> => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
  };
  return {
    url,
    async setInterval(milliseconds) {
      await ask("evm_setAutomine", milliseconds === 0);
      await ask("evm_setIntervalMining", milliseconds === 0 ? IDLE_BLOCKS : milliseconds);
    },
    close: () => server.close(),
  };
}

/** Whether nothing else listens there, before Hardhat's server would fail in a way that cannot be caught. */
export function checkPort(port: number, option = "--port"): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", ({ code }: NodeJS.ErrnoException) => {
      const problem = code === "EADDRINUSE" ? "is in use by another program" : `cannot be used (${code ?? "unknown"})`;
      reject(new ScriptError(`Port ${port} of ${HOST} ${problem}. Choose another one with ${option}.`));
    });
    probe.listen(port, HOST, () =>
      probe.close(() => {
        resolve();
      }),
    );
  });
}
