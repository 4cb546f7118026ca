import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { announceInbox, type AnnounceInboxRevert } from "../../../../src/protocol/actions/announceInbox.js";
import { revokeOrder, type RevokeOrderRevert } from "../../../../src/protocol/actions/revokeOrder.js";
import { revokeOrdersBelow, type RevokeOrdersBelowRevert } from "../../../../src/protocol/actions/revokeOrdersBelow.js";
import { setClientAgent, type SetClientAgentRevert } from "../../../../src/protocol/actions/setClientAgent.js";
import { submit } from "../../../../src/protocol/actions/submit.js";
import { submitSigned, type SubmitSignedRevert } from "../../../../src/protocol/actions/submitSigned.js";
import { signOrder, taskIdOf } from "../../../../src/protocol/order.js";
import { startPrice, State } from "../../../helpers/manager.js";
import { loadFixture } from "../../../helpers/network.js";
import { protocolOf } from "../../../helpers/protocol.js";
import { expectRevert } from "../../../helpers/refusal.js";
import { CAP, deployMarket, reviewOrder } from "../../../helpers/suite.js";

/** A market with an order that its client signed and nobody has posted. */
const setUp = async () => {
  const market = await loadFixture(deployMarket);
  const { client, stranger, domain, taskManager: manager } = market;
  const order = await reviewOrder(market);
  return {
    market,
    manager,
    order,
    taskId: taskIdOf(order, domain),
    signature: await signOrder(client, order, domain),
    protocol: await protocolOf(market, client),
    foreign: await protocolOf(market, stranger),
    client: client.address,
    stranger: stranger.address,
  };
};

describe("protocol.submitSigned", () => {
  it("posts the order of another and holds that one's balance", async () => {
    const { market, foreign, order, signature, taskId, client } = await setUp();
    const done = await submitSigned(foreign, { order, signature });
    expect([done.taskId, done.startPrice]).to.deep.equal([taskId, startPrice(CAP)]);
    expect((await market.escrow.accountOf(client)).held).to.equal(CAP);
  });

  it("is refused for another signature, a revoked nonce, a second time, and for what the order asks", async () => {
    const { market, manager, foreign, protocol, order, taskId, signature, client } = await setUp();
    const forged = await signOrder(market.stranger, order, market.domain);
    type Revert = SubmitSignedRevert;
    await expectRevert<Revert>(submitSigned(foreign, { order, signature: forged }), "InvalidSignature", {
      taskId,
      client,
    });
    const cheap = await reviewOrder(market, { maxFeeBps: 249 });
    const cheapSignature = await signOrder(market.client, cheap, market.domain);
    await expectRevert<Revert>(submitSigned(foreign, { order: cheap, signature: cheapSignature }), "FeeAboveOrder", {
      feeBps: 250n,
      maxFeeBps: 249n,
    });
    await submitSigned(foreign, { order, signature });
    const again = { taskId, state: State.Open };
    await expectRevert<Revert>(submitSigned(foreign, { order, signature }), "WrongState", again);
    const floor = order.nonce + 1n;
    await revokeOrdersBelow(protocol, { nonce: floor });
    await expectRevert<Revert>(submitSigned(foreign, { order, signature }), "NonceRevoked", {
      taskId,
      nonce: order.nonce,
      floor,
    });
    expect((await manager.getTask(taskId)).state).to.equal(State.Open);
  });
});

describe("protocol.revokeOrder", () => {
  it("makes an order worthless", async () => {
    const { manager, protocol, foreign, order, taskId, signature } = await setUp();
    expect((await revokeOrder(protocol, { order })).taskId).to.equal(taskId);
    expect((await manager.getTask(taskId)).state).to.equal(State.Revoked);
    await expectRevert<SubmitSignedRevert>(submitSigned(foreign, { order, signature }), "WrongState", {
      taskId,
      state: State.Revoked,
    });
  });

  it("is refused to others, and for a posted order", async () => {
    const { protocol, foreign, order, taskId, stranger } = await setUp();
    await expectRevert<RevokeOrderRevert>(revokeOrder(foreign, { order }), "NotClient", { taskId, caller: stranger });
    await submit(protocol, { order });
    const args = { taskId, state: State.Open };
    await expectRevert<RevokeOrderRevert>(revokeOrder(protocol, { order }), "WrongState", args);
  });
});

describe("protocol.revokeOrdersBelow", () => {
  it("raises the floor of nonces, and only raises it", async () => {
    const { manager, protocol, client } = await setUp();
    const nonce = 2n ** 64n - 1n;
    const done = await revokeOrdersBelow(protocol, { nonce });
    expect([done.client, done.nonce]).to.deep.equal([client, nonce]);
    expect(await manager.nonceFloorOf(client)).to.equal(nonce);
    type Revert = RevokeOrdersBelowRevert;
    await expectRevert<Revert>(revokeOrdersBelow(protocol, { nonce: 5n }), "NonceFloorNotRaised", {
      nonce: 5n,
      floor: nonce,
    });
  });
});

describe("protocol.setClientAgent", () => {
  it("grants and revokes", async () => {
    const { manager, protocol, client, stranger: agent } = await setUp();
    for (const allowed of [true, false]) {
      const done = await setClientAgent(protocol, { agent, allowed });
      expect([done.client, done.agent, done.allowed]).to.deep.equal([client, agent, allowed]);
      expect(await manager.isClientAgent(client, agent)).to.equal(allowed);
    }
  });

  it("is refused if nothing would change, and for nobody", async () => {
    const { protocol, client, stranger: agent } = await setUp();
    const allowed = false;
    type Revert = SetClientAgentRevert;
    await expectRevert<Revert>(setClientAgent(protocol, { agent, allowed }), "AgentAlreadyInState", {
      client,
      agent,
      allowed,
    });
    await expectRevert<Revert>(setClientAgent(protocol, { agent: ZeroAddress, allowed: true }), "ZeroAddress");
  });
});

describe("protocol.announceInbox", () => {
  it("tells an inbox of 256 bytes, in any script", async () => {
    const { protocol, client } = await setUp();
    const inbox = `${"a".repeat(254)}é`;
    const done = await announceInbox(protocol, { inbox });
    expect([done.client, done.inbox]).to.deep.equal([client, inbox]);
  });

  it("is refused for one byte more", async () => {
    const { protocol } = await setUp();
    const inbox = `${"a".repeat(255)}é`;
    const args = { size: 257n, maximum: 256n };
    await expectRevert<AnnounceInboxRevert>(announceInbox(protocol, { inbox }), "InboxTooLarge", args);
  });
});
