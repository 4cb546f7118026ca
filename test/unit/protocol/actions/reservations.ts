import { expect } from "chai";
import {
  deliverAndDisclose,
  type DeliverAndDiscloseRevert,
} from "../../../../src/protocol/actions/deliverAndDisclose.js";
import { reserve, type ReserveRevert } from "../../../../src/protocol/actions/reserve.js";
import { priceAfter, State } from "../../../helpers/manager.js";
import { loadFixture, passTo, time } from "../../../helpers/network.js";
import { protocolOf } from "../../../helpers/protocol.js";
import { expectRevert } from "../../../helpers/refusal.js";
import {
  BOND,
  deployMarket,
  joinProvider,
  openTask,
  random32,
  reservedTask,
  resultFor,
  STAKE_PER_SLOT,
} from "../../../helpers/suite.js";

const RESERVATION = 600;

const setUp = async () => {
  const market = await loadFixture(deployMarket);
  return {
    market,
    manager: market.taskManager,
    agent: await protocolOf(market, market.agent),
    stranger: await protocolOf(market, market.stranger),
    provider: Number(market.provider),
    id: market.provider,
  };
};

describe("protocol.reserve", () => {
  it("holds a task at the price of now and locks the bond", async () => {
    const { market, manager, agent, provider, id } = await setUp();
    const { order, taskId } = await openTask(market, { reservation: RESERVATION });
    const openedAt = await time.latest();
    await time.setNextBlockTimestamp(openedAt + 300);
    const done = await reserve(agent, { order, provider });
    expect([done.taskId, done.provider]).to.deep.equal([taskId, provider]);
    expect([done.price, done.until]).to.deep.equal([priceAfter(order, 300), openedAt + 300 + RESERVATION]);
    const view = await manager.getTask(taskId);
    expect([view.state, view.provider, Number(view.clearedAt)]).to.deep.equal([State.Reserved, id, openedAt + 300]);
    expect((await market.providerPool.getProvider(provider)).locked).to.equal(BOND + 2n * STAKE_PER_SLOT);
    expect((await market.providerPool.getMembership(provider, market.source)).reserved).to.equal(1n);
  });

  it("is refused to who may not, and for a task that is held or not to be reserved", async () => {
    const { market, agent, stranger, provider, id } = await setUp();
    const { order, taskId } = await openTask(market, { reservation: RESERVATION });
    await expectRevert<ReserveRevert>(reserve(stranger, { order, provider }), "NotAgent", {
      ...{ provider: id, key: market.stranger.address },
    });
    const race = await openTask(market);
    await expectRevert<ReserveRevert>(reserve(agent, { order: race.order, provider }), "NotReservable", {
      taskId: race.taskId,
    });
    await reserve(agent, { order, provider });
    const rival = await joinProvider(market, market.stranger);
    await expectRevert<ReserveRevert>(reserve(stranger, { order, provider: Number(rival) }), "WrongState", {
      ...{ taskId, state: State.Reserved },
    });
  });

  it("is refused beyond the slots, past the deadline, and to a provider that failed the task", async () => {
    const { market, manager, agent, provider, id } = await setUp();
    const { order, packed, taskId } = await reservedTask(market, { deadline: (await time.latest()) + 7200 });
    const second = await reservedTask(market);
    const third = await openTask(market, { reservation: RESERVATION });
    await expectRevert<ReserveRevert>(reserve(agent, { order: third.order, provider }), "NoFreeSlot", {
      ...{ provider: id, source: BigInt(market.source), slots: 2n },
    });
    const { seal } = resultFor(second.taskId, id);
    await manager.connect(market.agent).deliver(second.packed, id, seal);
    const late = third.order.deadline - RESERVATION + 1;
    await passTo(late);
    await expectRevert<ReserveRevert>(reserve(agent, { order: third.order, provider }), "ReservationPastDeadline", {
      ...{ end: BigInt(third.order.deadline + 1), deadline: BigInt(third.order.deadline) },
    });
    await manager.reopen(packed);
    await expectRevert<ReserveRevert>(reserve(agent, { order, provider }), "Barred", { taskId, provider: id });
  });
});

describe("protocol.deliverAndDisclose", () => {
  it("seals a result and discloses it at the price of the reservation, from bytes or from hexadecimal", async () => {
    const { market, manager, agent, provider, id } = await setUp();
    for (const form of ["bytes", "hexadecimal"]) {
      const { order, taskId } = await reservedTask(market);
      const { commitment, envelope, seal } = resultFor(taskId, id);
      await time.increase(300);
      const given = form === "bytes" ? Buffer.from(envelope.slice(2), "hex") : envelope;
      const done = await deliverAndDisclose(agent, { order, provider, commitment, envelope: given });
      expect([done.taskId, done.provider, done.seal]).to.deep.equal([taskId, provider, seal]);
      expect([done.commitment, done.envelope]).to.deep.equal([commitment, envelope]);
      expect(done.price).to.equal(priceAfter(order, 1));
      const view = await manager.getTask(taskId);
      expect([view.state, view.seal]).to.deep.equal([State.Disclosed, seal]);
      expect(Number(view.markedAt)).to.equal(await time.latest());
    }
  });

  it("is refused to who does not hold the task, for a large envelope, and for what is not reserved", async () => {
    const { market, agent, stranger, provider, id } = await setUp();
    const { order, taskId } = await reservedTask(market);
    const result = { commitment: random32(), envelope: "0x12" };
    type Revert = DeliverAndDiscloseRevert;
    await expectRevert<Revert>(deliverAndDisclose(stranger, { order, provider, ...result }), "NotAgent", {
      ...{ provider: id, key: market.stranger.address },
    });
    const rival = await joinProvider(market, market.stranger);
    const byRival = { order, provider: Number(rival), ...result };
    await expectRevert<Revert>(deliverAndDisclose(stranger, byRival), "NotHolder", { taskId, provider: rival });
    const large = { order, provider, ...result, envelope: `0x${"00".repeat(513)}` };
    await expectRevert<Revert>(deliverAndDisclose(agent, large), "EnvelopeTooLarge", { size: 513n, maximum: 512n });
    const open = await openTask(market, { reservation: RESERVATION });
    await expectRevert<Revert>(deliverAndDisclose(agent, { order: open.order, provider, ...result }), "WrongState", {
      ...{ taskId: open.taskId, state: State.Open },
    });
  });

  it("is refused when the reservation is over", async () => {
    const { market, agent, provider } = await setUp();
    const { order, taskId } = await reservedTask(market);
    const end = (await time.latest()) + RESERVATION;
    await passTo(end + 2);
    const parameters = { order, provider, commitment: random32(), envelope: "0x12" };
    await expectRevert<DeliverAndDiscloseRevert>(deliverAndDisclose(agent, parameters), "ReservationLapsed", {
      ...{ taskId, end: BigInt(end), now_: BigInt(end + 1) },
    });
  });
});
