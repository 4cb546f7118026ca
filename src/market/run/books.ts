import { read, readBatch } from "../../protocol/batch.js";
import { watch } from "../../protocol/events.js";
import type { Protocol } from "../../protocol/protocol.js";
import { persist } from "../../protocol/retry.js";
import type { BalanceSample, Books } from "../summary.js";
import { type Verdict, verdictsFor } from "./disputes.js";

/** Whose coin is where. Addresses. */
export interface Parties {
  readonly clients: readonly string[];
  readonly publisher: string;
  /** Payout accounts of the providers, with their numbers. */
  readonly providers: readonly { name: string; account: string; provider: number }[];
  readonly treasury: string;
}

/** A task that was paid. Amounts in wei. */
export interface Sale {
  readonly taskId: string;
  readonly provider: number;
  readonly client: string;
  readonly price: bigint;
  readonly fee: bigint;
  readonly royalty: bigint;
}

/** A seat in a round or a panel that lost stake, wei. */
export interface Slash {
  readonly provider: number;
  readonly amount: bigint;
}

/** A task that was given up, and what that cost its client. Amounts in wei. */
export interface Return {
  readonly client: string;
  readonly fee: bigint;
  readonly tip: bigint;
  /** Who ended it, and got the tip. */
  readonly caller: string;
}

/** What the chain tells of the tasks of some clients. */
export interface Sales {
  readonly sales: readonly Sale[];
  readonly returns: readonly Return[];
  /** What providers lost of their bonds in tasks that lapsed, wei. */
  readonly lapsed: bigint;
  /** What they lost in rounds and panels. */
  readonly slashes: readonly Slash[];
  /** What came of disputes. */
  readonly verdicts: readonly Verdict[];
}

/** What was sold to some clients in a range of blocks. */
export async function salesTo(
  protocol: Protocol,
  clients: readonly string[],
  from: number,
  to: number,
): Promise<Sales> {
  const events = [
    "taskManager.TaskSettled",
    "taskManager.TaskLapsed",
    "taskManager.TaskRefunded",
    "taskManager.SeatSlashed",
  ] as const;
  const slashes: Slash[] = [];
  const sales: Sale[] = [];
  const returns: Return[] = [];
  let lapsed = 0n;
  for await (const event of watch(protocol, { events, where: { client: clients }, from, to })) {
    if (event.name === "TaskLapsed") {
      lapsed += event.args.slashed;
    } else if (event.name === "SeatSlashed") {
      slashes.push({ provider: Number(event.args.provider), amount: event.args.slashed });
    } else if (event.name === "TaskRefunded") {
      const { client, fee, tip, caller } = event.args;
      returns.push({ client, fee, tip, caller });
    } else {
      const { taskId, provider, client, price, fee, royalty } = event.args;
      sales.push({ taskId, provider: Number(provider), client, price, fee, royalty });
    }
  }
  return { sales, returns, lapsed, slashes, verdicts: await verdictsFor(protocol, clients, from, to) };
}

/** What Escrow has for the parties before anything is sold, so that what follows can be told apart. */
export interface Opening {
  /** What each client deposited. */
  readonly deposited: readonly bigint[];
  /** Free balance of the treasury. */
  readonly treasury: bigint;
  /** Whether the suite belongs to the run alone. */
  readonly alone: boolean;
}

/**
 * Compares what everybody has in Escrow with what the sales say they should have.
 *
 * @param stakes What the providers of the run have staked, wei.
 */
export async function booksOf(
  protocol: Protocol,
  parties: Parties,
  opening: Opening,
  { sales, returns, lapsed, slashes, verdicts }: Sales,
  caps: bigint,
  stakes: bigint,
): Promise<Books> {
  const { addresses, provider, patience } = protocol;
  const accounts = [
    ...parties.clients,
    ...parties.providers.map(({ account }) => account),
    parties.publisher,
    parties.treasury,
    ...[addresses.providerPool, addresses.taskManager],
  ];
  const { values } = await readBatch(
    protocol,
    accounts.map((account) => read("escrow", "accountOf", account)),
  );
  const held = accounts.map((_, index) => values[index] ?? { free: 0n, held: 0n, fees: 0n });
  const clients = held.slice(0, parties.clients.length);
  const providers = held.slice(parties.clients.length, parties.clients.length + parties.providers.length);
  const [publisher, treasury, pool, manager] = held.slice(-4).map(({ free }) => free) as [
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  const coin = await persist("eth_getBalance", () => provider.getBalance(addresses.escrow), patience.requests);

  const total = (amounts: readonly bigint[]) => amounts.reduce((sum, amount) => sum + amount, 0n);
  // The winners of a panel get the price that the client pays for their result whole.
  const paid = total(sales.map(({ price }) => price)) + total(verdicts.map(({ price }) => price));
  const fees = total(sales.map(({ fee }) => fee));
  const royalties = total(sales.map(({ royalty }) => royalty));
  const feesOfReturns = total(returns.map(({ fee }) => fee));
  const spentBy = (client: string) =>
    total(sales.filter((sale) => sale.client === client).map(({ price }) => price)) +
    total(returns.filter((one) => one.client === client).map(({ fee, tip }) => fee + tip)) +
    total(verdicts.filter((one) => one.client === client).map(({ price, cost }) => price + cost));
  const awards = verdicts.flatMap((verdict) => verdict.awards);
  const earnedBy = (id: number, account: string) =>
    total(awards.filter(({ provider }) => provider === id).map(({ amount }) => amount)) +
    total(returns.filter(({ caller }) => caller === account).map(({ tip }) => tip)) +
    total(sales.filter((sale) => sale.provider === id).map(({ price, fee, royalty }) => price - fee - royalty));
  const panels = total(verdicts.map(({ cost }) => cost));
  // What the clients do not pay comes out of bonds, whose rest goes to the protocol.
  const fromBonds = total(awards.map(({ amount }) => amount)) - total(verdicts.map(({ price, cost }) => price + cost));
  const slashed =
    lapsed + total(slashes.map(({ amount }) => amount)) + total(verdicts.map((verdict) => verdict.slashed));

  const mine = {
    clients: total(clients.map(({ free, held }) => free + held)),
    providers: total(providers.map(({ free }) => free)),
    publisher,
    treasury,
    stakes,
    others: total(clients.map(({ fees }) => fees)) + (opening.alone ? manager : 0n),
  };
  const strangers = coin - total(Object.values(mine));
  // Where others trade too, anyone may order from the run's sources, or give coin away.
  const has = (found: bigint, expected: bigint) => found === expected || (!opening.alone && found > expected);
  const asSold =
    parties.clients.every((client, index) => {
      const { free = 0n, held = 0n } = clients[index] ?? {};
      return has(free + held, (opening.deposited[index] ?? 0n) - spentBy(client));
    }) &&
    parties.providers.every((one, index) => has(providers[index]?.free ?? 0n, earnedBy(one.provider, one.account))) &&
    has(publisher, royalties);
  // Anyone may collect the fees for the treasury, others' too.
  const inAll = opening.alone
    ? strangers === 0n &&
      pool === stakes &&
      mine.others + treasury - opening.treasury === fees + feesOfReturns + slashed - fromBonds
    : strangers >= 0n && pool >= stakes;
  return {
    ...{ ...mine, strangers, coin, paid, royalties, fees, caps, panels, fromBonds, slashed },
    payments: paid - royalties - fees,
    balanced: asSold && inAll,
  };
}

/** Balances in Escrow now. */
export async function balancesOf(protocol: Protocol, { clients, providers }: Parties): Promise<BalanceSample> {
  const accounts = [...clients, ...providers.map(({ account }) => account)];
  const { values } = await readBatch(
    protocol,
    accounts.map((account) => read("escrow", "accountOf", account)),
  );
  const ours = accounts.slice(0, clients.length).map((_, index) => values[index]);
  return {
    at: Date.now(),
    free: ours.reduce((sum, account) => sum + (account?.free ?? 0n), 0n),
    held: ours.reduce((sum, account) => sum + (account?.held ?? 0n), 0n),
    earned: Object.fromEntries(providers.map(({ name }, index) => [name, values[clients.length + index]?.free ?? 0n])),
  };
}
