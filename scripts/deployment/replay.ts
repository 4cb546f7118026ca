import { getAddress } from "ethers";
import { network } from "hardhat";
import type { ReplayChain } from "../../src/protocol/deploy/verify.js";

/** Coin enough for any deployment, wei in hexadecimal. */
const FORTUNE = `0x1${"0".repeat(24)}`;

/** A chain in this process with the given id, on which anybody can deploy without a key. End it with `close`. */
export async function createReplayChain(chainId: bigint): Promise<ReplayChain & { close(): Promise<void> }> {
  const connection = await network.create({ network: "default", override: { chainId: Number(chainId) } });
  const request = (method: string, ...params: unknown[]): Promise<unknown> =>
    connection.provider.request({ method, params });
  return {
    close: () => connection.close(),
    async create(from, nonce, data) {
      await request("hardhat_impersonateAccount", from);
      await request("hardhat_setBalance", from, FORTUNE);
      await request("hardhat_setNonce", from, `0x${nonce.toString(16)}`);
      const hash = await request("eth_sendTransaction", { from, data });
      const { contractAddress } = (await request("eth_getTransactionReceipt", hash)) as { contractAddress: string };
      const code = (await request("eth_getCode", contractAddress, "latest")) as string;
      return { address: getAddress(contractAddress), code };
    },
  };
}
