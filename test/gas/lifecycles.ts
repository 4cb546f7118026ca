import { type ContractTransactionResponse, parseEther, type Signer } from "ethers";
import { packOrder, taskIdOf } from "../../src/protocol/order.js";
import { ethers, time } from "../helpers/network.js";
import {
  attest,
  deployMarket,
  type Market,
  proofOrder,
  random32,
  resultFor,
  reviewOrder,
  signedProof,
} from "../helpers/suite.js";

const gasOf = async (pending: Promise<ContractTransactionResponse>): Promise<number> => {
  const receipt = await (await pending).wait();
  if (receipt === null) throw new Error("transaction without receipt");
  return Number(receipt.gasUsed);
};

async function review(market: Market, value = 0n, minScore = 0) {
  const order = await reviewOrder(market, { minScore });
  const packed = packOrder(order);
  const taskId = taskIdOf(order, market.domain);
  const manager = market.taskManager;
  const submit = await gasOf(manager.connect(market.client).submit(packed, { value }));
  const { seal } = resultFor(taskId, market.provider);
  const deliver = await gasOf(manager.connect(market.agent).deliver(packed, market.provider, seal));
  const accept = await gasOf(manager.connect(market.client).accept(packed));
  return { submit, deliver, accept, total: submit + deliver + accept };
}

async function silent(market: Market) {
  const order = await reviewOrder(market);
  const packed = packOrder(order);
  const result = resultFor(taskIdOf(order, market.domain), market.provider);
  const manager = market.taskManager;
  const submit = await gasOf(manager.connect(market.client).submit(packed));
  const deliver = await gasOf(manager.connect(market.agent).deliver(packed, market.provider, result.seal));
  const disclose = await gasOf(manager.connect(market.agent).disclose(packed, result.commitment, result.envelope));
  await time.increase(order.reviewPeriod + 1);
  const settle = await gasOf(manager.connect(market.agent).settle(packed));
  return { disclose, settle, total: submit + deliver + disclose + settle };
}

async function proven(market: Market) {
  const order = await proofOrder(market);
  const packed = packOrder(order);
  const taskId = taskIdOf(order, market.domain);
  const result = resultFor(taskId, market.provider);
  const manager = market.taskManager;
  const submit = await gasOf(manager.connect(market.client).submit(packed));
  const proof = await attest(market, taskId, market.provider, order.inputDigest, result);
  const prove = await gasOf(
    manager.connect(market.agent).prove(packed, market.provider, result.resultDigest, result.envelopeHash, proof),
  );
  return { submit, prove, total: submit + prove };
}

async function provenSigned(market: Market) {
  const { packed } = await signedProof(market);
  return gasOf(market.taskManager.connect(market.agent).proveSigned(market.provider, packed));
}

async function provenBatch(market: Market, clients: Signer[]) {
  const batch = await Promise.all(clients.map((client) => signedProof(market, {}, client)));
  const packed = batch.map((entry) => entry.packed);
  const total = await gasOf(market.taskManager.connect(market.agent).proveBatch(market.provider, packed));
  return Math.round(total / clients.length);
}

/**
 * Gas of every operation and of whole lifecycles. The plain figures are of the third task of a client and a provider
 * that know each other, paid from balance, all slots they share non-zero.
 */
export async function measure(): Promise<Record<string, number>> {
  const market = await deployMarket();
  const { escrow, sourceRegistry, client, publisher, stranger } = market;
  const figures: Record<string, number> = {};
  const note = (prefix: string, values: Record<string, number>) => {
    for (const [key, value] of Object.entries(values)) figures[`${prefix}.${key}`] = value;
  };

  note("review.first", await review(market));
  await review(market);
  note("review", await review(market));
  note("review.value", await review(market, parseEther("0.02")));
  note("review.minScore", await review(market, 0n, 1));
  note("review.silent", await silent(market));
  note("proof", await proven(market));
  figures["proof.signed.total"] = await provenSigned(market);
  const same: Signer[] = Array.from({ length: 32 }, () => client);
  await provenBatch(market, same);
  figures["proof.signed.batch32.perTask"] = await provenBatch(market, same);

  const clients: Signer[] = [];
  for (let i = 0; i < 32; i++) {
    const wallet = ethers.Wallet.createRandom(ethers.provider);
    await escrow.connect(stranger).depositFor(wallet, { value: parseEther("1") });
    clients.push(wallet);
  }
  await provenBatch(market, clients);
  figures["proof.signed.batch32clients.perTask"] = await provenBatch(market, clients);

  figures["registry.publish"] = await gasOf(
    sourceRegistry
      .connect(publisher)
      .publish(
        { floorPrice: 1n, stakePerSlot: parseEther("0.1"), royaltyBps: 100 },
        { manifestDigest: random32(), environments: 1, minGpuMemory: 0, deterministic: true },
        [],
      ),
  );
  return figures;
}
