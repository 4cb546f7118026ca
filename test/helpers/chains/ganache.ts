import { fileURLToPath } from "node:url";
import { type Chain, fundedKeys, MNEMONIC } from "./chain.js";
import { startProcess } from "./process.js";

const PROGRAM = fileURLToPath(new URL("../../../node_modules/ganache/dist/node/cli.js", import.meta.url));

const ACCOUNTS = 30;

/** Ganache under London rules, whose EVM is nobody else's. */
export async function startGanache(): Promise<Chain> {
  const chainId = 1337n;
  const { url, stop } = await startProcess(process.execPath, (port) => [
    ...[PROGRAM, "--server.host", "127.0.0.1", "--server.port", String(port), "--logging.quiet"],
    ...["--chain.hardfork", "london", "--chain.chainId", String(chainId), "--miner.blockTime", "1"],
    ...["--wallet.mnemonic", MNEMONIC, "--wallet.defaultBalance", "10000"],
    ...["--wallet.totalAccounts", String(ACCOUNTS)],
  ]);
  const accounts = fundedKeys(ACCOUNTS);
  // What arrives while a block is made, after others of its key, is never mined.
  // Its estimates take a quarter of a second, in which nothing else moves, and never end if a signature is recovered.
  return { url, direct: url, chainId, fees: "auto", gasLimit: 1_500_000n, oneAtATime: true, accounts, stop };
}
