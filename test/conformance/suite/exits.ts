import { expect } from "chai";
import { emitted, execute } from "../../../src/protocol/execute.js";
import { signOrder } from "../../../src/protocol/order.js";
import { refused } from "./expect.js";
import { priceAt, startFractionOf } from "./prices.js";
import type { Scenario } from "./scenario.js";
import {
  BOND,
  CAP,
  deliver,
  FLOOR,
  orderOf,
  patron,
  publish,
  saleOf,
  share,
  stage,
  STAKE,
  submit,
  taskOf,
} from "./work.js";
import { MIN_STAKE, now, PARAMETERS, read, timeOf, until } from "./world.js";

const LAPSE_BPS = 5000n;
const TIP_BPS = 50n;

/** Ways on which a task ends that nobody finished, or that another had to finish. */
export const exits: Scenario[] = [
  {
    title: "a provider that does not disclose loses half of its bond, and another finishes the task",
    async play(world) {
      const [{ client, publisher, source, providers, first }, stranger] = await Promise.all([
        ...([stage(world, 2), world.actor()] as const),
      ]);
      const [, second = first] = providers;
      const { providerPool, taskManager, escrow, reputation } = client.contracts;
      const bond = 3n * BOND;
      const task = await submit(client, source, { bond, rampDuration: 60 });
      const lost = await deliver(task, first);
      const clearedAt = await timeOf(client, lost.done.blockNumber);
      await until(stranger, clearedAt + PARAMETERS.windows.disclose);
      const lapsed = await execute(stranger, "taskManager", "reopen", [task.packed]);
      const slashed = share(bond, LAPSE_BPS);
      expect(emitted(lapsed, "taskManager", "TaskLapsed")).to.deep.equal({
        ...{ taskId: task.taskId, provider: first.provider, client: client.address, lapses: 1n, slashed },
      });
      expect(emitted(lapsed, "providerPool", "Slashed")).to.deep.equal({ provider: first.provider, amount: slashed });
      const view = await read(client, (at) => providerPool.getProvider(first.provider, at));
      expect([view.stake, view.locked]).to.deep.equal([STAKE - slashed, 2n * MIN_STAKE]);
      expect((await read(client, (at) => reputation.getRecord(first.provider, at))).faults).to.equal(1n);
      expect(await read(client, (at) => taskManager.isBarred(task.taskId, first.provider, at))).to.equal(true);
      await refused(deliver(task, first), "Barred", { taskId: task.taskId, provider: first.provider });

      // The price stood still while the task was held.
      const openedAt = await timeOf(client, task.done.blockNumber);
      const reopenedAt = await timeOf(client, lapsed.blockNumber);
      const won = await deliver(task, second);
      const deliveredAt = await timeOf(client, won.done.blockNumber);
      const start = startFractionOf(FLOOR, CAP);
      const price = priceAt(start, 60, clearedAt - openedAt + deliveredAt - reopenedAt, CAP);
      expect(won.price).to.equal(price);
      const settled = await execute(client, "taskManager", "accept", [task.packed]);
      const sale = saleOf(price);
      expect(emitted(settled, "taskManager", "TaskSettled")).to.deep.equal({
        ...{ taskId: task.taskId, provider: second.provider, client: client.address, publisher: publisher.address },
        ...{ price, fee: sale.fee, royalty: sale.royalty },
      });
      const account = await read(client, (at) => escrow.accountOf(client.address, at));
      expect([account.free, account.held, account.fees]).to.deep.equal([STAKE - price, 0n, sale.fee]);
      expect((await read(client, (at) => escrow.accountOf(second.owner.address, at))).free).to.equal(sale.payment);
    },
  },
  {
    title: "a cancelled task goes on for the notice, then anyone refunds it for a tip",
    async play(world) {
      const [{ publisher, source }, client, stranger] = await Promise.all([
        ...([publish(world), patron(world), world.actor()] as const),
      ]);
      const { escrow } = publisher.contracts;
      const task = await submit(client, source);
      const cancelled = await execute(client, "taskManager", "cancel", [task.packed]);
      const deadline = (await timeOf(client, cancelled.blockNumber)) + PARAMETERS.windows.cancelNotice;
      expect(emitted(cancelled, "taskManager", "TaskCancelled")).to.deep.equal({
        ...{ taskId: task.taskId, client: client.address, deadline: BigInt(deadline) },
      });
      await Promise.all([
        refused(execute(client, "taskManager", "cancel", [task.packed]), "AlreadyCancelled", { taskId: task.taskId }),
        until(stranger, deadline),
      ]);
      const refunded = await execute(stranger, "taskManager", "refund", [task.packed]);
      const [tip, fee] = [share(CAP, TIP_BPS), share(task.startPrice, 250n)];
      expect(emitted(refunded, "taskManager", "TaskRefunded")).to.deep.equal({
        ...{ taskId: task.taskId, client: client.address, caller: stranger.address },
        ...{ refund: CAP - fee - tip, fee, tip },
      });
      const [mine, theirs] = await read(client, (at) =>
        Promise.all([escrow.accountOf(client.address, at), escrow.accountOf(stranger.address, at)]),
      );
      expect([mine.free, mine.held, mine.fees, theirs.free]).to.deep.equal([STAKE - fee - tip, 0n, fee, tip]);
      await refused(execute(stranger, "taskManager", "refund", [task.packed]), "WrongState", {
        ...{ taskId: task.taskId, state: 7n },
      });
      await execute(stranger, "escrow", "withdraw", [tip]);
    },
  },
  {
    title: "after its deadline a task takes no result, and client or agent get the cap back without a tip",
    async play(world) {
      const [{ client, source, first }, agent] = await Promise.all([stage(world), world.actor()]);
      await execute(client, "taskManager", "setClientAgent", [agent.address, true]);
      const deadline = (await now(client)) + 20;
      const [mine, theirs] = await Promise.all([
        submit(client, source, { deadline }),
        submit(client, source, { deadline }),
      ]);
      await until(client, deadline);
      const late = await refused(deliver(mine, first), "DeadlinePassed", { deadline: BigInt(deadline) });
      expect(late.now_ > BigInt(deadline)).to.equal(true);
      await refused(execute(client, "taskManager", "cancel", [mine.packed]), "DeadlinePassed", {
        deadline: BigInt(deadline),
      });
      const refunds = await Promise.all([
        execute(client, "taskManager", "refund", [mine.packed]),
        execute(agent, "taskManager", "refund", [theirs.packed]),
      ]);
      const fee = share(mine.startPrice, 250n);
      for (const done of refunds) {
        expect(emitted(done, "taskManager", "TaskRefunded")).to.deep.include({ refund: CAP - fee, fee, tip: 0n });
      }
      const { escrow } = client.contracts;
      const account = await read(client, (at) => escrow.accountOf(client.address, at));
      expect([account.free, account.held, account.fees]).to.deep.equal([STAKE - 2n * fee, 0n, 2n * fee]);
    },
  },
  {
    title: "a client revokes one signed order, then all below a nonce",
    async play(world) {
      const [{ source }, client, stranger] = await Promise.all([publish(world), patron(world), world.actor()]);
      const { taskManager } = client.contracts;
      const signed = async (nonce: bigint) => {
        const order = await orderOf(client, source, { nonce });
        return { ...taskOf(client, order), signature: await signOrder(client.wallet, order, client.domain) };
      };
      const [revoked, below, kept] = await Promise.all([signed(70n), signed(71n), signed(72n)]);
      const post = ({ packed, signature }: typeof kept) =>
        execute(stranger, "taskManager", "submitSigned", [packed, signature]);
      await refused(execute(stranger, "taskManager", "revoke", [revoked.packed]), "NotClient", {
        ...{ taskId: revoked.taskId, caller: stranger.address },
      });
      const done = await execute(client, "taskManager", "revoke", [revoked.packed]);
      expect(emitted(done, "taskManager", "OrderRevoked")).to.deep.equal({
        ...{ taskId: revoked.taskId, client: client.address },
      });
      await refused(post(revoked), "WrongState", { taskId: revoked.taskId, state: 8n });
      const raised = await execute(client, "taskManager", "revokeBelow", [72n]);
      expect(emitted(raised, "taskManager", "OrdersRevokedBelow")).to.deep.equal({
        client: client.address,
        nonce: 72n,
      });
      expect(await read(client, (at) => taskManager.nonceFloorOf(client.address, at))).to.equal(72n);
      await Promise.all([
        refused(post(below), "NonceRevoked", { taskId: below.taskId, nonce: 71n, floor: 72n }),
        refused(execute(client, "taskManager", "revokeBelow", [72n]), "NonceFloorNotRaised", {
          nonce: 72n,
          floor: 72n,
        }),
      ]);
      await post(kept);
      await refused(execute(client, "taskManager", "revoke", [kept.packed]), "WrongState", {
        ...{ taskId: kept.taskId, state: 1n },
      });
    },
  },
];
