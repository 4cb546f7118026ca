import { getAddress, keccak256, toBeHex, toUtf8Bytes } from "ethers";

/** Seed of this run's random values: the environment variable SEED, else a new one. Show it in the test's title. */
export const SEED = process.env["SEED"] ?? Date.now().toString(36);

/** Random values that follow from a seed. */
export class Random {
  #state: string;

  constructor(seed: string) {
    this.#state = keccak256(toUtf8Bytes(seed));
  }

  /** 32 bytes in hexadecimal. */
  word(): string {
    this.#state = keccak256(this.#state);
    return this.#state;
  }

  /** An integer of at most `width` bits. One in eight is zero and one in eight the largest: fields break at their ends. */
  bits(width: number): bigint {
    const maximum = (1n << BigInt(width)) - 1n;
    const kind = BigInt(this.word()) & 7n;
    if (kind === 0n) return 0n;
    return kind === 1n ? maximum : BigInt(this.word()) & maximum;
  }

  number(width: number): number {
    return Number(this.bits(width));
  }

  /** An integer from `from` to `to`, both included. */
  between(from: bigint, to: bigint): bigint {
    return from + (BigInt(this.word()) % (to - from + 1n));
  }

  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number {
    return Number(this.between(BigInt(low), BigInt(high)));
  }

  /** A number from `low`, included, to `high`, excluded. */
  real(low: number, high: number): number {
    return low + (Number(BigInt(this.word()) >> 203n) / 2 ** 53) * (high - low);
  }

  address(): string {
    return getAddress(toBeHex(this.bits(160), 20));
  }
}
