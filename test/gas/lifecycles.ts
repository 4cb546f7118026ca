import { type ContractTransactionResponse, parseEther, type Signer } from "ethers";
import { packOrder, signOrder, taskIdOf } from "../../src/protocol/order.js";
import { MIN_WEIGHT, SEED_DELAY, seatsOf } from "../../src/protocol/consensus.js";
import { networkHelpers, time } from "../helpers/network.js";
import { everybodySits, panelOrder } from "../helpers/disputes.js";
import { everybodyEnters, type Panel, quorumOrder } from "../helpers/rounds.js";
import {
  attest,
  CAP,
  type Market,
  proofOrder,
  resultFor,
  reviewOrder,
  signedProof,
  WINDOWS,
} from "../helpers/suite.js";

/** Gas of one operation or lifecycle by name. */
export type Figures = Record<string, number>;

/** Gas that a transaction used. */
export async function gasOf(pending: Promise<ContractTransactionResponse>): Promise<number> {
  const receipt = await (await pending).wait();
  if (receipt === null) throw new Error("transaction without receipt");
  return Number(receipt.gasUsed);
}

/** Waits for the next day: where an epoch of reputation ends in between, a task costs more. */
export async function nextDay(): Promise<void> {
  const DAY = 86_400;
  await time.increaseTo((Math.floor((await time.latest()) / DAY) + 1) * DAY + 60);
}

/** Submit, deliver, accept: the happy path of a Review task. */
export async function review(market: Market, { value = 0n, minScore = 0 } = {}): Promise<Figures> {
  const order = await reviewOrder(market, { minScore });
  const packed = packOrder(order);
  const manager = market.taskManager;
  const submit = await gasOf(manager.connect(market.client).submit(packed, { value }));
  const { seal } = resultFor(taskIdOf(order, market.domain), market.provider);
  const deliver = await gasOf(manager.connect(market.agent).deliver(packed, market.provider, seal));
  const accept = await gasOf(manager.connect(market.client).accept(packed));
  return { submit, deliver, accept, total: submit + deliver + accept };
}

/** Submit, reserve, deliver, accept; `disclosed`: the delivery puts the envelope on chain at one stroke. */
export async function reserved(market: Market, disclosed = false): Promise<Figures> {
  const order = await reviewOrder(market, { reservation: 600 });
  const packed = packOrder(order);
  const [manager, provider] = [market.taskManager, market.provider];
  const submit = await gasOf(manager.connect(market.client).submit(packed));
  const reserve = await gasOf(manager.connect(market.agent).reserve(packed, provider));
  const { seal, commitment, envelope } = resultFor(taskIdOf(order, market.domain), provider);
  const working = manager.connect(market.agent);
  const deliver = await gasOf(
    disclosed
      ? working.deliverAndDisclose(packed, provider, commitment, envelope)
      : working.deliver(packed, provider, seal),
  );
  const accept = await gasOf(manager.connect(market.client).accept(packed));
  return { submit, reserve, deliver, accept, total: submit + reserve + deliver + accept };
}

/**
 * Submit, as many seats as `trust` has, as many openings, then one acceptance, or a claim of each. All agree.
 */
export async function quorum(panel: Panel, trust: number, claims = false): Promise<Figures> {
  const order = await quorumOrder(panel, { trust });
  const packed = packOrder(order);
  const { taskManager, client } = panel;
  const submit = await gasOf(taskManager.connect(client).submit(packed));
  const openedAt = await time.latest();
  await networkHelpers.mine(SEED_DELAY + 1);
  const task = { order, packed, taskId: taskIdOf(order, panel.domain), openedAt, openBlock: 0 };
  await everybodyEnters(task);
  const members = [...panel.members].slice(0, seatsOf(trust));
  const figures: Figures = { submit };
  const results = members.map(([provider]) => resultFor(task.taskId, provider));
  for (const [seat, [provider, owner]] of members.entries()) {
    const manager = taskManager.connect(owner);
    figures[`seat${seat}`] = await gasOf(manager.takeSeat(packed, provider, MIN_WEIGHT, results[seat]?.seal ?? ""));
  }
  for (const [seat, [, owner]] of members.entries()) {
    const { resultDigest = "", salt = "", envelopeHash = "" } = results[seat] ?? {};
    const manager = taskManager.connect(owner);
    figures[`open${seat}`] = await gasOf(manager.openSeat(task.taskId, seat, resultDigest, salt, envelopeHash));
  }
  if (claims) {
    for (const [seat, [, owner]] of members.entries()) {
      const envelope = results[seat]?.envelope ?? "";
      figures[`claim${seat}`] = await gasOf(taskManager.connect(owner).claimSeat(packed, seat, envelope));
    }
  } else {
    figures["accept"] = await gasOf(taskManager.connect(client).accept(packed));
  }
  return { ...figures, total: Object.values(figures).reduce((sum, gas) => sum + gas, 0) };
}

/** How a delivery can fare before a panel of three that agrees. */
export type Fate = "upheld" | "overturned" | "silent";

/**
 * Submit, deliver, disclose, dispute, three seats, the provider's opening unless it is silent, three votes, then settlement
 * of a delivery that is upheld, or acceptance of the panel's result.
 */
export async function disputed(panel: Panel, fate: Fate): Promise<Figures> {
  const order = await panelOrder(panel);
  const packed = packOrder(order);
  const { taskManager, client, agent, provider, domain } = panel;
  const taskId = taskIdOf(order, domain);
  const delivery = resultFor(taskId, provider, fate === "overturned" ? "rubbish" : "truth");
  const figures: Figures = {
    submit: await gasOf(taskManager.connect(client).submit(packed)),
    deliver: await gasOf(taskManager.connect(agent).deliver(packed, provider, delivery.seal)),
    disclose: await gasOf(taskManager.connect(agent).disclose(packed, delivery.commitment, delivery.envelope)),
    dispute: await gasOf(taskManager.connect(client).dispute(packed)),
  };
  await networkHelpers.mine(SEED_DELAY + 1);
  const task = { order, packed, taskId, delivery, price: 0n };
  await everybodySits(panel, task);
  const members = [...panel.members].slice(1, 1 + seatsOf(order.trust));
  const results = members.map(([member]) => resultFor(taskId, member, "truth"));
  for (const [seat, [member, owner]] of members.entries()) {
    const manager = taskManager.connect(owner);
    figures[`seat${seat}`] = await gasOf(manager.takeSeat(packed, member, MIN_WEIGHT, results[seat]?.seal ?? ""));
  }
  if (fate === "silent") await time.increase(WINDOWS.openProvider + 1);
  else {
    const { resultDigest, salt, envelopeHash } = delivery;
    const opening = taskManager.connect(agent).openDelivery(packed, resultDigest, salt, envelopeHash, order.clientKey);
    figures["openDelivery"] = await gasOf(opening);
  }
  for (const [seat, [, owner]] of members.entries()) {
    const { resultDigest = "", salt = "", envelopeHash = "" } = results[seat] ?? {};
    const manager = taskManager.connect(owner);
    figures[`vote${seat}`] = await gasOf(manager.openVote(taskId, seat, resultDigest, salt, envelopeHash, true));
  }
  const settler = taskManager.connect(client);
  if (fate === "upheld") figures["settle"] = await gasOf(settler.settle(packed));
  else figures["accept"] = await gasOf(settler.accept(packed));
  return { ...figures, total: Object.values(figures).reduce((sum, gas) => sum + gas, 0) };
}

/** Submit, deliver, disclose, settle: the client never answers. */
export async function silent(market: Market): Promise<Figures> {
  const order = await reviewOrder(market);
  const packed = packOrder(order);
  const result = resultFor(taskIdOf(order, market.domain), market.provider);
  const manager = market.taskManager;
  const submit = await gasOf(manager.connect(market.client).submit(packed));
  const deliver = await gasOf(manager.connect(market.agent).deliver(packed, market.provider, result.seal));
  const disclose = await gasOf(manager.connect(market.agent).disclose(packed, result.commitment, result.envelope));
  await time.increase(order.reviewPeriod + 1);
  const settle = await gasOf(manager.connect(market.agent).settle(packed));
  return { disclose, settle, total: submit + deliver + disclose + settle };
}

/** A provider that does not disclose, and what follows: reopen; cancel and refund by a third party. */
export async function failures(market: Market): Promise<Figures> {
  const order = await reviewOrder(market);
  const packed = packOrder(order);
  const manager = market.taskManager;
  const { seal } = resultFor(taskIdOf(order, market.domain), market.provider);
  await manager.connect(market.client).submit(packed);
  await manager.connect(market.agent).deliver(packed, market.provider, seal);
  const { disclose } = await manager.windows();
  await time.increase(Number(disclose) + 1);
  const reopen = await gasOf(manager.connect(market.stranger).reopen(packed));

  const late = await reviewOrder(market);
  const packedLate = packOrder(late);
  await manager.connect(market.client).submit(packedLate);
  const cancel = await gasOf(manager.connect(market.client).cancel(packedLate));
  await time.increase(3600);
  const refund = await gasOf(manager.connect(market.stranger).refund(packedLate));
  return { reopen, cancel, refund };
}

/** A Proof task that the client posts itself. */
export async function proven(market: Market): Promise<Figures> {
  const order = await proofOrder(market);
  const packed = packOrder(order);
  const taskId = taskIdOf(order, market.domain);
  const { resultDigest, envelopeHash } = resultFor(taskId, market.provider);
  const manager = market.taskManager;
  const submit = await gasOf(manager.connect(market.client).submit(packed));
  const proof = await attest(market, taskId, market.provider, order.inputDigest, { resultDigest, envelopeHash });
  const prove = await gasOf(
    manager.connect(market.agent).prove(packed, market.provider, resultDigest, envelopeHash, proof),
  );
  return { submit, prove, total: submit + prove };
}

/** A signed Proof order, posted and proven in one transaction. */
export async function provenSigned(market: Market): Promise<number> {
  const { packed } = await signedProof(market);
  return gasOf(market.taskManager.connect(market.agent).proveSigned(market.provider, packed));
}

/** Signed Proof orders, one of each client, in one transaction; gas a task. */
export async function provenBatch(market: Market, clients: Signer[]): Promise<number> {
  const batch = await Promise.all(clients.map((client) => signedProof(market, {}, client)));
  const packed = batch.map((entry) => entry.packed);
  const total = await gasOf(market.taskManager.connect(market.agent).proveBatch(market.provider, packed));
  return Math.round(total / clients.length);
}

/** What clients do besides. */
export async function clientOperations(market: Market): Promise<Figures> {
  const { taskManager, escrow, client, stranger, others, domain } = market;
  const signed = await reviewOrder(market);
  const signature = await signOrder(client, signed, domain);
  const [agent] = others;
  if (agent === undefined) throw new Error("no account left");
  const manager = taskManager.connect(client);
  return {
    "review.submitSigned": await gasOf(taskManager.connect(stranger).submitSigned(packOrder(signed), signature)),
    "client.revoke": await gasOf(manager.revoke(packOrder(await reviewOrder(market)))),
    "client.revokeBelow": await gasOf(manager.revokeBelow(1)),
    "client.setAgent": await gasOf(manager.setClientAgent(agent, true)),
    "client.announceInbox": await gasOf(manager.announceInbox("https://inbox.example")),
    "escrow.deposit": await gasOf(escrow.connect(client).deposit({ value: CAP })),
    "escrow.transfer": await gasOf(escrow.connect(client).transfer(stranger, 1)),
    "escrow.withdraw": await gasOf(escrow.connect(client).withdraw(1)),
    "protocol.collectFees": await gasOf(taskManager.connect(stranger).collectFees([client])),
  };
}

/** What providers do besides; the provider is one more, and has left when this ends. */
export async function providerOperations(market: Market, owner: Signer): Promise<Figures> {
  const { providerPool, stranger, source } = market;
  const pool = providerPool.connect(owner);
  const register = await gasOf(pool.register(owner, `0x${"11".repeat(32)}`));
  const provider = await providerPool.providerCount();
  const stake = parseEther("1");
  const figures: Figures = {
    "pool.register": register,
    "pool.stake": await gasOf(pool.stake(provider, stake, { value: stake })),
    "pool.join": await gasOf(pool.joinPool(provider, source, 1, 2, 1, 0)),
    "pool.setAgent": await gasOf(pool.setAgent(provider, stranger, true)),
    "pool.leave": await gasOf(pool.leavePool(provider, source)),
    "pool.unbond": await gasOf(pool.unbond(provider, stake)),
    "pool.cancelUnbonding": await gasOf(pool.cancelUnbonding(provider)),
  };
  await pool.unbond(provider, stake);
  await time.increase(Number(await providerPool.UNBONDING_PERIOD()) + 1);
  figures["pool.claim"] = await gasOf(pool.claim(provider));
  return figures;
}
