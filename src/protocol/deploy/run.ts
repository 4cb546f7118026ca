import { getCreateAddress, type Signer, type TransactionReceipt } from "ethers";
import type { ContractName, Deployment } from "../deployment.js";
import {
  InsufficientFundsError,
  NonceTakenError,
  PredictionLostError,
  ReadOnlyError,
  WrongChainError,
} from "../errors.js";
import { type FeeMarket, feesOf } from "../fees.js";
import { DEFAULT_PARAMETERS, type SuiteParameters } from "../parameters.js";
import { connect } from "../protocol.js";
import { DEFAULT_PATIENCE, type Patience, pause, persist } from "../retry.js";
import { isRevert } from "../reverts.js";
import { createSender, type Sender } from "../sender.js";
import { checkedGovernance, checkParameters } from "./checks.js";
import { checkCode } from "./code.js";
import { BlockTooSmallError, LiveDeploymentError } from "./errors.js";
import { type Estimate, estimateOf } from "./estimate.js";
import { type Governance, type Place, placesOf } from "./places.js";
import { blueprintOf, checkPlan, type DeploymentStore, planOf } from "./plan.js";
import { type ChainRules, probeChain } from "./probe.js";
import {
  type Context,
  countOf,
  created,
  landed,
  LOOKS,
  type Progress,
  type ProgressEvent,
  progressOf,
} from "./progress.js";
import { checkSettings } from "./settings.js";

/** What {@link deploy} tells while it works. */
export type DeployEvent =
  /** The chain knows all operations that the contracts need. */
  | { kind: "chain"; chainId: bigint; rules: ChainRules }
  /** The record names a suite that is not on this chain, such as one of a local chain that was restarted. */
  | { kind: "stale"; taskManager: string }
  | ProgressEvent
  /** What will be sent, and from where. */
  | ({ kind: "planned"; places: readonly Place[]; deployer: string; balance: bigint; type: 0 | 2 } & Estimate)
  | { kind: "sent"; contract: ContractName; transaction: string }
  | { kind: "deployed"; contract: ContractName; address: string; gasUsed: bigint; cost: bigint }
  /** Where the record is now, and an earlier one, if there was one. */
  | { kind: "recorded"; kept: string; setAside?: string };

export interface DeployOptions {
  /** The deployer, with a provider; with its key at hand (ethers' `Wallet`), else an interruption may lose the suite. */
  signer: Signer;
  governance: Governance;
  parameters?: SuiteParameters;
  /** Chain that it must be; any if left out. */
  chainId?: bigint;
  /** Kind of transactions; by default what the chain understands. */
  fees?: FeeMarket;
  patience?: Partial<Patience>;
  store: DeploymentStore;
  /** How the contracts were compiled, for the record. */
  compiler: Deployment["compiler"];
  /** Whether to deploy although the chain has a deployment. */
  replace?: boolean;
  /** Whether to forget an interrupted deployment and begin anew. */
  restart?: boolean;
  report?: (event: DeployEvent) => void;
  /** Asked before anything is sent; stops by rejecting. */
  confirm?: () => Promise<void>;
}

/**
 * Deploys a suite and records it. All that can be checked is checked before anything is sent. Every transaction is
 * written down before the node is told of it, so that a deployment that was interrupted goes on where it stopped when
 * this is called again with the same choices.
 *
 * @returns The record, after the chain was compared with it.
 * @throws {ParameterError | WrongChainError | MissingOpcodesError | BlockTooSmallError | InsufficientFundsError |
 * LiveDeploymentError | PlanMismatchError | DocumentFormatError} before anything is sent.
 * @throws {PredictionLostError} if another program used a nonce meanwhile; called again, it begins anew.
 * @throws {NodeError | TimeoutError | TransactionRefusedError} if the node fails; called again, it goes on.
 * @throws {DeploymentMismatchError} if what the chain has in the end is not what was sent.
 */
export async function deploy(options: DeployOptions): Promise<Deployment> {
  const { signer, store, replace = false, restart = false, report = () => undefined } = options;
  const { provider } = signer;
  if (provider === null) throw new ReadOnlyError();
  const parameters = options.parameters ?? DEFAULT_PARAMETERS;
  const governance = checkedGovernance(options.governance);
  checkParameters(parameters);

  const patience = { ...DEFAULT_PATIENCE, ...options.patience };
  const { chainId } = await persist("eth_chainId", () => provider.getNetwork(), patience.requests);
  if (options.chainId !== undefined && chainId !== options.chainId) throw new WrongChainError(options.chainId, chainId);
  const context = { provider, chainId, patience, report };

  const [record, found] = [await store.readDeployment(chainId), await store.readPlan(chainId)];
  const isLive = record !== undefined && (await hasCode(context, record));
  if (isLive && found?.deployer === record.deployer && found.firstNonce === record.firstNonce) {
    // The last run was interrupted between writing the record and removing the plan.
    await store.removePlan(chainId);
    return record;
  }
  if (isLive && !replace) throw new LiveDeploymentError(chainId, record.contracts.TaskManager.address);
  if (record !== undefined && !isLive) report({ kind: "stale", taskManager: record.contracts.TaskManager.address });

  const deployer = await signer.getAddress();
  if (found !== undefined && !restart) checkPlan(found, { deployer, governance, parameters });
  report({ kind: "chain", chainId, rules: await probeChain(provider, chainId, undefined, patience.requests) });

  const sender = await createSender(signer, provider, { fees: options.fees ?? "auto", patience, head: { number: 0 } });
  const resumed = found === undefined || restart ? undefined : await progressOf(context, found);
  let progress = resumed;
  if (progress === undefined) {
    const firstNonce = await countOf(context, deployer, "pending");
    progress = { plan: planOf(chainId, { deployer, firstNonce, governance, parameters }), receipts: [] };
  }
  const places = placesOf(blueprintOf(progress.plan));
  const rest = places.slice(progress.receipts.length);
  await checkMeans(context, deployer, places, rest, options.fees);
  await options.confirm?.();

  await store.writePlan(progress.plan);
  for (const place of rest) progress = await fill(context, sender, store, progress, place);
  const deployment = recordOf(progress, places, options.compiler);
  await checkSuite(context, deployment, places);
  report({ kind: "recorded", ...(await store.writeDeployment(deployment)) });
  await store.removePlan(chainId);
  return deployment;
}

/** A context that hears of everything. */
type Reporting = Context & { report: (event: DeployEvent) => void };

/** Whether anything of a suite is on the chain. */
async function hasCode({ provider, patience }: Context, { contracts }: Deployment): Promise<boolean> {
  const codes = await Promise.all(
    Object.values(contracts).map(({ address }) =>
      persist("eth_getCode", () => provider.getCode(address), patience.requests),
    ),
  );
  return codes.some((code) => code !== "0x");
}

/** The deployer can pay, and a block can hold every creation. */
async function checkMeans(
  { provider, patience, report }: Reporting,
  deployer: string,
  places: readonly Place[],
  rest: readonly Place[],
  market: FeeMarket | undefined,
): Promise<void> {
  const fees = await feesOf(provider, market, patience.requests);
  const estimate = estimateOf(rest, fees);
  const balance = await persist("eth_getBalance", () => provider.getBalance(deployer), patience.requests);
  report({ kind: "planned", places, deployer, balance, type: fees.type, ...estimate });
  if (balance < estimate.cost) throw new InsufficientFundsError(deployer, balance, estimate.cost);
  const block = await persist("eth_getBlockByNumber", () => provider.getBlock("latest"), patience.requests);
  const { name, gas } = estimate.largest;
  if (block !== null && block.gasLimit < gas) throw new BlockTooSmallError(name, gas, block.gasLimit);
}

/** Deploys one contract in its place. */
async function fill(
  context: Reporting,
  sender: Sender,
  store: DeploymentStore,
  { plan, receipts }: Progress,
  place: Place,
): Promise<Progress> {
  const { name, nonce, address, data } = place;
  let current = plan;
  const lost = async () => {
    const next = await countOf(context, sender.address, "pending");
    return new PredictionLostError(name, address, getCreateAddress({ from: sender.address, nonce: next }));
  };
  let receipt: TransactionReceipt | undefined;
  try {
    receipt = await sender.send({ to: null, data }, `the creation of ${name}`, {
      nonce,
      onHash: async (transaction) => {
        const hashes = [...(current.transactions[name] ?? []), transaction];
        current = { ...current, transactions: { ...current.transactions, [name]: hashes } };
        await store.writePlan(current);
        context.report({ kind: "sent", contract: name, transaction });
      },
    });
  } catch (error) {
    const isTaken = error instanceof NonceTakenError;
    // TaskManager refuses to be anywhere else, so its revert may mean that its nonce is gone.
    if (!isTaken && !(isRevert(error) && (await countOf(context, sender.address, "latest")) !== nonce)) throw error;
    // An earlier signature for the same place is as good.
    receipt = await landed(context, current.transactions[name] ?? []);
    if (receipt === undefined) throw await lost();
  }
  if (!created(receipt, place)) throw await lost();
  context.report({ kind: "deployed", contract: name, address, gasUsed: receipt.gasUsed, cost: receipt.fee });
  return { plan: current, receipts: [...receipts, receipt] };
}

/** The record of a complete deployment; hashes of code are still to be read. */
function recordOf({ plan, receipts }: Progress, places: readonly Place[], compiler: Deployment["compiler"]) {
  const contracts = places.map(({ name, address, constructorArguments }, index) => {
    const { hash = "", blockNumber = 0 } = receipts[index] ?? {};
    return [name, { address, codeHash: "", transaction: hash, block: blockNumber, constructorArguments }];
  });
  const { chainId, deployer, firstNonce, owner, treasury, parameters } = plan;
  return {
    format: "opengpu-deployment/1",
    chainId,
    deployer,
    firstNonce,
    owner,
    treasury,
    parameters,
    compiler,
    contracts: Object.fromEntries(contracts) as Deployment["contracts"],
  } satisfies Deployment;
}

/** Compares the chain with what was sent, and puts the hashes of the code in the record. */
async function checkSuite(context: Context, deployment: Deployment, places: readonly Place[]): Promise<void> {
  const { provider, patience } = context;
  for (const place of places) {
    let code = "0x";
    for (let look = 0; look < LOOKS && code === "0x"; look++) {
      if (look !== 0) await pause(patience.interval);
      code = await persist("eth_getCode", () => provider.getCode(place.address), patience.requests);
    }
    deployment.contracts[place.name].codeHash = checkCode(place, code, place.creationCode);
  }
  const { contracts } = await connect(provider, deployment, { patience });
  await checkSettings(contracts, deployment, patience.requests);
}
