import { expect } from "chai";
import { ZeroAddress, ZeroHash } from "ethers";
import { acceptProvider, type AcceptProviderRevert } from "../../../../src/protocol/actions/acceptProvider.js";
import { offerProvider, type OfferProviderRevert } from "../../../../src/protocol/actions/offerProvider.js";
import { registerProvider, type RegisterProviderRevert } from "../../../../src/protocol/actions/registerProvider.js";
import { rotateKey, type RotateKeyRevert } from "../../../../src/protocol/actions/rotateKey.js";
import { setAgent, type SetAgentRevert } from "../../../../src/protocol/actions/setAgent.js";
import { setPayout, type SetPayoutRevert } from "../../../../src/protocol/actions/setPayout.js";
import { loadFixture } from "../../../helpers/network.js";
import { protocolOf } from "../../../helpers/protocol.js";
import { expectRevert } from "../../../helpers/refusal.js";
import { deployMarket, KEY, random32 } from "../../../helpers/suite.js";

const setUp = async () => {
  const market = await loadFixture(deployMarket);
  const { providerOwner, stranger, agent, providerPool: pool } = market;
  const protocol = await protocolOf(market, providerOwner);
  const foreign = await protocolOf(market, stranger);
  const provider = Number(market.provider);
  const notOwner = { provider: market.provider, caller: stranger.address };
  return {
    pool,
    protocol,
    foreign,
    provider,
    notOwner,
    owner: providerOwner.address,
    stranger: stranger.address,
    agent: agent.address,
  };
};

describe("protocol.registerProvider", () => {
  it("registers a provider that pays to the sender, or to whom it names", async () => {
    const { pool, foreign, stranger, agent } = await setUp();
    const first = await registerProvider(foreign, { key: KEY });
    expect([first.provider, first.owner, first.payout]).to.deep.equal([2, stranger, stranger]);
    const key = random32();
    const second = await registerProvider(foreign, { key, payout: agent });
    expect([second.provider, second.owner, second.payout]).to.deep.equal([3, stranger, agent]);
    const view = await pool.getProvider(3);
    expect([view.owner, view.payout, view.key]).to.deep.equal([stranger, agent, key]);
  });

  it("is refused without key or payout account", async () => {
    const { foreign } = await setUp();
    await expectRevert<RegisterProviderRevert>(registerProvider(foreign, { key: ZeroHash }), "ZeroKey");
    await expectRevert<RegisterProviderRevert>(
      registerProvider(foreign, { key: KEY, payout: ZeroAddress }),
      "ZeroAddress",
    );
  });
});

describe("protocol.offerProvider and acceptProvider", () => {
  it("hand a provider over in two steps", async () => {
    const { pool, protocol, foreign, provider, owner, stranger } = await setUp();
    const offered = await offerProvider(protocol, { provider, to: stranger });
    expect([offered.provider, offered.owner, offered.pendingOwner]).to.deep.equal([provider, owner, stranger]);
    expect((await pool.getProvider(provider)).owner).to.equal(owner);
    const accepted = await acceptProvider(foreign, { provider });
    expect([accepted.provider, accepted.previousOwner, accepted.owner]).to.deep.equal([provider, owner, stranger]);
    expect((await pool.getProvider(provider)).owner).to.equal(stranger);
  });

  it("are refused to others, and after the offer is withdrawn", async () => {
    const { protocol, foreign, provider, stranger, notOwner } = await setUp();
    await expectRevert<OfferProviderRevert>(offerProvider(foreign, { provider, to: stranger }), "NotOwner", notOwner);
    await offerProvider(protocol, { provider, to: stranger });
    await offerProvider(protocol, { provider, to: ZeroAddress });
    await expectRevert<AcceptProviderRevert>(acceptProvider(foreign, { provider }), "NotPendingOwner", notOwner);
  });
});

describe("protocol.setPayout", () => {
  it("changes the payout account", async () => {
    const { pool, protocol, provider, stranger } = await setUp();
    const done = await setPayout(protocol, { provider, payout: stranger });
    expect([done.provider, done.payout]).to.deep.equal([provider, stranger]);
    expect((await pool.getProvider(provider)).payout).to.equal(stranger);
  });

  it("is refused for nobody, and to others", async () => {
    const { protocol, foreign, provider, stranger, notOwner } = await setUp();
    await expectRevert<SetPayoutRevert>(setPayout(protocol, { provider, payout: ZeroAddress }), "ZeroAddress");
    await expectRevert<SetPayoutRevert>(setPayout(foreign, { provider, payout: stranger }), "NotOwner", notOwner);
  });
});

describe("protocol.rotateKey", () => {
  it("replaces the key", async () => {
    const { pool, protocol, provider } = await setUp();
    const key = random32();
    const done = await rotateKey(protocol, { provider, key });
    expect([done.provider, done.key]).to.deep.equal([provider, key]);
    expect((await pool.getProvider(provider)).key).to.equal(key);
  });

  it("is refused for a key of zero, and to others", async () => {
    const { protocol, foreign, provider, notOwner } = await setUp();
    await expectRevert<RotateKeyRevert>(rotateKey(protocol, { provider, key: ZeroHash }), "ZeroKey");
    await expectRevert<RotateKeyRevert>(rotateKey(foreign, { provider, key: KEY }), "NotOwner", notOwner);
  });
});

describe("protocol.setAgent", () => {
  it("grants and revokes", async () => {
    const { pool, protocol, provider, stranger: agent } = await setUp();
    for (const allowed of [true, false]) {
      const done = await setAgent(protocol, { provider, agent, allowed });
      expect([done.provider, done.agent, done.allowed]).to.deep.equal([provider, agent, allowed]);
      expect(await pool.isAuthorised(provider, agent)).to.equal(allowed);
    }
  });

  it("is refused if nothing would change, for the owner, for nobody, and to others", async () => {
    const { protocol, foreign, provider, owner, agent, notOwner } = await setUp();
    const set = (who: string) => setAgent(protocol, { provider, agent: who, allowed: true });
    const id = BigInt(provider);
    await expectRevert<SetAgentRevert>(set(agent), "AgentAlreadyInState", { provider: id, agent, allowed: true });
    await expectRevert<SetAgentRevert>(set(owner), "OwnerAsAgent", { provider: id, owner });
    await expectRevert<SetAgentRevert>(set(ZeroAddress), "ZeroAddress");
    await expectRevert<SetAgentRevert>(setAgent(foreign, { provider, agent, allowed: false }), "NotOwner", notOwner);
  });
});
