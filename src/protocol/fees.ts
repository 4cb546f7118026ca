import type { Provider, TransactionRequest } from "ethers";
import { NodeError } from "./errors.js";
import { persist } from "./retry.js";

/** Which kind of transaction to send: what the chain understands, or one of the two. */
export type FeeMarket = "auto" | "legacy" | "eip1559";

/** Fee fields of a transaction; prices in wei a unit of gas. */
export type Fees =
  | (Required<Pick<TransactionRequest, "gasPrice">> & { type: 0 })
  | (Required<Pick<TransactionRequest, "maxFeePerGas" | "maxPriorityFeePerGas">> & { type: 2 });

/** Most wei that a unit of gas can cost under these fees. */
export function priceOfGas(fees: Fees): bigint {
  return BigInt((fees.type === 0 ? fees.gasPrice : fees.maxFeePerGas) ?? 0);
}

/**
 * Fees for a transaction now. A chain has EIP-1559 if its latest block has a base fee; then twice that base fee is
 * allowed for, which six full blocks in a row do not exceed. Otherwise the node's own gas price is paid.
 *
 * @throws {NodeError} if the node does not answer.
 */
export async function feesOf(provider: Provider, market: FeeMarket = "auto", patience?: number): Promise<Fees> {
  const [baseFee, legacy, data] = await persist(
    "the price of gas",
    async () => {
      const [block, data] = await Promise.all([provider.getBlock("latest"), provider.getFeeData()]);
      const baseFee = block?.baseFeePerGas ?? null;
      const legacy = market === "legacy" || (market === "auto" && baseFee === null);
      // ethers makes nothing of a price that the node failed to tell; a transaction for nothing would never be mined.
      if (data.gasPrice === null && (legacy || baseFee === null)) throw new NodeError("eth_gasPrice", "no price came");
      return [baseFee, legacy, data] as const;
    },
    patience,
  );
  if (legacy) return { type: 0, gasPrice: data.gasPrice ?? 0n };
  const tip = data.maxPriorityFeePerGas ?? 0n;
  return { type: 2, maxFeePerGas: 2n * (baseFee ?? data.gasPrice ?? 0n) + tip, maxPriorityFeePerGas: tip };
}
