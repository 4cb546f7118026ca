import { expect } from "chai";
import { emitted, execute } from "../../../src/protocol/execute.js";
import { refused } from "./expect.js";
import type { Scenario } from "./scenario.js";
import { BOND, CAP, resultFor, saleOf, share, stage, STAKE, submit, type Supplier, type Task } from "./work.js";
import { MIN_STAKE, read, timeOf, until } from "./world.js";

const RESERVED = 2n;
const DISCLOSED = 4n;

const reserve = async ({ packed }: Task, { owner, provider }: Supplier) => {
  const done = await execute(owner, "taskManager", "reserve", [packed, provider]);
  return { done, event: emitted(done, "taskManager", "TaskReserved") };
};

const finish = async ({ packed, taskId }: Task, { owner, provider }: Supplier) => {
  const { commitment, envelope, seal } = resultFor(taskId, provider);
  const done = await execute(owner, "taskManager", "deliverAndDisclose", [packed, provider, commitment, envelope]);
  expect(emitted(done, "taskManager", "TaskDelivered").seal).to.equal(seal);
  return done;
};

/** Tasks that one provider holds before it has a result. */
export const reservations: Scenario[] = [
  {
    title: "a reserved task is its holder's, who delivers and discloses at one stroke, and silence pays",
    async play(world) {
      const { client, source, providers, first } = await stage(world, 2);
      const [, second = first] = providers;
      const { providerPool, taskManager, escrow } = client.contracts;
      const task = await submit(client, source, { reservation: 60, reviewPeriod: 2 });
      await refused(
        execute(first.owner, "taskManager", "deliver", [task.packed, first.provider, task.taskId]),
        "NotReserved",
        { taskId: task.taskId },
      );
      const { done, event } = await reserve(task, first);
      const until_ = BigInt(await timeOf(client, done.blockNumber)) + 60n;
      expect(event).to.deep.equal({
        ...{ taskId: task.taskId, provider: first.provider, client: client.address, price: CAP, until: until_ },
      });
      expect((await read(client, (at) => taskManager.getTask(task.taskId, at))).state).to.equal(RESERVED);
      await Promise.all([
        refused(reserve(task, second), "WrongState", { taskId: task.taskId, state: RESERVED }),
        refused(finish(task, second), "NotHolder", { taskId: task.taskId, provider: second.provider }),
        refused(execute(first.owner, "providerPool", "leavePool", [first.provider, source]), "ReservationsHeld", {
          ...{ provider: first.provider, reserved: 1n },
        }),
      ]);
      const disclosed = await finish(task, first);
      expect((await read(client, (at) => taskManager.getTask(task.taskId, at))).state).to.equal(DISCLOSED);
      await until(client, (await timeOf(client, disclosed.blockNumber)) + 2);
      await execute(second.owner, "taskManager", "settle", [task.packed]);
      const { payment } = saleOf(CAP);
      expect((await read(client, (at) => escrow.accountOf(first.owner.address, at))).free).to.equal(payment);
      await execute(first.owner, "providerPool", "leavePool", [first.provider, source]);
      expect((await read(client, (at) => providerPool.getProvider(first.provider, at))).locked).to.equal(0n);
    },
  },
  {
    title: "a reservation that lapses costs half of the bond and bars its holder from the task",
    async play(world) {
      const [{ client, source, first }, stranger] = await Promise.all([stage(world), world.actor()]);
      const { providerPool, reputation } = client.contracts;
      const task = await submit(client, source, { reservation: 3 });
      const { event } = await reserve(task, first);
      await until(stranger, Number(event.until));
      await refused(finish(task, first), "ReservationLapsed", { taskId: task.taskId, end: event.until });
      const lapsed = await execute(stranger, "taskManager", "reopen", [task.packed]);
      const slashed = share(BOND, 5_000n);
      expect(emitted(lapsed, "taskManager", "TaskLapsed")).to.deep.equal({
        ...{ taskId: task.taskId, provider: first.provider, client: client.address, lapses: 1n, slashed },
      });
      const view = await read(client, (at) => providerPool.getProvider(first.provider, at));
      expect([view.stake, view.locked]).to.deep.equal([STAKE - slashed, 2n * MIN_STAKE]);
      expect((await read(client, (at) => reputation.getRecord(first.provider, at))).faults).to.equal(1n);
      await refused(reserve(task, first), "Barred", { taskId: task.taskId, provider: first.provider });
    },
  },
];
