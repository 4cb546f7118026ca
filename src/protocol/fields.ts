import { type BytesLike, getAddress, hexlify, isAddress, isBytesLike, isHexString } from "ethers";
import { FieldFormatError, FieldRangeError } from "./errors.js";

/**
 * A whole number of at most so many bits.
 *
 * @param field Its name, for the error.
 * @throws {FieldRangeError} if it is negative, too large or no whole number.
 */
export function uint(field: string, value: bigint | number, bits: number): bigint {
  const maximum = (1n << BigInt(bits)) - 1n;
  const whole = typeof value === "bigint" || Number.isSafeInteger(value);
  if (!whole || BigInt(value) < 0n || BigInt(value) > maximum) throw new FieldRangeError(field, value, maximum);
  return BigInt(value);
}

/**
 * A value that is 32 bytes in hexadecimal.
 *
 * @throws {FieldFormatError} if it is something else.
 */
export function bytes32(field: string, value: string): string {
  if (!isHexString(value, 32)) throw new FieldFormatError(field, value, "32 bytes in hexadecimal");
  return value;
}

/**
 * An address, with its checksum.
 *
 * @throws {FieldFormatError} if it is none, or its checksum is wrong.
 */
export function address(field: string, value: string): string {
  if (!isAddress(value)) throw new FieldFormatError(field, value, "an address, 20 bytes in hexadecimal");
  return getAddress(value);
}

/**
 * Bytes in hexadecimal.
 *
 * @throws {FieldFormatError} if they are neither bytes nor hexadecimal.
 */
export function bytes(field: string, value: BytesLike): string {
  if (!isBytesLike(value)) throw new FieldFormatError(field, String(value), "bytes, or their hexadecimal");
  return hexlify(value);
}
