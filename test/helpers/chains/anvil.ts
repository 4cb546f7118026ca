import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { FeeMarket } from "../../../src/protocol/fees.js";
import { type Chain, fundedKeys, MNEMONIC } from "./chain.js";
import { startProcess } from "./process.js";

const PROGRAM = fileURLToPath(new URL("../../../node_modules/.bin/anvil", import.meta.url));

/** Anvil comes as an optional dependency, for one platform. */
export const hasAnvil = existsSync(PROGRAM);

/** Anvil under London rules. */
export async function startAnvil(fees: FeeMarket): Promise<Chain> {
  const chainId = 1071n;
  const { url, stop } = await startProcess(PROGRAM, (port) => [
    ...["--host", "127.0.0.1", "--port", String(port), "--silent"],
    ...["--hardfork", "london", "--chain-id", String(chainId), "--block-time", "1", "--mnemonic", MNEMONIC],
  ]);
  return { url, direct: url, chainId, fees, accounts: fundedKeys(), stop };
}
