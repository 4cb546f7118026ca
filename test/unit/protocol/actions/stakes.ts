import { expect } from "chai";
import { parseEther } from "ethers";
import { cancelUnbonding, type CancelUnbondingRevert } from "../../../../src/protocol/actions/cancelUnbonding.js";
import { claimStake, type ClaimStakeRevert } from "../../../../src/protocol/actions/claimStake.js";
import { joinPool, type JoinPoolRevert } from "../../../../src/protocol/actions/joinPool.js";
import { leavePool, type LeavePoolRevert } from "../../../../src/protocol/actions/leavePool.js";
import { stake, type StakeRevert } from "../../../../src/protocol/actions/stake.js";
import { unbond, type UnbondRevert } from "../../../../src/protocol/actions/unbond.js";
import { Environment } from "../../../../src/protocol/order.js";
import { longestObligation } from "../../../../src/protocol/parameters.js";
import { loadFixture, time } from "../../../helpers/network.js";
import { protocolOf } from "../../../helpers/protocol.js";
import { expectRevert } from "../../../helpers/refusal.js";
import { deployMarket, STAKE_PER_SLOT, WINDOWS } from "../../../helpers/suite.js";

/** A market whose provider has one coin staked, a fifth of it in two slots. */
const setUp = async () => {
  const market = await loadFixture(deployMarket);
  const { providerOwner, stranger, escrow, providerPool: pool, source } = market;
  const protocol = await protocolOf(market, providerOwner);
  const foreign = await protocolOf(market, stranger);
  const provider = Number(market.provider);
  const notOwner = { provider: market.provider, caller: stranger.address };
  const id = market.provider;
  return { market, pool, escrow, protocol, foreign, provider, id, source, notOwner, owner: providerOwner.address };
};
const FREE = parseEther("0.8");

describe("protocol.stake", () => {
  it("stakes coin that is sent along", async () => {
    const { pool, protocol, provider, owner } = await setUp();
    const done = await stake(protocol, { provider, amount: 7n });
    expect([done.provider, done.from, done.amount]).to.deep.equal([provider, owner, 7n]);
    expect((await pool.getProvider(provider)).free).to.equal(FREE + 7n);
  });

  it("stakes free balance", async () => {
    const { market, pool, escrow, provider } = await setUp();
    const protocol = await protocolOf(market, market.client);
    const before = (await escrow.accountOf(market.client)).free;
    const done = await stake(protocol, { provider, amount: 7n, attach: false });
    expect([done.provider, done.from, done.amount]).to.deep.equal([provider, market.client.address, 7n]);
    expect((await escrow.accountOf(market.client)).free).to.equal(before - 7n);
    expect((await pool.getProvider(provider)).free).to.equal(FREE + 7n);
  });

  it("is refused for nothing, for nobody, for too much, and without balance", async () => {
    const { protocol, provider, owner } = await setUp();
    await expectRevert<StakeRevert>(stake(protocol, { provider, amount: 0n }), "ZeroAmount");
    await expectRevert<StakeRevert>(stake(protocol, { provider: 2, amount: 1n }), "UnknownProvider", { provider: 2n });
    const amount = 2n ** 88n;
    await expectRevert<StakeRevert>(stake(protocol, { provider, amount, attach: false }), "AmountTooLarge", {
      amount,
      maximum: amount - 1n,
    });
    await expectRevert<StakeRevert>(stake(protocol, { provider, amount: 7n, attach: false }), "InsufficientBalance", {
      account: owner,
      free: 0n,
      needed: 7n,
    });
  });
});

describe("protocol.unbond", () => {
  it("starts a wait and tells its end", async () => {
    const { pool, protocol, provider } = await setUp();
    await unbond(protocol, { provider, amount: 5n });
    const { amount, total, maturesAt } = await unbond(protocol, { provider, amount: 7n });
    const end = (await time.latest()) + longestObligation(WINDOWS);
    expect({ amount, total, maturesAt }).to.deep.equal({ amount: 7n, total: 12n, maturesAt: end });
    const view = await pool.getProvider(provider);
    expect([view.unbonding, view.maturesAt, view.free]).to.deep.equal([12n, BigInt(end), FREE - 12n]);
  });

  it("is refused for nothing, for locked stake, and to others", async () => {
    const { protocol, foreign, provider, id, notOwner } = await setUp();
    await expectRevert<UnbondRevert>(unbond(protocol, { provider, amount: 0n }), "ZeroAmount");
    await expectRevert<UnbondRevert>(unbond(protocol, { provider, amount: FREE + 1n }), "InsufficientStake", {
      provider: id,
      free: FREE,
      needed: FREE + 1n,
    });
    await expectRevert<UnbondRevert>(unbond(foreign, { provider, amount: 1n }), "NotOwner", notOwner);
  });
});

describe("protocol.cancelUnbonding", () => {
  it("returns all to the free stake", async () => {
    const { pool, protocol, provider } = await setUp();
    await unbond(protocol, { provider, amount: 7n });
    const done = await cancelUnbonding(protocol, { provider });
    expect([done.provider, done.amount]).to.deep.equal([provider, 7n]);
    expect((await pool.getProvider(provider)).free).to.equal(FREE);
  });

  it("is refused if nothing unbonds, and to others", async () => {
    const { protocol, foreign, provider, id, notOwner } = await setUp();
    type Revert = CancelUnbondingRevert;
    await expectRevert<Revert>(cancelUnbonding(protocol, { provider }), "NothingUnbonding", { provider: id });
    await expectRevert<Revert>(cancelUnbonding(foreign, { provider }), "NotOwner", notOwner);
  });
});

describe("protocol.claimStake", () => {
  it("credits the payout account once the wait is over", async () => {
    const { pool, escrow, protocol, provider, id, owner } = await setUp();
    const { maturesAt } = await unbond(protocol, { provider, amount: 7n });
    await expectRevert<ClaimStakeRevert>(claimStake(protocol, { provider }), "StillUnbonding", {
      provider: id,
      maturesAt: BigInt(maturesAt),
    });
    await time.increaseTo(maturesAt + 1);
    const { payout, amount } = await claimStake(protocol, { provider });
    expect({ payout, amount }).to.deep.equal({ payout: owner, amount: 7n });
    expect((await escrow.accountOf(owner)).free).to.equal(7n);
    expect((await pool.getProvider(provider)).stake).to.equal(parseEther("1") - 7n);
  });

  it("is refused if nothing unbonds, and to others", async () => {
    const { protocol, foreign, provider, id, notOwner } = await setUp();
    await expectRevert<ClaimStakeRevert>(claimStake(protocol, { provider }), "NothingUnbonding", { provider: id });
    await expectRevert<ClaimStakeRevert>(claimStake(foreign, { provider }), "NotOwner", notOwner);
  });
});

describe("protocol.joinPool and leavePool", () => {
  it("lock and unlock stake for each slot", async () => {
    const { market, pool, provider, source } = await setUp();
    const protocol = await protocolOf(market, market.agent);
    const left = await leavePool(protocol, { provider, source });
    expect([left.provider, left.source, left.slots]).to.deep.equal([provider, source, 2]);
    expect((await pool.getProvider(provider)).locked).to.equal(0n);
    const environments = Environment.Cpu | Environment.Nvidia;
    const joined = await joinPool(protocol, { provider, source, version: 1, slots: 3, environments, gpuMemory: 16 });
    expect([joined.provider, joined.source, joined.slots]).to.deep.equal([provider, source, 3]);
    expect([joined.environments, joined.gpuMemory]).to.deep.equal([environments, 16]);
    expect(joined.stakePerSlot).to.equal(STAKE_PER_SLOT);
    expect((await pool.getProvider(provider)).locked).to.equal(3n * STAKE_PER_SLOT);
    const membership = await pool.getMembership(provider, source);
    expect([membership.slots, membership.environments, membership.gpuMemory]).to.deep.equal([3n, 3n, 16n]);
  });

  it("need no GPU memory by default", async () => {
    const { pool, protocol, provider, source } = await setUp();
    await leavePool(protocol, { provider, source });
    await joinPool(protocol, { provider, source, version: 1, slots: 1, environments: Environment.Cpu });
    expect((await pool.getMembership(provider, source)).gpuMemory).to.equal(0n);
  });

  it("are refused with what the provider lacks", async () => {
    const { market, foreign, protocol, provider, id, source } = await setUp();
    const registry = market.sourceRegistry.connect(market.publisher);
    const join = (changes: object = {}, who = protocol) =>
      joinPool(who, { provider, source, version: 1, slots: 1, environments: 1, ...changes });
    const refusal = (changes: object, revert: JoinPoolRevert["revert"], args?: JoinPoolRevert["args"]) =>
      expectRevert<JoinPoolRevert>(join(changes), revert, args);
    const terms = { source: BigInt(source) };
    const stranger = { provider: id, key: market.stranger.address };
    await expectRevert<JoinPoolRevert>(join({}, foreign), "NotAgent", stranger);
    await expectRevert<LeavePoolRevert>(leavePool(foreign, { provider, source }), "NotAgent", stranger);
    await refusal({}, "AlreadyMember", { provider: id, ...terms });
    await leavePool(protocol, { provider, source });
    const none = { provider: id, ...terms };
    await expectRevert<LeavePoolRevert>(leavePool(protocol, { provider, source }), "NotMember", none);
    await refusal({ slots: 0 }, "ZeroSlots");
    await refusal({ environments: 8 }, "InvalidEnvironments", { environments: 8n });
    await refusal({ source: 2 }, "UnknownSource", { source: 2n });
    await refusal({ version: 2 }, "UnknownVersion", { ...terms, version: 2n });
    await refusal({ environments: 2, gpuMemory: 7 }, "HardwareMismatch", {
      environments: 2n,
      gpuMemory: 7n,
      wanted: 3n,
      wantedMemory: 8n,
    });
    await refusal({ slots: 11 }, "InsufficientStake", {
      provider: id,
      free: parseEther("1"),
      needed: parseEther("1.1"),
    });
    await registry.setVersionActive(source, 1, false);
    await refusal({}, "VersionNotActive", { ...terms, version: 1n });
    await registry.setActive(source, false);
    await refusal({}, "SourceNotActive", terms);
  });
});
