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
  saleOf,
  stage,
  STAKE,
  submit,
  type Supplier,
  type Task,
  taskOf,
} from "./work.js";
import { type Actor, MIN_STAKE, PARAMETERS, read, timeOf, until } from "./world.js";

/** The floor, rounded up to a unit of the fraction that a task remembers. */
const START_PRICE = priceAt(startFractionOf(FLOOR, CAP), 1, 0, CAP);
const DELIVERED = 3n;
const DISCLOSED = 4n;
const SETTLED = 6n;

const accountOf = async (reader: Actor, address: string) => {
  const { free, held, fees } = await read(reader, (at) => reader.contracts.escrow.accountOf(address, at));
  return { free, held, fees };
};
const stateOf = async (reader: Actor, { taskId }: Task) =>
  (await read(reader, (at) => reader.contracts.taskManager.getTask(taskId, at))).state;
const stakeOf = async ({ owner, provider }: Supplier) => {
  const { free, locked } = await read(owner, (at) => owner.contracts.providerPool.getProvider(provider, at));
  return { free, locked };
};

/** Ways on which a task is paid. */
export const tasks: Scenario[] = [
  {
    title: "tasks posted from the balance and with attached coin are accepted by the client and by its agent",
    async play(world) {
      const [{ client, publisher, source, first }, agent] = await Promise.all([stage(world), world.actor()]);
      const granted = await execute(client, "taskManager", "setClientAgent", [agent.address, true]);
      expect(emitted(granted, "taskManager", "ClientAgentSet")).to.deep.equal({
        ...{ client: client.address, agent: agent.address, allowed: true },
      });
      const attached = taskOf(client, await orderOf(client, source));
      const [one, two] = await Promise.all([
        submit(client, source),
        execute(client, "taskManager", "submit", [attached.packed], { value: CAP }),
      ]);
      expect(one.startPrice).to.equal(START_PRICE);
      const opened = emitted(two, "taskManager", "TaskSubmitted");
      expect(opened).to.deep.include({ taskId: attached.taskId, source: BigInt(source), client: client.address });
      expect(opened.order).to.deep.equal(attached.packed);
      expect(emitted(two, "escrow", "Deposited").amount).to.equal(CAP);
      expect(await accountOf(client, client.address)).to.deep.equal({ free: STAKE - CAP, held: 2n * CAP, fees: 0n });

      const deliveries = await Promise.all([deliver(one, first), deliver(attached, first)]);
      expect(deliveries.map(({ price }) => price)).to.deep.equal([CAP, CAP]);
      expect(await stakeOf(first)).to.deep.equal({
        ...{ free: STAKE - 2n * MIN_STAKE - 2n * BOND, locked: 2n * MIN_STAKE + 2n * BOND },
      });
      expect(await stateOf(client, one)).to.equal(DELIVERED);

      const sale = saleOf(CAP);
      const paid = await Promise.all([
        execute(client, "taskManager", "accept", [one.packed]),
        execute(agent, "taskManager", "accept", [attached.packed]),
      ]);
      for (const [index, { taskId }] of [one, attached].entries()) {
        expect(emitted(paid[index] ?? one.done, "taskManager", "TaskSettled")).to.deep.equal({
          ...{ taskId, provider: first.provider, client: client.address, publisher: publisher.address },
          ...{ price: CAP, fee: sale.fee, royalty: sale.royalty },
        });
      }
      expect(await accountOf(client, client.address)).to.deep.equal({
        ...{ free: STAKE - CAP, held: 0n, fees: 2n * sale.fee },
      });
      expect((await accountOf(client, first.owner.address)).free).to.equal(2n * sale.payment);
      expect((await accountOf(client, publisher.address)).free).to.equal(2n * sale.royalty);
      expect(await stakeOf(first)).to.deep.equal({ free: STAKE - 2n * MIN_STAKE, locked: 2n * MIN_STAKE });
      const { reputation } = client.contracts;
      const record = await read(client, (at) => reputation.getRecord(first.provider, at));
      expect([record.settled, record.faults, record.earned]).to.deep.equal([2n, 0n, (2n * sale.payment) / 10n ** 9n]);
      // One client counts once in an epoch.
      const gain = (10n ** 6n * sale.fee) / (sale.fee + PARAMETERS.feeScale);
      expect(await read(client, (at) => reputation.scoreOf(first.provider, at))).to.equal(gain);

      await Promise.all([
        refused(execute(client, "taskManager", "accept", [one.packed]), "WrongState", {
          ...{ taskId: one.taskId, state: SETTLED },
        }),
        refused(execute(client, "taskManager", "submit", [one.packed]), "WrongState", {
          ...{ taskId: one.taskId, state: SETTLED },
        }),
      ]);
      await execute(client, "taskManager", "setClientAgent", [agent.address, false]);
      const three = await submit(client, source);
      await refused(execute(agent, "taskManager", "cancel", [three.packed]), "NotClientOrAgent", {
        ...{ taskId: three.taskId, caller: agent.address },
      });
    },
  },
  {
    title: "a stranger posts a signed order, and another settles it when the client stays silent",
    async play(world) {
      const [{ client, publisher, source, first }, stranger] = await Promise.all([stage(world), world.actor()]);
      const order = await orderOf(client, source, { reviewPeriod: 8 });
      const task = taskOf(client, order);
      const signature = await signOrder(client.wallet, order, client.domain);
      const foreign = await signOrder(stranger.wallet, order, client.domain);
      await Promise.all([
        refused(execute(stranger, "taskManager", "submit", [task.packed]), "NotClient", {
          ...{ taskId: task.taskId, caller: stranger.address },
        }),
        refused(execute(stranger, "taskManager", "submitSigned", [task.packed, foreign]), "InvalidSignature", {
          ...{ taskId: task.taskId, client: client.address },
        }),
      ]);
      const posted = await execute(stranger, "taskManager", "submitSigned", [task.packed, signature]);
      expect(emitted(posted, "taskManager", "TaskSubmitted")).to.deep.include({
        ...{ taskId: task.taskId, client: client.address },
      });
      expect(await accountOf(client, client.address)).to.deep.equal({ free: STAKE - CAP, held: CAP, fees: 0n });
      await refused(execute(stranger, "taskManager", "submitSigned", [task.packed, signature]), "WrongState", {
        ...{ taskId: task.taskId, state: 1n },
      });

      const { commitment, envelope } = await deliver(task, first);
      await refused(execute(stranger, "taskManager", "settle", [task.packed]), "WrongState", {
        ...{ taskId: task.taskId, state: DELIVERED },
      });
      const disclosed = await execute(first.owner, "taskManager", "disclose", [task.packed, commitment, envelope]);
      expect(emitted(disclosed, "taskManager", "TaskDisclosed")).to.deep.equal({
        ...{ taskId: task.taskId, provider: first.provider, client: client.address, commitment, envelope },
      });
      expect(await stateOf(client, task)).to.equal(DISCLOSED);
      const end = (await timeOf(client, disclosed.blockNumber)) + order.reviewPeriod;
      const { now_ } = await refused(execute(stranger, "taskManager", "settle", [task.packed]), "TooEarly", {
        ...{ taskId: task.taskId, end: BigInt(end) },
      });
      expect(now_ <= BigInt(end)).to.equal(true);
      await until(stranger, end);
      const settled = await execute(stranger, "taskManager", "settle", [task.packed]);
      const sale = saleOf(CAP);
      expect(emitted(settled, "taskManager", "TaskSettled")).to.deep.equal({
        ...{ taskId: task.taskId, provider: first.provider, client: client.address, publisher: publisher.address },
        ...{ price: CAP, fee: sale.fee, royalty: sale.royalty },
      });
      expect(await stateOf(client, task)).to.equal(SETTLED);
      expect(await accountOf(client, client.address)).to.deep.equal({ free: STAKE - CAP, held: 0n, fees: sale.fee });
      expect((await accountOf(client, first.owner.address)).free).to.equal(sale.payment);
      expect((await accountOf(client, stranger.address)).free).to.equal(0n);
    },
  },
  {
    title: "who must not act on a task is refused, and so is who comes at the wrong time",
    async play(world) {
      const [{ client, source, first }, outsider] = await Promise.all([stage(world), world.actor()]);
      const registered = await execute(outsider, "providerPool", "register", [
        outsider.address,
        first.owner.address.padEnd(66, "0"),
      ]);
      const { provider } = emitted(registered, "providerPool", "ProviderRegistered");
      const task = await submit(client, source);
      const { taskId, packed } = task;
      const other: Supplier = { owner: outsider, provider };
      const wrongState = (state: bigint) => ({ taskId, state });
      const seal = `0x${"5e".repeat(32)}`;
      await Promise.all([
        refused(deliver(task, other), "NotMember", { provider, source: BigInt(source) }),
        refused(deliver(task, first, outsider), "NotAgent", { provider: first.provider, key: outsider.address }),
        refused(execute(first.owner, "taskManager", "accept", [packed]), "NotClientOrAgent", {
          ...{ taskId, caller: first.owner.address },
        }),
        refused(execute(client, "taskManager", "accept", [packed]), "WrongState", wrongState(1n)),
        refused(execute(outsider, "taskManager", "reopen", [packed]), "WrongState", wrongState(1n)),
        refused(execute(outsider, "taskManager", "disclose", [packed, seal, seal]), "WrongState", wrongState(1n)),
        refused(execute(outsider, "taskManager", "refund", [packed]), "TooEarly", {
          ...{ taskId, end: BigInt(task.order.deadline) },
        }),
        refused(
          execute(first.owner, "taskManager", "prove", [packed, first.provider, seal, seal, seal]),
          "WrongVerification",
          { taskId, verification: 0n },
        ),
        refused(
          execute(first.owner, "taskManager", "deliver", [packed, first.provider, `0x${"00".repeat(32)}`]),
          "ZeroSeal",
          {},
        ),
      ]);
      const delivered = await deliver(task, first);
      const late = (await timeOf(client, delivered.done.blockNumber)) + PARAMETERS.windows.disclose;
      await Promise.all([
        refused(deliver(task, first), "WrongState", wrongState(DELIVERED)),
        refused(execute(client, "taskManager", "cancel", [packed]), "WrongState", wrongState(DELIVERED)),
        refused(execute(outsider, "taskManager", "reopen", [packed]), "TooEarly", { taskId, end: BigInt(late) }),
        refused(execute(outsider, "taskManager", "disclose", [packed, seal, delivered.envelope]), "SealMismatch", {
          ...{ taskId, seal: delivered.seal },
        }),
        refused(
          execute(outsider, "taskManager", "disclose", [packed, seal, `0x${"00".repeat(513)}`]),
          "EnvelopeTooLarge",
          { size: 513n, maximum: 512n },
        ),
      ]);
      await until(client, late);
      await refused(
        execute(first.owner, "taskManager", "disclose", [packed, delivered.commitment, delivered.envelope]),
        "DisclosureTooLate",
        { taskId, end: BigInt(late) },
      );
      // The client may accept until somebody reopens the task.
      await execute(client, "taskManager", "accept", [packed]);
    },
  },
  {
    title: "orders outside of what suite and source allow are refused with what would be allowed",
    async play(world) {
      const { client, source } = await stage(world);
      const post = async (changes: Parameters<typeof orderOf>[2]) =>
        execute(client, "taskManager", "submit", [taskOf(client, await orderOf(client, source, changes)).packed]);
      const { maxRound, windows } = PARAMETERS;
      const zero = `0x${"00".repeat(32)}`;
      const far = await refused(post({ deadline: 2 ** 33 }), "DeadlineTooFar", { deadline: 2n ** 33n });
      expect(Number(far.latest) - (await timeOf(client, client.head.number))).to.be.within(
        ...[windows.maxLifetime - 30, windows.maxLifetime + 30],
      );
      const passed = await refused(post({ deadline: 1000 }), "DeadlinePassed", { deadline: 1000n });
      expect(Number(passed.now_)).to.be.greaterThan(1_700_000_000);
      await Promise.all([
        refused(post({ maxReward: 10n }), "CapBelowFloor", { maxReward: 10n, floorPrice: CAP / 2n }),
        refused(post({ maxReward: maxRound + 1n }), "CapAboveMaximum", { maxReward: maxRound + 1n, maximum: maxRound }),
        refused(post({ bond: 1n }), "BondTooLow", { bond: 1n, minimum: CAP - START_PRICE }),
        refused(post({ reviewPeriod: 61 }), "ReviewTooLong", { reviewPeriod: 61n, maximum: 60n }),
        refused(post({ maxFeeBps: 249 }), "FeeAboveOrder", { feeBps: 250n, maxFeeBps: 249n }),
        refused(post({ maxRoyaltyBps: 499 }), "RoyaltyAboveOrder", { royaltyBps: 500n, maxRoyaltyBps: 499n }),
        refused(post({ environments: 4 }), "EnvironmentsNotOffered", { environments: 4n, offered: 3n }),
        refused(post({ environments: 2, minGpuMemory: 7 }), "GpuMemoryBelowTerms", { minGpuMemory: 7n, required: 8n }),
        refused(post({ trust: 1 }), "TrustOutOfBounds", { trust: 1n, minimum: 2n, maximum: 16_384n }),
        refused(post({ verification: 1, bond: 0n }), "VerifierMismatch", { verification: 1n }),
        refused(post({ inputDigest: zero }), "ZeroInputDigest", {}),
        refused(post({ clientKey: zero }), "ZeroClientKey", {}),
        refused(post({ maxReward: 2n * STAKE, bond: 2n * STAKE }), "InsufficientBalance", {
          ...{ account: client.address, free: STAKE, needed: 2n * STAKE },
        }),
        refused(
          execute(client, "taskManager", "submit", [taskOf(client, await orderOf(client, source)).packed], {
            value: 1n,
          }),
          "WrongValue",
          { sent: 1n, expected: CAP },
        ),
      ]);
    },
  },
];
