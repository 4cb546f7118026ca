import { AbiCoder, type BaseContract } from "ethers";
import { Lens__factory } from "../../typechain-types/index.js";
import { ethers } from "./network.js";
import type { Market } from "./suite.js";

/** What the views of a market say of a task and of all parties, by name; equal if nothing happened in between. */
export type Observation = Record<string, string>;

/** Whom and what to observe. */
export interface Scope {
  taskIds: string[];
  /** Accounts in Escrow. */
  accounts: Record<string, string>;
  providers: bigint[];
}

/** The accounts that a market's tasks pay, hold or slash. */
export async function partiesOf(market: Market): Promise<Record<string, string>> {
  const { client, publisher, treasury, providerOwner, agent, stranger, owner, others } = market;
  return {
    client: client.address,
    publisher: publisher.address,
    treasury: treasury.address,
    providerOwner: providerOwner.address,
    agent: agent.address,
    stranger: stranger.address,
    owner: owner.address,
    ...Object.fromEntries(others.slice(0, 8).map((other, i) => [`other ${i}`, other.address])),
    taskManager: await market.taskManager.getAddress(),
    providerPool: await market.providerPool.getAddress(),
  };
}

/** Reads everything in `scope` in one call, as of the latest block or of the one to come. */
export async function observe(
  { taskManager, escrow, providerPool, reputation }: Market,
  { taskIds, accounts, providers }: Scope,
  blockTag: "latest" | "pending" = "latest",
): Promise<Observation> {
  const names: string[] = [];
  const targets: string[] = [];
  const calls: string[] = [];
  const read = async (name: string, target: BaseContract, data: string): Promise<void> => {
    names.push(name);
    targets.push(await target.getAddress());
    calls.push(data);
  };
  for (const id of taskIds)
    await read(`task ${id}`, taskManager, taskManager.interface.encodeFunctionData("getTask", [id]));
  for (const [name, account] of Object.entries(accounts)) {
    await read(`account of ${name}`, escrow, escrow.interface.encodeFunctionData("accountOf", [account]));
  }
  for (const id of providers) {
    await read(`provider ${id}`, providerPool, providerPool.interface.encodeFunctionData("getProvider", [id]));
    await read(
      `membership of ${id}`,
      providerPool,
      providerPool.interface.encodeFunctionData("getMembership", [id, 1]),
    );
    await read(`record of ${id}`, reputation, reputation.interface.encodeFunctionData("getRecord", [id]));
  }
  const { data } = await new Lens__factory().getDeployTransaction(targets, calls);
  const answer = await ethers.provider.call({ data, blockTag });
  const [answers] = AbiCoder.defaultAbiCoder().decode(["bytes[]"], answer) as unknown as [string[]];
  return Object.fromEntries(names.map((name, i) => [name, answers[i] ?? ""]));
}

/** Sum of all that Escrow owes the accounts, wei. */
export async function owed({ escrow }: Market, accounts: Record<string, string>): Promise<bigint> {
  const all = await Promise.all(Object.values(accounts).map((account) => escrow.accountOf(account)));
  return all.reduce((sum, { free, held, fees }) => sum + free + held + fees, 0n);
}
