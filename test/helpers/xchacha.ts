import { createDecipheriv, createPrivateKey, createPublicKey, diffieHellman, hkdfSync } from "node:crypto";

/** X25519 by OpenSSL. */
export function sharedSecret(secretKey: Buffer, publicKey: Buffer): Buffer {
  const privateDer = Buffer.concat([Buffer.from("302e020100300506032b656e04220420", "hex"), secretKey]);
  const publicDer = Buffer.concat([Buffer.from("302a300506032b656e032100", "hex"), publicKey]);
  return diffieHellman({
    privateKey: createPrivateKey({ key: privateDer, format: "der", type: "pkcs8" }),
    publicKey: createPublicKey({ key: publicDer, format: "der", type: "spki" }),
  });
}

/** HKDF-SHA-256 by OpenSSL. */
export function derive(secret: Buffer, salt: Buffer, info: Buffer, length: number): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, salt, info, length));
}

const rotate = (value: number, bits: number) => (value << bits) | (value >>> (32 - bits));

/** HChaCha20 of draft-irtf-cfrg-xchacha: a subkey from a key and the first 16 bytes of a nonce. */
export function hchacha20(key: Buffer, nonce: Buffer): Buffer {
  const state = new Int32Array(16);
  const words = [Buffer.from("expand 32-byte k"), key, nonce];
  words.reduce((at, bytes) => {
    for (let i = 0; i < bytes.length; i += 4) state[at + i / 4] = bytes.readInt32LE(i);
    return at + bytes.length / 4;
  }, 0);
  const at = (index: number) => state[index] ?? 0;
  const quarter = (a: number, b: number, c: number, d: number) => {
    for (const [x, y, z, bits] of [
      [a, b, d, 16],
      [c, d, b, 12],
      [a, b, d, 8],
      [c, d, b, 7],
    ] as const) {
      state[x] = at(x) + at(y);
      state[z] = rotate(at(z) ^ at(x), bits);
    }
  };
  for (let round = 0; round < 10; round++) {
    for (let i = 0; i < 4; i++) quarter(i, 4 + i, 8 + i, 12 + i);
    for (let i = 0; i < 4; i++) quarter(i, 4 + ((i + 1) % 4), 8 + ((i + 2) % 4), 12 + ((i + 3) % 4));
  }
  const subkey = Buffer.alloc(32);
  for (let i = 0; i < 4; i++) {
    subkey.writeInt32LE(at(i), 4 * i);
    subkey.writeInt32LE(at(12 + i), 16 + 4 * i);
  }
  return subkey;
}

/** Decrypts XChaCha20-Poly1305 with OpenSSL's ChaCha20-Poly1305 under the subkey. Throws if the tag is wrong. */
export function decryptXChaCha(key: Buffer, nonce: Buffer, header: Buffer, ciphertext: Buffer): Buffer {
  const subkey = hchacha20(key, nonce.subarray(0, 16));
  const short = Buffer.concat([Buffer.alloc(4), nonce.subarray(16)]);
  const decipher = createDecipheriv("chacha20-poly1305", subkey, short, { authTagLength: 16 });
  decipher.setAAD(header, { plaintextLength: ciphertext.length - 16 });
  decipher.setAuthTag(ciphertext.subarray(-16));
  return Buffer.concat([decipher.update(ciphertext.subarray(0, -16)), decipher.final()]);
}
