import { expect } from "chai";
import { id, toBeHex, TypedDataEncoder } from "ethers";
import {
  type Order,
  ORDER_TYPES,
  orderDomain,
  type PackedOrder,
  packOrder,
  taskIdOf,
  unpackOrder,
} from "../../../src/protocol/order.js";
import { type OrderLibHarness, OrderLibHarness__factory } from "../../../typechain-types/index.js";
import { anAccount } from "../../helpers/accounts.js";
import { loadFixture } from "../../helpers/network.js";
import { FIELD_BITS, randomOrder } from "../../helpers/orders.js";
import { Random, SEED } from "../../helpers/seeded.js";

async function deploy() {
  const deployer = await anAccount();
  return new OrderLibHarness__factory(deployer).deploy();
}

/** All fields of an order as the harness reads them, in the types of the library. */
async function read(harness: OrderLibHarness, packed: PackedOrder): Promise<Order> {
  const order = await harness.unpack(packed);
  return {
    client: order.client,
    source: Number(order.source),
    version: Number(order.version),
    maxReward: order.maxReward,
    rampDuration: Number(order.rampDuration),
    deadline: Number(order.deadline),
    verification: Number(order.verification) as Order["verification"],
    trust: Number(order.trust),
    reviewPeriod: Number(order.reviewPeriod),
    bond: order.bond,
    minScore: Number(order.minScore),
    environments: Number(order.environments),
    minGpuMemory: Number(order.minGpuMemory),
    reservation: Number(order.reservation),
    verifier: order.verifier,
    maxRoyaltyBps: Number(order.maxRoyaltyBps),
    maxFeeBps: Number(order.maxFeeBps),
    inputDigest: order.inputDigest,
    clientKey: order.clientKey,
    nonce: order.nonce,
  };
}

/** `packed` with one bit, counted from the lowest, turned over. */
function flipped(packed: PackedOrder, word: keyof PackedOrder, bit: number): PackedOrder {
  return { ...packed, [word]: toBeHex(BigInt(packed[word]) ^ (1n << BigInt(bit)), 32) };
}

/** Bits that belong to no field. */
const UNUSED: [keyof PackedOrder, number][] = [
  ["terms", 224],
  ["terms", 225],
  ["terms", 255],
  ["clocks", 112],
  ["clocks", 113],
  ["clocks", 255],
];

const SERVICE: (keyof Order)[] = ["source", "version", "environments", "minGpuMemory", "verifier", "bond"];

describe("OrderLib", () => {
  it("hashes the type that a wallet shows", async () => {
    const harness = await loadFixture(deploy);
    expect(await harness.ORDER_TYPEHASH()).to.equal(id(TypedDataEncoder.from(ORDER_TYPES).encodeType("Order")));
  });

  it(`packs, reads and hashes random orders as the library does (SEED=${SEED})`, async () => {
    const harness = await loadFixture(deploy);
    const random = new Random(SEED);
    for (let round = 0; round < 40; round++) {
      const order = randomOrder(random);
      const packed = packOrder(order);
      const { reward, assurance, terms, clocks, inputDigest, clientKey } = await harness.pack(order);
      expect({ reward, assurance, terms, clocks, inputDigest, clientKey }).to.deep.equal(packed);
      expect(await read(harness, packed)).to.deep.equal(order);
      expect(unpackOrder(packed)).to.deep.equal(order);
      expect(await harness.structHash(packed)).to.equal(TypedDataEncoder.hashStruct("Order", ORDER_TYPES, order));
      expect(await harness.isCanonical(packed)).to.equal(true);
    }
  });

  it(`knows the task that an order makes in a domain (SEED=${SEED})`, async () => {
    const harness = await loadFixture(deploy);
    const random = new Random(SEED);
    const domain = { chainId: random.bits(40), taskManager: random.address() };
    const separator = TypedDataEncoder.hashDomain(orderDomain(domain));
    for (let round = 0; round < 5; round++) {
      const order = randomOrder(random);
      expect(await harness.taskIdOf(separator, packOrder(order))).to.equal(taskIdOf(order, domain));
    }
  });

  for (const { field, word, low, bits } of FIELD_BITS) {
    it(`reads ${field} from bit ${low} to bit ${low + bits - 1} of ${word}, and nothing else`, async () => {
      const harness = await loadFixture(deploy);
      const base = packOrder({ ...randomOrder(new Random(field)), verification: 0 });
      const before = await read(harness, base);
      const hash = await harness.structHash(base);
      // The upper bits of a verification name none that is known.
      for (const bit of field === "verification" ? [low, low + 1] : [low, low + bits - 1]) {
        const packed = flipped(base, word, bit);
        const after = await read(harness, packed);
        const changed = (Object.keys(before) as (keyof Order)[]).filter((name) => before[name] !== after[name]);
        expect(changed).to.deep.equal([field]);
        expect(BigInt(after[field]) ^ BigInt(before[field])).to.equal(1n << BigInt(bit - low));
        expect(await harness.structHash(packed)).not.to.equal(hash);
        expect(await harness.isCanonical(packed)).to.equal(true);
        expect(await harness.sameService(base, packed)).to.equal(!SERVICE.includes(field));
        expect(await harness.sameService(packed, base)).to.equal(!SERVICE.includes(field));
      }
    });
  }

  describe("isCanonical", () => {
    for (const [word, bit] of UNUSED) {
      it(`refuses bit ${bit} of ${word}, which no field has and no hash covers`, async () => {
        const harness = await loadFixture(deploy);
        const base = packOrder(randomOrder(new Random("unused")));
        const packed = flipped(base, word, bit);
        expect(await harness.isCanonical(packed)).to.equal(false);
        expect(await harness.structHash(packed)).to.equal(await harness.structHash(base));
        expect(await read(harness, packed)).to.deep.equal(await read(harness, base));
      });
    }

    for (const [verification, known] of [
      [0, true],
      [1, true],
      [2, true],
      [3, false],
      [4, false],
      [255, false],
    ] as const) {
      it(`${known ? "takes" : "refuses"} verification ${verification}`, async () => {
        const harness = await loadFixture(deploy);
        const order = { ...randomOrder(new Random("verification")), verification } as Order;
        const packed = packOrder(order);
        expect(await harness.isCanonical(packed)).to.equal(known);
        expect(await harness.rawVerification(packed)).to.equal(BigInt(verification));
        expect(await harness.structHash(packed)).to.equal(TypedDataEncoder.hashStruct("Order", ORDER_TYPES, order));
        if (!known) await expect(harness.unpack(packed)).to.be.revertedWithPanic(0x21);
      });
    }
  });

  describe("sameService", () => {
    it("finds an order the same as itself and as one that differs in everything else", async () => {
      const harness = await loadFixture(deploy);
      const [one, two] = [randomOrder(new Random("one")), randomOrder(new Random("two"))];
      const { source, version, environments, minGpuMemory, verifier, bond } = one;
      const alike = { ...two, source, version, environments, minGpuMemory, verifier, bond };
      expect(await harness.sameService(packOrder(one), packOrder(one))).to.equal(true);
      expect(await harness.sameService(packOrder(one), packOrder(alike))).to.equal(true);
      expect(await harness.sameService(packOrder(one), packOrder(two))).to.equal(false);
    });
  });
});
