import { expect } from "chai";
import { Wallet } from "ethers";
import type * as WalletSignature from "../../helpers/walletSignature.js";
import { randomOrder } from "../../helpers/orders.js";
import { type Order, type OrderDomain, signOrder, taskIdOf } from "../../../src/protocol/order.js";
import { Random, SEED } from "../../helpers/seeded.js";

/** The wallets' library needs it. */
const NODE = 22;
const major = Number(process.versions.node.split(".")[0]);

describe("orders in a browser wallet", () => {
  if (major < NODE) {
    it.skip(`needs Node ${NODE} or newer`);
    return;
  }
  let wallets: typeof WalletSignature;
  before(async () => {
    wallets = await import("../../helpers/walletSignature.js");
  });

  const random = new Random(SEED);
  const cases = (): { order: Order; domain: OrderDomain; signer: Wallet }[] =>
    Array.from({ length: 100 }, () => ({
      order: randomOrder(random),
      domain: { chainId: random.between(1n, 2n ** 53n - 1n), taskManager: random.address() },
      signer: new Wallet(random.word()),
    }));

  it(`have the digest that is their task's id (SEED=${SEED})`, () => {
    for (const { order, domain } of cases()) {
      expect(wallets.walletDigest(order, domain)).to.equal(taskIdOf(order, domain));
    }
  });

  it(`get the signature that signOrder gives (SEED=${SEED})`, async () => {
    for (const { order, domain, signer } of cases()) {
      expect(wallets.walletSignature(signer.privateKey, order, domain)).to.equal(
        await signOrder(signer, order, domain),
      );
    }
  });

  it("get another digest for every field that is changed", () => {
    const order = randomOrder(new Random("fields"));
    const domain = { chainId: 1071n, taskManager: new Random("suite").address() };
    const digests = (Object.keys(order) as (keyof Order)[]).map((field) => {
      const other = randomOrder(new Random(`other ${field}`))[field];
      expect(other, field).to.not.equal(order[field]);
      return wallets.walletDigest({ ...order, [field]: other }, domain);
    });
    expect(new Set([...digests, wallets.walletDigest(order, domain)]).size).to.equal(digests.length + 1);
  });
});
