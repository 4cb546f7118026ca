import { chacha20 } from "@noble/ciphers/chacha.js";

const BLOCK = 64;
/** Bytes made at once. */
const BATCH = 16 * BLOCK;

/**
 * Fills bytes with what follows from a seed: the key stream of ChaCha20 with the seed as key, a nonce of 12 zero bytes and
 * blocks from 0 on, whatever the sizes it is asked for in.
 *
 * @param seed 32 bytes.
 */
export function entropyOf(seed: Uint8Array): (target: Uint8Array) => void {
  let block = 0;
  let left = new Uint8Array(0);
  return (target) => {
    for (let at = 0; at < target.length;) {
      if (left.length === 0) {
        left = chacha20(seed, new Uint8Array(12), new Uint8Array(BATCH), undefined, block);
        block += BATCH / BLOCK;
      }
      const piece = left.subarray(0, target.length - at);
      target.set(piece, at);
      left = left.subarray(piece.length);
      at += piece.length;
    }
  };
}
