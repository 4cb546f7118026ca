import type { Order, PackedOrder } from "../../src/protocol/order.js";
import type { Random } from "./seeded.js";

/** Where each field of an order lies in its packed form, written down from the layout of `PackedOrder`. */
export const FIELD_BITS: { field: keyof Order; word: keyof PackedOrder; low: number; bits: number }[] = [
  { field: "client", word: "reward", low: 96, bits: 160 },
  { field: "maxReward", word: "reward", low: 0, bits: 96 },
  { field: "verifier", word: "assurance", low: 96, bits: 160 },
  { field: "bond", word: "assurance", low: 0, bits: 96 },
  { field: "source", word: "terms", low: 192, bits: 32 },
  { field: "version", word: "terms", low: 176, bits: 16 },
  { field: "verification", word: "terms", low: 168, bits: 8 },
  { field: "trust", word: "terms", low: 152, bits: 16 },
  { field: "environments", word: "terms", low: 144, bits: 8 },
  { field: "minGpuMemory", word: "terms", low: 128, bits: 16 },
  { field: "maxRoyaltyBps", word: "terms", low: 112, bits: 16 },
  { field: "maxFeeBps", word: "terms", low: 96, bits: 16 },
  { field: "minScore", word: "terms", low: 64, bits: 32 },
  { field: "nonce", word: "terms", low: 0, bits: 64 },
  { field: "deadline", word: "clocks", low: 72, bits: 40 },
  { field: "rampDuration", word: "clocks", low: 48, bits: 24 },
  { field: "reviewPeriod", word: "clocks", low: 24, bits: 24 },
  { field: "reservation", word: "clocks", low: 0, bits: 24 },
  { field: "inputDigest", word: "inputDigest", low: 0, bits: 256 },
  { field: "clientKey", word: "clientKey", low: 0, bits: 256 },
];

/** An order with any value in each field; only the verification is a known one. */
export function randomOrder(random: Random): Order {
  return {
    client: random.address(),
    source: random.number(32),
    version: random.number(16),
    maxReward: random.bits(96),
    rampDuration: random.number(24),
    deadline: random.number(40),
    verification: Number(random.between(0n, 2n)) as Order["verification"],
    trust: random.number(16),
    reviewPeriod: random.number(24),
    bond: random.bits(96),
    minScore: random.number(32),
    environments: random.number(8),
    minGpuMemory: random.number(16),
    reservation: random.number(24),
    verifier: random.address(),
    maxRoyaltyBps: random.number(16),
    maxFeeBps: random.number(16),
    inputDigest: random.word(),
    clientKey: random.word(),
    nonce: random.bits(64),
  };
}
