import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { parseEther } from "ethers";
import { CoinRecipient__factory, type Escrow, Escrow__factory } from "../../typechain-types/index.js";
import { ethers } from "./network.js";

export const MAX_UINT64 = 2n ** 64n - 1n;
export const MAX_UINT96 = 2n ** 96n - 1n;
export const ONE = parseEther("1");

/** Amounts of an account, wei. */
export interface Amounts {
  free: bigint;
  held: bigint;
  fees: bigint;
}

/** What an account holds that Escrow has never seen. */
export const NOTHING: Amounts = { free: 0n, held: 0n, fees: 0n };

/** Escrow on its own: `manager` and `pool` are accounts in the places of TaskManager and ProviderPool. */
export async function deployEscrow() {
  const [deployer, manager, pool, client, payee, publisher, stranger] = seven(await ethers.getSigners());
  const escrow = await new Escrow__factory(deployer).deploy(manager, pool);
  const recipient = await new CoinRecipient__factory(deployer).deploy();
  return { deployer, manager, pool, client, payee, publisher, stranger, escrow, recipient };
}

export type EscrowAlone = Awaited<ReturnType<typeof deployEscrow>>;

function seven<T>(list: T[]): [T, T, T, T, T, T, T] {
  if (list.length < 7) throw new Error(`7 accounts needed, ${list.length} there`);
  return list.slice(0, 7) as [T, T, T, T, T, T, T];
}

/** Brings an account to these amounts. */
export async function endow(
  { escrow, manager, payee }: EscrowAlone,
  account: HardhatEthersSigner,
  { free = 0n, held = 0n, fees = 0n }: Partial<Amounts>,
): Promise<void> {
  if (free + fees !== 0n) await escrow.connect(account).deposit({ value: free + fees });
  if (held !== 0n) await escrow.connect(manager).depositAndHold(account, { value: held });
  if (fees !== 0n) await escrow.connect(manager).settle(account, 0, payee, 0, payee, 0, fees);
}

/** Amounts of each account, in sequence. */
export function amountsOf(escrow: Escrow, ...accounts: (string | { getAddress(): Promise<string> })[]) {
  return Promise.all(
    accounts.map(async (account): Promise<Amounts> => {
      const { free, held, fees } = await escrow.accountOf(account);
      return { free, held, fees };
    }),
  );
}

/** All that Escrow owes to these accounts, wei. */
export async function owed(escrow: Escrow, ...accounts: (string | { getAddress(): Promise<string> })[]) {
  const all = await amountsOf(escrow, ...accounts);
  return all.reduce((sum, { free, held, fees }) => sum + free + held + fees, 0n);
}
