import { expect } from "chai";
import { emitted, execute, INTERFACES } from "../../../src/protocol/execute.js";
import { type Actor, type Place, read, type World } from "./world.js";

/** Collects the fees that rest with all clients, which must be what tasks cost in fees, and pays them out. */
export async function expectFees({ actors }: World, place: Place): Promise<void> {
  const { treasury } = place;
  const { escrow, taskManager } = treasury.contracts;
  const payers = actors.filter(({ addresses }) => addresses.escrow === place.protocol.addresses.escrow);
  const [accounts, own] = await read(treasury, (at) =>
    Promise.all([
      Promise.all(payers.map(({ address }) => escrow.accountOf(address, at))),
      escrow.accountOf(taskManager, at),
    ]),
  );
  const due = accounts.reduce((sum, { fees }) => sum + fees, own.free);
  expect(due > 0n).to.equal(true);
  const collected = await execute(payers[0] as Actor, "taskManager", "collectFees", [
    payers.map(({ address }) => address),
  ]);
  expect(emitted(collected, "taskManager", "FeesCollected")).to.deep.equal({ treasury: treasury.address, amount: due });
  expect((await read(treasury, (at) => escrow.accountOf(treasury.address, at))).free).to.equal(due);
  await execute(treasury, "escrow", "withdraw", [due / 2n]);
}

/**
 * All that the accounts of Escrow hold is what was deposited less what was withdrawn, and is there in coin; all stake is
 * on the pool's account.
 */
export async function expectConservation({ direct, actors }: World, { protocol }: Place): Promise<void> {
  const { addresses } = protocol;
  const escrow = protocol.contracts.escrow.connect(direct);
  const pool = protocol.contracts.providerPool.connect(direct);
  const blockTag = await direct.getBlockNumber();
  const logs = await direct.getLogs({ address: addresses.escrow, fromBlock: 0, toBlock: blockTag });
  const holders = new Set([...Object.values(addresses), ...actors.map(({ address }) => address)]);
  let [deposits, withdrawals] = [0n, 0n];
  for (const log of logs) {
    const event = INTERFACES.escrow.parseLog(log);
    const args = event?.args.toObject() as { account?: string; to?: string; amount: bigint };
    if (event?.name === "Deposited") deposits += args.amount;
    if (event?.name === "Withdrawn") withdrawals += args.amount;
    if (args.account !== undefined) holders.add(args.account);
    if (args.to !== undefined) holders.add(args.to);
  }
  const accounts = await Promise.all([...holders].map((holder) => escrow.accountOf(holder, { blockTag })));
  const sum = accounts.reduce((total, { free, held, fees }) => total + free + held + fees, 0n);
  expect(sum, "sum of the accounts").to.equal(deposits - withdrawals);
  expect(await direct.getBalance(addresses.escrow, blockTag), "coin in Escrow").to.equal(sum);

  const stakes = await pool.getProviders(1, 2 ** 31, { blockTag });
  const staked = stakes.reduce((total, { stake }) => total + stake, 0n);
  expect((await escrow.accountOf(addresses.providerPool, { blockTag })).free, "stake").to.equal(staked);
}
