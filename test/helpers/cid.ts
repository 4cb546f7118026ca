import { getBytes } from "ethers";

/** CIDv1 of a block of raw bytes by its SHA-256 digest, in base32, computed from the bytes bit by bit. */
export function cidOf(sha256Digest: string): string {
  const alphabet = "abcdefghijklmnopqrstuvwxyz234567";
  const bytes = [0x01, 0x55, 0x12, 0x20, ...getBytes(sha256Digest)];
  const bits = bytes.map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const groups = bits.match(/.{1,5}/g) ?? [];
  return `b${groups.map((group) => alphabet.charAt(parseInt(group.padEnd(5, "0"), 2))).join("")}`;
}
