import { formatEther } from "ethers";

/** Wei as coins with six decimals, for a table. */
export function coins(wei: bigint): string {
  return Number(formatEther(wei)).toFixed(6);
}
