import { parseEther, type Signer } from "ethers";
import { ethers } from "../helpers/network.js";
import { CONTRACT_NAMES } from "../../src/protocol/deployment.js";
import { fillPool } from "../helpers/rounds.js";
import { CAP, deployMarket, random32 } from "../helpers/suite.js";
import {
  clientOperations,
  disputed,
  failures,
  type Figures,
  gasOf,
  nextDay,
  proven,
  provenBatch,
  provenSigned,
  providerOperations,
  quorum,
  reserved,
  review,
  silent,
} from "./lifecycles.js";

const prefixed = (prefix: string, figures: Figures): Figures =>
  Object.fromEntries(Object.entries(figures).map(([key, value]) => [`${prefix}.${key}`, value]));

/**
 * Gas of every operation and of whole lifecycles. Plain figures are of the third task of a client and a provider
 * that know each other, paid from balance, every slot that they share non-zero; `first` and `value` stand beside.
 */
export async function measure(): Promise<Figures> {
  await nextDay();
  const before = await ethers.provider.getBlockNumber();
  const market = await deployMarket();
  const deployment = await gasOfBlocks(before + 1, before + CONTRACT_NAMES.length);
  const { escrow, sourceRegistry, publisher, client, stranger, others } = market;

  const figures: Figures = { "deploy.total": deployment };
  const add = (more: Figures) => Object.assign(figures, more);
  add(prefixed("review.first", await review(market)));
  await review(market);
  add(prefixed("review", await review(market)));
  add(prefixed("review.value", await review(market, { value: CAP })));
  add(prefixed("review.minScore", await review(market, { minScore: 1 })));
  add(prefixed("review.silent", await silent(market)));
  add(prefixed("review", await failures(market)));
  await reserved(market);
  add(prefixed("reserved", await reserved(market)));
  add(prefixed("reserved.disclosed", await reserved(market, true)));
  add(prefixed("proof", await proven(market)));
  figures["proof.signed.total"] = await provenSigned(market);

  const same: Signer[] = Array.from({ length: 32 }, () => client);
  await provenBatch(market, same);
  figures["proof.signed.batch32.perTask"] = await provenBatch(market, same);
  const clients = Array.from({ length: 32 }, () => ethers.Wallet.createRandom(ethers.provider));
  for (const wallet of clients) await escrow.connect(stranger).depositFor(wallet, { value: parseEther("1") });
  await provenBatch(market, clients);
  figures["proof.signed.batch32clients.perTask"] = await provenBatch(market, clients);

  const panel = await fillPool(market, 10);
  for (const [trust, key] of [
    [2, "quorum3"],
    [8, "quorum5"],
  ] as const) {
    // Each member has been paid before, and its client bucket counted.
    await quorum(panel, trust);
    add(prefixed(key, await quorum(panel, trust)));
  }
  add(prefixed("quorum3.claims", await quorum(panel, 2, true)));

  for (const fate of ["upheld", "overturned", "silent"] as const) {
    add(prefixed(`dispute.${fate}`, await disputed(panel, fate)));
  }

  const terms = { manifestDigest: random32(), environments: 1, minGpuMemory: 0, deterministic: true };
  const registry = sourceRegistry.connect(publisher);
  const sourceTerms = { floorPrice: 1n, stakePerSlot: parseEther("0.1"), royaltyBps: 100 };
  figures["registry.publish"] = await gasOf(registry.publish(sourceTerms, terms, []));
  figures["registry.publishVersion"] = await gasOf(registry.publishVersion(1, terms, []));
  figures["registry.setFloorPrice"] = await gasOf(registry.setFloorPrice(2, 2n));
  figures["registry.setActive"] = await gasOf(registry.setActive(2, false));
  add(await clientOperations(market));
  const owner = others.at(-1);
  if (owner === undefined) throw new Error("no account left");
  return add(await providerOperations(market, owner));
}

/** Gas of all transactions in a range of blocks, both ends included. */
async function gasOfBlocks(from: number, to: number): Promise<number> {
  let sum = 0n;
  for (let number = from; number <= to; number++) sum += (await ethers.provider.getBlock(number))?.gasUsed ?? 0n;
  return Number(sum);
}
