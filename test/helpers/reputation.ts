import { AbiCoder, getAddress, keccak256, parseEther, toBeHex } from "ethers";
import { type Reputation, Reputation__factory } from "../../typechain-types/index.js";
import { ethers, networkHelpers, time } from "./network.js";

export const FEE_SCALE = parseEther("1");
export const HALF_LIFE = 30 * 24 * 3600;
export const EPOCH = 24 * 3600;
export const BUCKETS = 88n;
/** Fee that earns half a point. */
export const HALF_POINT = FEE_SCALE;

/** Reputation on its own; `manager` is an account in TaskManager's place. An epoch has just begun. */
export async function deployReputation() {
  const [deployer, manager, stranger] = await ethers.getSigners();
  if (deployer === undefined || manager === undefined || stranger === undefined) throw new Error("no accounts");
  const reputation = (await new Reputation__factory(deployer).deploy(manager, FEE_SCALE)).connect(manager);
  await time.increaseTo(await nextEpoch());
  return { deployer, manager, stranger, reputation };
}

/** First second of the epoch after the current one. */
export async function nextEpoch(): Promise<number> {
  return (Math.floor((await time.latest()) / EPOCH) + 1) * EPOCH;
}

/** The client with this number; its bucket is the number modulo 88. */
export const clientAt = (number: bigint | number): string => getAddress(toBeHex(number, 20));

/** What a fee adds to a score, recomputed. */
export const gainOf = (fee: bigint): bigint => (1_000_000n * fee) / (fee + FEE_SCALE);

/** The least fee that adds `gain`. */
export const feeFor = (gain: bigint): bigint => (gain * FEE_SCALE + 999_999n - gain) / (1_000_000n - gain);

/** A score `elapsed` seconds later, recomputed: whole half-lives halve it, the rest takes it down in a line. */
export function decayed(score: bigint, elapsed: number): bigint {
  const start = score >> BigInt(Math.floor(elapsed / HALF_LIFE));
  return start - (start * BigInt(elapsed % HALF_LIFE)) / BigInt(2 * HALF_LIFE);
}

/** All fields of a provider's record. */
export async function recordOf(reputation: Reputation, provider: bigint | number) {
  const { score, settled, faults, frauds, earned, updatedAt, jailedUntil } = await reputation.getRecord(provider);
  return { score, settled, faults, frauds, earned, updatedAt, jailedUntil };
}

/** A record in which nothing ever happened. */
export const BLANK = {
  score: 0n,
  settled: 0n,
  faults: 0n,
  frauds: 0n,
  earned: 0n,
  updatedAt: 0n,
  jailedUntil: 0n,
};

/** A provider's standing as Reputation stores it. */
export interface Standing {
  score?: bigint;
  updatedAt: number;
  settled?: bigint;
  earned?: bigint;
  clients?: bigint;
}

/**
 * Writes a provider's standing into storage, for amounts that no test could earn. It is the first mapping of the
 * contract; the fields follow each other from the lowest bit.
 */
export async function seedStanding(reputation: Reputation, provider: number, standing: Standing): Promise<void> {
  const slot = keccak256(AbiCoder.defaultAbiCoder().encode(["uint32", "uint256"], [provider, 0]));
  const { score = 0n, updatedAt, settled = 0n, earned = 0n, clients = 0n } = standing;
  const word = score | (BigInt(updatedAt) << 32n) | (settled << 72n) | (earned << 104n) | (clients << 168n);
  await networkHelpers.setStorageAt(await reputation.getAddress(), slot, toBeHex(word, 32));
}
