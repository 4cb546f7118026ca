import {
  concat,
  type ContractTransactionReceipt,
  type ContractTransactionResponse,
  hexlify,
  keccak256,
  parseEther,
  randomBytes,
  sha256,
  type Signer,
  toUtf8Bytes,
} from "ethers";
import { AttestationVerifier__factory } from "../../typechain-types/index.js";
import { signAttestation } from "../protocol/attestation.js";
import { deploySuite, type Suite } from "../protocol/deploy.js";
import { draftOrder, type Order, packOrder, signOrder, taskIdOf, Verification } from "../protocol/order.js";
import { commitmentOf, sealOf } from "../protocol/seal.js";

/** The accounts that play a part, each with coin for its gas, stake or rewards. */
export interface Cast {
  deployer: Signer;
  treasury: Signer;
  publisher: Signer;
  client: Signer;
  attester: Signer;
  stranger: Signer;
  providers: [Signer, Signer];
}

/** How the script reaches the world. */
export interface Stage {
  cast: Cast;
  chainId: bigint;
  /** Unix time of the latest block, seconds. */
  now(): Promise<number>;
  /** Lets at least so many seconds pass on the chain. */
  wait(seconds: number): Promise<void>;
  /** Told once for every transaction. */
  report(step: Step): void;
}

/** One transaction and what it did. */
export interface Step {
  actor: string;
  action: string;
  gas: bigint;
}

/** How a provider came out. Amounts in wei, score × 1e6. */
export interface Standing {
  provider: bigint;
  settled: bigint;
  faults: bigint;
  balance: bigint;
  stake: bigint;
  score: bigint;
}

/** Where all coin is at the end, wei. */
export interface Books {
  client: bigint;
  providers: bigint;
  publisher: bigint;
  treasury: bigint;
  stranger: bigint;
  stakes: bigint;
  /** Coin that Escrow really holds. */
  coin: bigint;
  balanced: boolean;
}

/** What {@link runLifecycle} returns. */
export interface Outcome {
  standings: Standing[];
  books: Books;
}

const CPU = 1;
const KEY = `0x${"4b".repeat(32)}`;
const HOUR = 3600;

/**
 * Plays the life of five tasks on a fresh suite: accepted, paid by silence, failed by one provider and won by another,
 * proven in one transaction, cancelled. The openings that providers disclose are in clear.
 */
export async function runLifecycle(stage: Stage): Promise<Outcome> {
  const { cast, chainId } = stage;
  const address = async (signer: Signer) => signer.getAddress();
  const did = async (actor: string, action: string, sent: Promise<ContractTransactionResponse>) => {
    const receipt: ContractTransactionReceipt | null = await (await sent).wait();
    if (receipt === null) throw new Error(`${action} was not mined`);
    stage.report({ actor, action, gas: receipt.gasUsed });
  };

  const suite = await deploySuite(cast.deployer, {
    owner: await address(cast.deployer),
    treasury: await address(cast.treasury),
  });
  const { escrow, sourceRegistry, providerPool, taskManager } = suite;
  const verifier = await new AttestationVerifier__factory(cast.deployer).deploy([address(cast.attester)], 1);
  await verifier.waitForDeployment();
  const domain = { chainId, taskManager: await taskManager.getAddress() };

  const manifest = { name: "word-count", description: "Counts the words of its input" };
  await did(
    "publisher",
    "publishes a source with a floor of 0.01 and a royalty of 5 %",
    sourceRegistry.connect(cast.publisher).publish(
      { floorPrice: parseEther("0.01"), stakePerSlot: parseEther("0.1"), royaltyBps: 500 },
      {
        manifestDigest: sha256(toUtf8Bytes(JSON.stringify(manifest))),
        environments: CPU,
        minGpuMemory: 0,
        deterministic: true,
      },
      [verifier],
    ),
  );
  for (const [index, signer] of cast.providers.entries()) {
    const name = `provider ${index + 1}`;
    const pool = providerPool.connect(signer);
    await did(name, "registers", pool.register(signer, KEY));
    await did(name, "stakes 1", pool.stake(index + 1, parseEther("1"), { value: parseEther("1") }));
    await did(name, "joins the pool with two slots", pool.joinPool(index + 1, 1, 1, 2, CPU, 0));
  }
  await did("client", "deposits 1", escrow.connect(cast.client).deposit({ value: parseEther("1") }));

  const client = taskManager.connect(cast.client);
  const stranger = taskManager.connect(cast.stranger);
  const asProvider = (id: 1 | 2) => taskManager.connect(id === 1 ? cast.providers[0] : cast.providers[1]);
  let nonce = 0n;
  const draft = async (text: string, changes: Partial<Order> = {}) => {
    const order = draftOrder({
      client: await address(cast.client),
      source: 1,
      maxReward: parseEther("0.02"),
      rampDuration: 600,
      deadline: (await stage.now()) + 2 * HOUR,
      inputDigest: sha256(toUtf8Bytes(text)),
      clientKey: KEY,
      nonce: nonce++,
      ...changes,
    });
    return { text, order, packed: packOrder(order), taskId: taskIdOf(order, domain) };
  };
  const post = async (text: string) => {
    const task = await draft(text);
    await did("client", `submits “${text}” for 0.01, at most 0.02`, client.submit(task.packed));
    return task;
  };

  const accepted = await post("the first valid output is paid");
  const first = sealed(accepted, 1);
  await stage.wait(300);
  await did(
    "provider 1",
    "delivers a seal half-way up the ramp",
    asProvider(1).deliver(accepted.packed, 1, first.seal),
  );
  await did("client", "accepts", client.accept(accepted.packed));

  const unanswered = await post("silence pays");
  const second = sealed(unanswered, 2);
  await did("provider 2", "delivers a seal at once", asProvider(2).deliver(unanswered.packed, 2, second.seal));
  await did(
    "provider 2",
    "discloses the envelope",
    asProvider(2).disclose(unanswered.packed, second.commitment, second.envelope),
  );
  await stage.wait(HOUR + 1);
  await did("stranger", "settles after the review period", stranger.settle(unanswered.packed));

  const failed = await post("a junk seal costs its provider");
  await did("provider 1", "delivers junk", asProvider(1).deliver(failed.packed, 1, hexlify(randomBytes(32))));
  await stage.wait(HOUR + 1);
  await did("stranger", "reopens: nothing was disclosed", stranger.reopen(failed.packed));
  const third = sealed(failed, 2);
  await did("provider 2", "delivers a seal", asProvider(2).deliver(failed.packed, 2, third.seal));
  await did("client", "accepts", client.accept(failed.packed));

  const proof = {
    verification: Verification.Proof,
    verifier: await verifier.getAddress(),
    reviewPeriod: 0,
    bond: 0n,
  };
  const proven = await draft("posted and proven in one transaction", proof);
  const fourth = sealed(proven, 1);
  const attestation = {
    taskId: proven.taskId,
    providerId: 1,
    inputDigest: proven.order.inputDigest,
    resultDigest: fourth.resultDigest,
    envelopeHash: keccak256(fourth.envelope),
  };
  await did(
    "provider 1",
    `posts and proves “${proven.text}”`,
    asProvider(1).proveSigned(1, {
      order: proven.packed,
      signature: await signOrder(cast.client, proven.order, domain),
      resultDigest: attestation.resultDigest,
      envelopeHash: attestation.envelopeHash,
      proof: await signAttestation(cast.attester, attestation, { chainId, verifier: proof.verifier }),
    }),
  );

  const cancelled = await post("nobody wants this one");
  await did("client", "cancels with notice", client.cancel(cancelled.packed));
  await stage.wait(HOUR);
  await did("stranger", "refunds it for a tip", stranger.refund(cancelled.packed));
  await did("stranger", "collects the fees", stranger.collectFees([address(cast.client)]));

  return { standings: await standingsOf(suite, cast), books: await booksOf(suite, cast) };
}

/** The result of a task, its salt and envelope, and the seal over them. */
function sealed(task: { text: string; taskId: string }, provider: number) {
  const resultDigest = sha256(toUtf8Bytes(String(task.text.split(" ").length)));
  const salt = hexlify(randomBytes(32));
  const envelope = concat([resultDigest, salt]);
  const commitment = commitmentOf(resultDigest, salt);
  const seal = sealOf({ taskId: task.taskId, provider, commitment, envelopeHash: keccak256(envelope) });
  return { resultDigest, envelope, commitment, seal };
}

async function standingsOf({ escrow, providerPool, reputation }: Suite, cast: Cast): Promise<Standing[]> {
  return Promise.all(
    cast.providers.map(async (signer, index) => {
      const provider = BigInt(index + 1);
      const [record, { stake }, account] = await Promise.all([
        reputation.getRecord(provider),
        providerPool.getProvider(provider),
        escrow.accountOf(signer),
      ]);
      const { settled, faults, score } = record;
      return { provider, settled, faults, balance: account.free, stake, score };
    }),
  );
}

async function booksOf({ escrow, providerPool, taskManager }: Suite, cast: Cast): Promise<Books> {
  const all = async (account: Signer | typeof providerPool | typeof taskManager) => {
    const { free, held, fees } = await escrow.accountOf(account);
    return free + held + fees;
  };
  const [one, two] = await Promise.all(cast.providers.map(all));
  const books = {
    client: await all(cast.client),
    providers: (one ?? 0n) + (two ?? 0n),
    publisher: await all(cast.publisher),
    treasury: await all(cast.treasury),
    stranger: await all(cast.stranger),
    stakes: await all(providerPool),
  };
  const coin = (await cast.client.provider?.getBalance(escrow)) ?? 0n;
  const sum = Object.values(books).reduce((total, value) => total + value, await all(taskManager));
  return { ...books, coin, balanced: sum === coin };
}
