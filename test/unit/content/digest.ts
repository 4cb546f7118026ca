import { createHash } from "node:crypto";
import { expect } from "chai";
import { hexlify, ZeroHash } from "ethers";
import { cidOf, digestOf, digestOfCid } from "../../../src/content/index.js";
import { FieldFormatError } from "../../../src/protocol/errors.js";
import { cidOf as cidByBits } from "../../helpers/cid.js";
import { Random, SEED } from "../../helpers/seeded.js";

const EMPTY = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";

describe("Digests and content identifiers", () => {
  it(`are those of SHA-256, and of the contracts (SEED=${SEED})`, () => {
    expect(cidOf(digestOf(new Uint8Array()))).to.equal(EMPTY);
    const random = new Random(SEED);
    const contents = Array.from({ length: 50 }, () =>
      Buffer.from(random.word().slice(2, 2 + 2 * random.whole(0, 32)), "hex"),
    );
    for (const content of contents) {
      const digest = digestOf(content);
      expect(digest).to.equal(hexlify(createHash("sha256").update(content).digest()));
      // What the contracts' Cid library is compared with, too.
      expect(cidOf(digest)).to.equal(cidByBits(digest));
      expect(digestOfCid(cidOf(digest))).to.equal(digest);
    }
    for (const digest of [ZeroHash, `0x${"ff".repeat(32)}`]) {
      expect(cidOf(digest)).to.equal(cidByBits(digest));
      expect(digestOfCid(`ipfs://${cidOf(digest)}`)).to.equal(digest);
    }
    expect(cidOf(`0x${"AB".repeat(32)}`)).to.equal(cidOf(`0x${"ab".repeat(32)}`));
  });

  it("refuse what is no digest", () => {
    for (const digest of ["", "0x12", "ab".repeat(32), `0x${"0g".repeat(32)}`, EMPTY]) {
      expect(() => cidOf(digest))
        .to.throw(FieldFormatError)
        .with.property("field", "digest");
    }
  });

  it("refuse identifiers of another kind, and other spellings of the same", () => {
    for (const cid of [
      "",
      "ipfs://",
      "../../etc/passwd",
      EMPTY.slice(0, -1),
      `${EMPTY}a`,
      EMPTY.toUpperCase(),
      EMPTY.replace(/.$/, "v"),
      `ipfs://${EMPTY}/index.html`,
      // Version 0; dag-pb; SHA-512; base58; base16.
      "QmbWqxBEKC3P8tqsKc98xmWNzrzDtRLMiMPL8wBuTGsMnR",
      "bafybeihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
      "bafkrgqhhyivzstcz3hhswshfjgy6ertgmnqeleynhwt4dlfsthi4hn7zgh4uvlsb5xncykzapi3ocd4lzogukir6ksdy6wzrnz6ohnv4aglcs",
      "zb2rhmy65F3REf8SZp7De11gxtECBGgUKaLdiDj7MCGCHxbDW",
      `f01551220${"00".repeat(32)}`,
    ]) {
      expect(() => digestOfCid(cid), cid)
        .to.throw(FieldFormatError)
        .with.property("value", cid);
    }
    expect(() => digestOfCid("x".repeat(100_000)))
      .to.throw(FieldFormatError)
      .with.property("message")
      .with.length.below(300);
  });
});
