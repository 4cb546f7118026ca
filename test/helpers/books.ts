import type { AddressLike } from "ethers";
import { ethers } from "./network.js";
import { FEE_BPS, type Market, ROYALTY_BPS } from "./suite.js";

const WHOLE = 2n ** 32n - 1n;

/** Price of a task in wei, so many seconds after it opened. */
export function priceAfter(elapsed: number, floor: bigint, cap: bigint, rampDuration: number): bigint {
  const start = (floor * WHOLE + cap - 1n) / cap;
  const climbed = elapsed >= rampDuration ? WHOLE - start : ((WHOLE - start) * BigInt(elapsed)) / BigInt(rampDuration);
  return (cap * (start + climbed)) / WHOLE;
}

/** How a price is shared between protocol, publisher and provider. */
export function sharesOf(price: bigint): { fee: bigint; royalty: bigint; payment: bigint } {
  const fee = (price * FEE_BPS) / 10_000n;
  const royalty = (price * ROYALTY_BPS) / 10_000n;
  return { fee, royalty, payment: price - fee - royalty };
}

export const sumOf = (amounts: Iterable<bigint>): bigint => [...amounts].reduce((sum, amount) => sum + amount, 0n);

/** What Escrow owes over all accounts, what came in and went out by its log, and the coin it has. */
export async function booksOf(market: Market) {
  const { escrow, taskManager, providerPool } = market;
  const accounts: AddressLike[] = [...(await ethers.getSigners()), taskManager, providerPool];
  const balances = await Promise.all(accounts.map((account) => escrow.accountOf(account)));
  const [deposits, withdrawals] = await Promise.all([
    escrow.queryFilter(escrow.filters.Deposited()),
    escrow.queryFilter(escrow.filters.Withdrawn()),
  ]);
  return {
    owed: sumOf(balances.map(({ free, held, fees }) => free + held + fees)),
    held: sumOf(balances.map(({ held }) => held)),
    fees: sumOf(balances.map(({ fees }) => fees)),
    deposited: sumOf(deposits.map(({ args }) => args.amount)),
    withdrawn: sumOf(withdrawals.map(({ args }) => args.amount)),
    coin: await ethers.provider.getBalance(escrow),
  };
}
