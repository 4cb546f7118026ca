import { isHexString } from "ethers";
import { z } from "zod";

const amount = z.string().regex(/^\d+$/, "is no whole number").transform(BigInt);
const whole = z.number().int().nonnegative();
const address = z.string().refine((text) => isHexString(text, 20), "is no address");

/** 32 bytes in hexadecimal, in a document. */
export const bytes32Schema = z.string().refine((text) => isHexString(text, 32), "is not 32 bytes in hexadecimal");
/** Bytes in hexadecimal, in a document. */
export const bytesSchema = z.string().refine((text) => isHexString(text, true), "is not hexadecimal");
/** A whole number from 0 up, in a document. */
export const wholeSchema = whole;
/** An address, in a document. */
export const accountSchema = address;

/** JSON form of an order, amounts and nonce as decimal strings. */
export const orderSchema = z.strictObject({
  client: address,
  source: whole,
  version: whole,
  maxReward: amount,
  rampDuration: whole,
  deadline: whole,
  verification: z.union([z.literal(0), z.literal(1), z.literal(2)]),
  trust: whole,
  reviewPeriod: whole,
  bond: amount,
  minScore: whole,
  environments: whole,
  minGpuMemory: whole,
  reservation: whole,
  verifier: address,
  maxRoyaltyBps: whole,
  maxFeeBps: whole,
  inputDigest: bytes32Schema,
  clientKey: bytes32Schema,
  nonce: amount,
});
