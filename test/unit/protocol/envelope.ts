import { readFileSync } from "node:fs";
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { x25519 } from "@noble/curves/ed25519.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { expect } from "chai";
import { dataLength, getBytes, hexlify, keccak256, toBeHex } from "ethers";
import {
  EnvelopeError,
  keyPair,
  MAX_ENVELOPE_SIZE,
  MAX_LOCATION_SIZE,
  openEnvelope,
  openSealed,
  openShownEnvelope,
  sealEnvelope,
} from "../../../src/protocol/envelope.js";
import { FieldFormatError } from "../../../src/protocol/errors.js";
import { loadFixture } from "../../helpers/network.js";
import { Random, SEED } from "../../helpers/seeded.js";
import { deployMarket, openTask, random32 } from "../../helpers/suite.js";
import { decryptXChaCha, derive, sharedSecret } from "../../helpers/xchacha.js";

interface Vector {
  title: string;
  taskId: string;
  provider: number;
  clientSecretKey: string;
  clientKey: string;
  ephemeralSecretKey: string;
  resultDigest: string;
  salt: string;
  location: string;
  envelope: string;
  envelopeHash: string;
  commitment: string;
  seal: string;
}

const VECTORS = JSON.parse(readFileSync(new URL("../../vectors/envelopes.json", import.meta.url), "utf8")) as Vector[];
const bytes = (text: string) => Buffer.from(text.replace(/^0x/, ""), "hex");
const context = { taskId: `0x${"7a".repeat(32)}`, provider: 7 };

/** The error that a call throws. */
const thrown = (call: () => unknown): unknown => {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
};

describe("protocol envelope", () => {
  describe("rests on primitives that give the published values", () => {
    it("X25519: RFC 7748, section 6.1", () => {
      const alice = bytes("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
      const bob = bytes("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
      expect(keyPair(hexlify(alice)).publicKey).to.equal(
        "0x8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
      );
      expect(hexlify(x25519.getSharedSecret(alice, x25519.getPublicKey(bob)))).to.equal(
        "0x4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742",
      );
    });

    it("HKDF-SHA-256: RFC 5869, test case 1", () => {
      const salt = bytes("000102030405060708090a0b0c");
      expect(hexlify(hkdf(sha256, Buffer.alloc(22, 0x0b), salt, bytes("f0f1f2f3f4f5f6f7f8f9"), 42))).to.equal(
        "0x3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
      );
    });

    it("XChaCha20-Poly1305: draft-irtf-cfrg-xchacha-03, appendix A.3.1", () => {
      const run = (from: number, length: number) => Uint8Array.from({ length }, (_, index) => from + index);
      const text =
        "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.";
      const cipher = xchacha20poly1305(run(0x80, 32), run(0x40, 24), bytes("50515253c0c1c2c3c4c5c6c7"));
      const sealed = hexlify(cipher.encrypt(Buffer.from(text)));
      expect(sealed.startsWith("0xbd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb")).to.equal(true);
      expect(sealed.endsWith("c0875924c1c7987947deafd8780acf49")).to.equal(true);
    });
  });

  for (const vector of VECTORS) {
    describe(`vector “${vector.title}”`, () => {
      it("is made from its parts", () => {
        const { taskId, provider, resultDigest, salt, location } = vector;
        const made = sealEnvelope(
          { taskId, provider },
          vector.clientKey,
          { resultDigest, salt, location },
          vector.ephemeralSecretKey,
        );
        expect(made.envelope).to.equal(vector.envelope);
        expect(made.envelopeHash).to.equal(vector.envelopeHash);
        expect(made.commitment).to.equal(vector.commitment);
        expect(made.seal).to.equal(vector.seal);
      });

      it("opens with the client's key", () => {
        const { taskId, provider, resultDigest, salt, location } = vector;
        const opening = openSealed({ taskId, provider }, vector.seal, vector.envelope, vector.clientSecretKey);
        expect(opening).to.deep.equal({ resultDigest, salt, location });
      });

      it("opens by OpenSSL's primitives", () => {
        const envelope = bytes(vector.envelope);
        const ephemeralKey = envelope.subarray(1, 33);
        const secret = sharedSecret(bytes(vector.clientSecretKey), ephemeralKey);
        const salt = Buffer.concat([ephemeralKey, bytes(vector.clientKey)]);
        const info = Buffer.concat([
          Buffer.from("OpenGPU envelope 1"),
          bytes(vector.taskId),
          bytes(toBeHex(vector.provider, 4)),
        ]);
        const key = derive(secret, salt, info, 56);
        const text = decryptXChaCha(
          key.subarray(0, 32),
          key.subarray(32),
          envelope.subarray(0, 33),
          envelope.subarray(33),
        );
        expect(hexlify(text.subarray(0, 32))).to.equal(vector.resultDigest);
        expect(hexlify(text.subarray(32, 64))).to.equal(vector.salt);
        expect(text.subarray(64).toString("utf8")).to.equal(vector.location);
      });
    });
  }

  const client = keyPair();
  const opening = { resultDigest: random32(), location: "ipfs://bafy" };

  it("draws another salt and key each time", () => {
    const [one, two] = [1, 2].map(() => sealEnvelope(context, client.publicKey, opening));
    for (const field of ["salt", "envelope", "seal", "envelopeSecret"] as const) {
      expect(one?.[field], field).not.to.equal(two?.[field]);
    }
  });

  it("fits the contracts' limit with the longest location, and refuses a longer one", () => {
    const longest = { ...opening, location: "ß".repeat(Math.floor(MAX_LOCATION_SIZE / 2)) + "x" };
    expect(dataLength(sealEnvelope(context, client.publicKey, longest).envelope)).to.equal(MAX_ENVELOPE_SIZE);
    const longer = { ...opening, location: longest.location + "y" };
    expect(() => sealEnvelope(context, client.publicKey, longer)).to.throw(FieldFormatError, "at most 399 bytes");
  });

  it("refuses keys with which everyone can read", () => {
    for (const weak of [`0x${"00".repeat(32)}`, `0x01${"00".repeat(31)}`]) {
      const error = thrown(() => sealEnvelope(context, weak, opening));
      expect(error).to.be.instanceOf(EnvelopeError);
      expect((error as Error).message).to.include(weak);
    }
  });

  it("opens for nobody else, no other task and no other provider", () => {
    const { envelope } = sealEnvelope(context, client.publicKey, opening);
    for (const [other, key] of [
      [context, keyPair().secretKey],
      [{ ...context, provider: 8 }, client.secretKey],
      [{ ...context, taskId: random32() }, client.secretKey],
    ] as const) {
      expect(() => openEnvelope(other, envelope, key)).to.throw(EnvelopeError, "does not decrypt");
    }
  });

  it(`notices every changed bit (SEED=${SEED})`, () => {
    const { envelope } = sealEnvelope(context, client.publicKey, opening);
    const random = new Random(SEED);
    for (let round = 0; round < 64; round++) {
      const changed = getBytes(envelope);
      const at = round < 34 ? round : random.whole(0, changed.length - 1);
      changed[at] = (changed[at] ?? 0) ^ (1 << random.whole(0, 7));
      // X25519 ignores the highest bit of a key, but the header is authenticated.
      expect(() => openEnvelope(context, hexlify(changed), client.secretKey), `byte ${at}`).to.throw(EnvelopeError);
    }
  });

  it("refuses what is no envelope", () => {
    for (const [envelope, problem] of [
      ["junk", "not bytes"],
      ["0x", "has 0 bytes, not 113 to 512"],
      [`0x01${"00".repeat(111)}`, "has 112 bytes"],
      [`0x01${"00".repeat(512)}`, "has 513 bytes"],
      [`0x02${"00".repeat(120)}`, "version is 2, not 1"],
      [`0x01${"00".repeat(120)}`, "no key that keeps a secret"],
    ] as const) {
      expect(() => openEnvelope(context, envelope, client.secretKey), problem).to.throw(EnvelopeError, problem);
    }
  });

  it("keeps secrets out of messages", () => {
    const secret = "5ec2e7".repeat(10);
    const error = thrown(() => openEnvelope(context, `0x01${"11".repeat(120)}`, secret));
    expect(error).to.be.instanceOf(FieldFormatError);
    expect((error as Error).message).not.to.include(secret);
  });

  it("refuses an envelope that is not the sealed one, though it decrypts", () => {
    const sealed = sealEnvelope(context, client.publicKey, opening);
    const other = sealEnvelope(context, client.publicKey, opening);
    const error = thrown(() => openSealed(context, sealed.seal, other.envelope, client.secretKey));
    expect(error).to.be.instanceOf(EnvelopeError);
    expect((error as Error).message)
      .to.include(other.seal)
      .and.to.include(sealed.seal);
  });

  describe("shown with its ephemeral secret", () => {
    const shown = sealEnvelope(context, client.publicKey, opening);
    const { envelope, envelopeSecret, salt } = shown;

    it("opens for whoever knows that and the client's public key", () => {
      expect(openShownEnvelope(context, envelope, client.publicKey, envelopeSecret)).to.deep.equal({
        ...opening,
        salt,
      });
      for (const vector of VECTORS) {
        const { taskId, provider, clientKey, ephemeralSecretKey } = vector;
        const found = openShownEnvelope({ taskId, provider }, vector.envelope, clientKey, ephemeralSecretKey);
        expect(found, vector.title).to.deep.equal(
          openEnvelope({ taskId, provider }, vector.envelope, vector.clientSecretKey),
        );
      }
    });

    it("opens with no other secret: not of another envelope, and not the client's", () => {
      const other = sealEnvelope(context, client.publicKey, opening);
      for (const secret of [other.envelopeSecret, client.secretKey, random32()]) {
        const open = () => openShownEnvelope(context, envelope, client.publicKey, secret);
        expect(open).to.throw(EnvelopeError, "made with another key");
      }
    });

    it("opens for no other client, task or provider", () => {
      for (const [where, key] of [
        [context, keyPair().publicKey],
        [{ ...context, provider: 8 }, client.publicKey],
        [{ ...context, taskId: random32() }, client.publicKey],
      ] as const) {
        const open = () => openShownEnvelope(where, envelope, key, envelopeSecret);
        expect(open).to.throw(EnvelopeError, "does not decrypt");
      }
    });

    it(`notices every changed bit (SEED=${SEED})`, () => {
      const random = new Random(SEED);
      for (let round = 0; round < 64; round++) {
        const changed = getBytes(envelope);
        const at = round < 34 ? round : random.whole(0, changed.length - 1);
        changed[at] = (changed[at] ?? 0) ^ (1 << random.whole(0, 7));
        const open = () => openShownEnvelope(context, hexlify(changed), client.publicKey, envelopeSecret);
        expect(open, `byte ${at}`).to.throw(EnvelopeError);
      }
    });

    it("is refused where it is none, and keeps the secret out of messages", () => {
      for (const [none, problem] of [
        ["junk", "not bytes"],
        ["0x", "has 0 bytes"],
        [`0x02${"00".repeat(120)}`, "version is 2"],
      ] as const) {
        const open = () => openShownEnvelope(context, none, client.publicKey, envelopeSecret);
        expect(open, problem).to.throw(EnvelopeError, problem);
      }
      const secret = "5ec2e7".repeat(10);
      const error = thrown(() => openShownEnvelope(context, envelope, client.publicKey, secret));
      expect(error).to.be.instanceOf(FieldFormatError);
      expect((error as Error).message).not.to.include(secret);
    });
  });

  it("makes what the contracts take: delivered, disclosed and opened from the log", async () => {
    const market = await loadFixture(deployMarket);
    const { packed, taskId } = await openTask(market, { clientKey: client.publicKey });
    const sealed = sealEnvelope({ taskId, provider: market.provider }, client.publicKey, opening);
    const agent = market.taskManager.connect(market.agent);
    await agent.deliver(packed, market.provider, sealed.seal);
    await agent.disclose(packed, sealed.commitment, sealed.envelope);
    const [log] = await market.taskManager.queryFilter(market.taskManager.filters.TaskDisclosed(taskId));
    const { seal, provider } = await market.taskManager.getTask(taskId);
    const opened = openSealed({ taskId, provider }, seal, log?.args.envelope ?? "", client.secretKey);
    expect(opened).to.deep.equal({ ...opening, salt: sealed.salt });
    expect(keccak256(log?.args.envelope ?? "0x")).to.equal(sealed.envelopeHash);
  });
});
