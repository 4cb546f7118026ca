import { expect } from "chai";
import { toBeHex, TypedDataEncoder, verifyTypedData, Wallet, ZeroAddress, ZeroHash } from "ethers";
import { FieldFormatError, FieldRangeError } from "../../../src/protocol/errors.js";
import {
  draftOrder,
  type Order,
  ORDER_TYPES,
  orderDomain,
  packOrder,
  signOrder,
  taskIdOf,
  unpackOrder,
} from "../../../src/protocol/order.js";
import { FIELD_BITS, randomOrder } from "../../helpers/orders.js";
import { Random, SEED } from "../../helpers/seeded.js";

const numbers = FIELD_BITS.filter(({ bits }) => bits < 160);
const domain = { chainId: 31337n, taskManager: `0x${"12".repeat(20)}` };

/** What packing an order with this value in this field throws. */
function refusal(field: keyof Order, value: number | bigint): unknown {
  const order = { ...randomOrder(new Random(field)), [field]: value };
  try {
    packOrder(order);
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("packOrder", () => {
  it(`is undone by unpackOrder (SEED=${SEED})`, () => {
    const random = new Random(SEED);
    for (let round = 0; round < 200; round++) {
      const order = randomOrder(random);
      expect(unpackOrder(packOrder(order))).to.deep.equal(order);
    }
  });

  for (const { field, word, low, bits } of numbers) {
    const maximum = (1n << BigInt(bits)) - 1n;
    const sample = randomOrder(new Random("types"))[field];
    const wide = typeof sample === "bigint";
    const of = (value: bigint) => (wide ? value : Number(value));

    it(`puts ${field} into ${bits} bits of ${word} from bit ${low}`, () => {
      const zero = unpackOrder({
        ...{ reward: ZeroHash, assurance: ZeroHash, terms: ZeroHash, clocks: ZeroHash },
        ...{ inputDigest: ZeroHash, clientKey: ZeroHash },
      });
      const packed = packOrder({ ...zero, [field]: of(maximum) });
      expect(packed).to.deep.equal({ ...packOrder(zero), [word]: toBeHex(maximum << BigInt(low), 32) });
    });

    it(`refuses ${field} one above its maximum and one below zero`, () => {
      for (const value of [of(maximum + 1n), of(-1n)]) {
        const error = refusal(field, value);
        expect(error).to.be.instanceOf(FieldRangeError);
        expect(error).to.include({ name: "FieldRangeError", field, value, maximum });
        expect((error as Error).message).to.equal(`${field} is ${value}; it must be an integer from 0 to ${maximum}.`);
      }
    });

    if (!wide) {
      it(`refuses ${field} that is no integer`, () => {
        for (const value of [0.5, NaN, Infinity, -Infinity]) {
          expect(refusal(field, value)).to.be.instanceOf(FieldRangeError).and.include({ field });
        }
      });
    }
  }

  it("refuses what is no address", () => {
    for (const field of ["client", "verifier"] as const) {
      const order = { ...randomOrder(new Random(field)), [field]: "0x1234" };
      expect(() => packOrder(order)).to.throw(FieldFormatError, `${field} is 0x1234; it must be an address`);
    }
  });

  it("keeps digest and key as they are", () => {
    const order = randomOrder(new Random("words"));
    expect(packOrder(order)).to.include({ inputDigest: order.inputDigest, clientKey: order.clientKey });
  });
});

describe("taskIdOf and signOrder", () => {
  const order = randomOrder(new Random("signed"));

  it("take the order, the chain and the suite into the id", () => {
    const taskId = taskIdOf(order, domain);
    const full = { name: "OpenGPU", version: "1", chainId: 31337n, verifyingContract: domain.taskManager };
    expect(orderDomain(domain)).to.deep.equal(full);
    expect(taskId).to.equal(TypedDataEncoder.hash(full, ORDER_TYPES, order));
    const others = [
      taskIdOf({ ...order, nonce: order.nonce ^ 1n }, domain),
      taskIdOf(order, { ...domain, chainId: 1n }),
      taskIdOf(order, { ...domain, taskManager: `0x${"13".repeat(20)}` }),
    ];
    expect(new Set([taskId, ...others]).size).to.equal(4);
  });

  it("sign so that the signer can be told", async () => {
    const wallet = Wallet.createRandom();
    const signature = await signOrder(wallet, order, domain);
    expect(verifyTypedData(orderDomain(domain), ORDER_TYPES, order, signature)).to.equal(wallet.address);
  });
});

describe("draftOrder", () => {
  const least = {
    client: `0x${"34".repeat(20)}`,
    source: 9,
    maxReward: 77n,
    deadline: 1234,
    inputDigest: `0x${"56".repeat(32)}`,
  };

  it("fills in what most orders leave alone", () => {
    expect(draftOrder(least)).to.deep.equal({
      ...least,
      version: 1,
      rampDuration: 0,
      verification: 0,
      trust: 0,
      reviewPeriod: 3600,
      bond: 77n,
      minScore: 0,
      environments: 1,
      minGpuMemory: 0,
      reservation: 0,
      verifier: ZeroAddress,
      maxRoyaltyBps: 2000,
      maxFeeBps: 1000,
      clientKey: ZeroHash,
      nonce: 0n,
    });
  });

  it("keeps every field that is given", () => {
    const order = randomOrder(new Random("draft"));
    expect(draftOrder(order)).to.deep.equal(order);
  });
});
