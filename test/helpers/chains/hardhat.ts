import { network } from "hardhat";
import { type Chain, fundedKeys } from "./chain.js";

/** Hardhat's own node, in this process, under the rules of the configuration. */
export async function startHardhat(): Promise<Chain> {
  const override = { mining: { auto: false, interval: 1000 } };
  const server = await network.createServer({ network: "hardhat", override }, "127.0.0.1");
  const { address, port } = await server.listen();
  return {
    url: `http://${address}:${port}`,
    direct: `http://${address}:${port}`,
    chainId: 31337n,
    fees: "auto",
    accounts: fundedKeys(),
    stop: () => server.close(),
  };
}
