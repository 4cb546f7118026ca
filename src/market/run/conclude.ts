import { read, readBatch } from "../../protocol/batch.js";
import type { Protocol } from "../../protocol/protocol.js";
import { messageOf } from "../../protocol/retry.js";
import { snapshot } from "../../protocol/snapshot.js";
import { quantilesOf } from "../report/quantiles.js";
import type {
  BalanceSample,
  ChainSummary,
  DisputeSummary,
  MarketSample,
  ProviderSummary,
  Summary,
  TaskSummary,
} from "../summary.js";
import { booksOf, type Opening, type Parties, type Sales, salesTo } from "./books.js";
import { gasByOperation, type SuiteTransaction, transactionsOf } from "./gas.js";
import type { Ledger } from "./ledger.js";
import type { ProviderPlan } from "./plans.js";
import { type OrderedWorkload, workloadSummary } from "./prices.js";

/** What is known when the work is done, apart from what the chain tells. */
export interface Ending {
  readonly protocol: Protocol;
  readonly run: string;
  readonly chain: Pick<ChainSummary, "blockTime" | "coin">;
  readonly parties: Parties;
  readonly plans: readonly ProviderPlan[];
  readonly opening: Opening;
  readonly ledger: Ledger;
  readonly workloads: readonly OrderedWorkload[];
  readonly picture?: Summary["picture"];
  readonly digits?: Summary["digits"];
  readonly balances: readonly BalanceSample[];
  readonly markets: readonly MarketSample[];
  /** Parts of the job, and the sum of their caps in wei. */
  readonly parts: number;
  readonly caps: bigint;
  /** First block of the run. */
  readonly from: number;
  readonly startedAt: number;
  readonly duration: number;
  readonly incidents: readonly string[];
  readonly problems: readonly string[];
}

/**
 * Reads from the chain what came of a run, and whether all is as it should be.
 *
 * @throws {NodeError} if the node does not answer.
 */
export async function conclude(ending: Ending): Promise<Summary> {
  const { protocol, parties, plans, ledger, markets, parts, from, picture, digits } = ending;
  const to = await protocol.provider.getBlockNumber();
  const sales = await salesTo(protocol, parties.clients, from, to);
  const accounts = [...parties.clients, parties.publisher, ...parties.providers.map(({ account }) => account)];
  const incidents = [...ending.incidents];
  const transactions = await transactionsOf(protocol, new Set(accounts), from, to).catch((error: unknown) => {
    incidents.push(`The gas is not known: ${messageOf(error)}`);
    return [];
  });
  const providers = await providersOf(protocol, plans, parties, ledger, sales, transactions);
  const stakes = providers.reduce((sum, { stake }) => sum + stake, 0n);
  const escrow = await booksOf(protocol, parties, ending.opening, sales, ending.caps, stakes);

  const { priceParameters: pricing } = await snapshot(protocol, "suite");
  const tasks = ledger.tasks();
  const settled = tasks.filter(({ paidAt }) => paidAt !== undefined);
  const paid = settled.length;
  // One may have been paid twice, because the first time it was in vain.
  const done = new Set(settled.map(({ workload, part }) => `${workload} ${part}`)).size;
  const until = (end: "deliveredAt" | "paidAt") =>
    tasks.flatMap((task) => (task[end] === undefined ? [] : [task[end] - task.submittedAt]));
  // Every winner of a round is paid by a sale of its own; where a panel has the result, there is none.
  const ofPanels = sales.verdicts.filter(({ price }) => price > 0n);
  const sold = new Set([...sales.sales, ...ofPanels].map(({ taskId }) => taskId)).size;
  const problems = [
    ...ending.problems,
    ...(done < parts ? [`${parts - done} of ${parts} tasks were not paid.`] : []),
    ...(sold === paid ? [] : [`The chain has ${sold} tasks that were sold, not ${paid}.`]),
    ...providers
      .filter(({ behaviour, slashed }) => behaviour === undefined && slashed > 0n)
      .map(({ name, slashed }) => `${name} did as it should and lost ${slashed} wei of its stake.`),
    ...(escrow.balanced ? [] : ["The books of Escrow do not balance."]),
  ];
  return {
    format: "opengpu-run/1",
    run: ending.run,
    startedAt: ending.startedAt,
    duration: ending.duration,
    chain: { id: Number(protocol.chainId), taskManager: protocol.addresses.taskManager, pricing, ...ending.chain },
    workloads: ending.workloads.map((workload) => workloadSummary(workload, tasks, markets)),
    ...(picture !== undefined && { picture }),
    ...(digits !== undefined && { digits }),
    ...{ tasks, providers, escrow },
    disputes: disputesOf(sales, tasks, parties),
    ...{ balances: ending.balances, markets },
    gas: gasByOperation(transactions),
    delivery: quantilesOf(until("deliveredAt")),
    payment: quantilesOf(until("paidAt")),
    overlap: ledger.overlap(),
    incidents,
    problems,
  };
}

/** How the providers came out, in the sequence of their plans. */
async function providersOf(
  protocol: Protocol,
  plans: readonly ProviderPlan[],
  parties: Parties,
  ledger: Ledger,
  { sales, slashes, verdicts }: Sales,
  transactions: readonly SuiteTransaction[],
): Promise<ProviderSummary[]> {
  return Promise.all(
    plans.map(async ({ name, parallel, niceness, behaviour }) => {
      const { provider: id = 0, account: owner = "" } = parties.providers.find((one) => one.name === name) ?? {};
      const { values } = await readBatch(protocol, [
        read("providerPool", "getProvider", id),
        read("reputation", "getRecord", id),
      ]);
      const [{ stake }, { score, frauds }] = values;
      const lost = slashes.filter(({ provider }) => provider === id);
      const own = sales.filter(({ provider }) => provider === id);
      const overturned = verdicts.filter(({ provider, reason }) => provider === id && reason !== undefined);
      // The first of a panel whose result the client pays for has won the task.
      const won = verdicts.filter(({ price, awards: [first] }) => price > 0n && first?.provider === id);
      const awarded = sumOf(
        verdicts.flatMap(({ awards }) => awards.flatMap(({ provider, amount }) => (provider === id ? [amount] : []))),
      );
      const sent = transactions.filter(({ from }) => from === owner);
      return {
        ...{ name, id, owner, stake, parallel, niceness, won: own.length + won.length },
        ...ledger.attemptsOf(name),
        ...(behaviour !== undefined && { behaviour }),
        earned: awarded + sumOf(own.map(({ price, fee, royalty }) => price - fee - royalty)),
        awarded,
        seatsLost: lost.length,
        disputesLost: overturned.length,
        slashed: sumOf([...lost.map(({ amount }) => amount), ...overturned.map(({ slashed }) => slashed)]),
        frauds: Number(frauds),
        gasCost: sumOf(sent.map(({ cost }) => cost)),
        score: Number(score) / 1e6,
      };
    }),
  );
}

/** What the disputes came to, with what the clients know of the tasks. */
function disputesOf({ verdicts, sales }: Sales, tasks: readonly TaskSummary[], parties: Parties): DisputeSummary[] {
  return verdicts.flatMap((verdict) => {
    const { taskId, outcome, reason, seats, slashed, cost, awards } = verdict;
    const task = tasks.find((one) => one.taskId === taskId);
    if (task === undefined) return [];
    const { workload, part, client } = task;
    const provider = parties.providers.find((one) => one.provider === verdict.provider);
    const sold = sales.filter((sale) => sale.taskId === taskId).map(({ price }) => price);
    return [
      {
        ...{ taskId, workload, part, client, outcome, seats, slashed, cost },
        provider: provider?.name ?? `provider no. ${verdict.provider}`,
        ...(reason !== undefined && { reason }),
        price: verdict.price + sumOf(sold),
        awarded: sumOf(awards.map(({ amount }) => amount)),
      },
    ];
  });
}

function sumOf(amounts: readonly bigint[]): bigint {
  return amounts.reduce((sum, amount) => sum + amount, 0n);
}
