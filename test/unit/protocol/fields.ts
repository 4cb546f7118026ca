import { expect } from "chai";
import { getAddress, getBytes } from "ethers";
import { FieldFormatError, FieldRangeError } from "../../../src/protocol/errors.js";
import { address, bytes, bytes32, uint } from "../../../src/protocol/fields.js";

describe("fields", () => {
  it("takes whole numbers that fit, of either kind", () => {
    expect(uint("slots", 0, 8)).to.equal(0n);
    expect(uint("slots", 255n, 8)).to.equal(255n);
    expect(uint("amount", 2n ** 96n - 1n, 96)).to.equal(2n ** 96n - 1n);
  });

  for (const value of [-1, -1n, 256, 256n, 0.5, Infinity, 2 ** 53, "7" as unknown as number]) {
    it(`refuses ${typeof value} ${value} where 8 bits are`, () => {
      expect(() => uint("slots", value, 8))
        .to.throw(FieldRangeError, `slots is ${value}; it must be an integer from 0 to 255.`)
        .that.includes({ field: "slots", value, maximum: 255n });
    });
  }

  it("takes 32 bytes as they are, and nothing shorter, longer or else", () => {
    const key = `0x${"Ab".repeat(32)}`;
    expect(bytes32("key", key)).to.equal(key);
    for (const value of [key.slice(0, -2), `${key}00`, key.slice(2), "", "0xzz"]) {
      expect(() => bytes32("key", value))
        .to.throw(FieldFormatError, `key is ${value}; it must be 32 bytes in hexadecimal.`)
        .that.includes({ field: "key", value });
    }
  });

  it("takes addresses in any case, unless their checksum is wrong", () => {
    const lower = `0x${"ab".repeat(20)}`;
    const proper = getAddress(lower);
    expect(address("to", lower)).to.equal(proper);
    expect(address("to", proper)).to.equal(proper);
    const wrong = proper.replace("a", "A").replace("B", "b");
    for (const value of [wrong, "0x1234", "somebody", ""]) {
      expect(() => address("to", value))
        .to.throw(FieldFormatError, `to is ${value}; it must be an address, 20 bytes in hexadecimal.`)
        .that.includes({ field: "to", value });
    }
  });

  it("takes bytes in either form", () => {
    expect(bytes("proof", "0x")).to.equal("0x");
    expect(bytes("proof", "0xAB01")).to.equal("0xab01");
    expect(bytes("proof", getBytes("0xab01"))).to.equal("0xab01");
    for (const value of ["0x1", "ab01", "text"]) {
      expect(() => bytes("proof", value)).to.throw(FieldFormatError, `proof is ${value}; it must be bytes`);
    }
  });
});
