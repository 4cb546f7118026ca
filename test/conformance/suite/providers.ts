import { expect } from "chai";
import { Wallet, ZeroAddress } from "ethers";
import { emitted, execute } from "../../../src/protocol/execute.js";
import { refused } from "./expect.js";
import type { Scenario } from "./scenario.js";
import { KEY, provide, publish, random32, STAKE } from "./work.js";
import { MIN_STAKE, read, timeOf, until } from "./world.js";

/** The life of providers: their keys, their stake, their memberships. */
export const providers: Scenario[] = [
  {
    title: "a provider registers, stakes, joins by its agent, leaves, unbonds and thinks again",
    async play(world) {
      const [{ source }, owner, agent, stranger] = await Promise.all([
        ...([publish(world), world.actor(), world.actor(), world.actor()] as const),
      ]);
      const registered = await execute(owner, "providerPool", "register", [owner.address, KEY]);
      const { provider, ...told } = emitted(registered, "providerPool", "ProviderRegistered");
      expect(told).to.deep.equal({ owner: owner.address, payout: owner.address, key: KEY });
      const { providerPool, escrow } = owner.contracts;
      const view = async () => {
        const { stake, free, locked, unbonding } = await read(owner, (at) => providerPool.getProvider(provider, at));
        return { stake, free, locked, unbonding };
      };

      // Half of the stake comes along, half out of Escrow, and a stranger adds some.
      await execute(owner, "escrow", "deposit", [], { value: STAKE });
      await Promise.all([
        execute(owner, "providerPool", "stake", [provider, STAKE], { value: STAKE }),
        execute(owner, "providerPool", "stake", [provider, STAKE / 2n]),
        execute(stranger, "providerPool", "stake", [provider, 7n], { value: 7n }),
      ]);
      const stake = STAKE + STAKE / 2n + 7n;
      expect(await view()).to.deep.equal({ stake, free: stake, locked: 0n, unbonding: 0n });
      expect((await read(owner, (at) => escrow.accountOf(owner.address, at))).free).to.equal(STAKE / 2n);
      await Promise.all([
        refused(execute(owner, "providerPool", "stake", [provider, 5n], { value: 4n }), "WrongValue", {
          ...{ sent: 4n, expected: 5n },
        }),
        refused(execute(stranger, "providerPool", "stake", [provider, 5n]), "InsufficientBalance", {
          ...{ account: stranger.address, free: 0n, needed: 5n },
        }),
      ]);

      const join = (slots = 3) => execute(agent, "providerPool", "joinPool", [provider, source, 1, slots, 2, 24]);
      await refused(join(), "NotAgent", { provider, key: agent.address });
      await execute(owner, "providerPool", "setAgent", [provider, agent.address, true]);
      await refused(
        execute(owner, "providerPool", "setAgent", [provider, agent.address, true]),
        "AgentAlreadyInState",
        {
          ...{ provider, agent: agent.address, allowed: true },
        },
      );
      await refused(join(), "NotApproved", { provider, source: BigInt(source) });
      await execute(owner, "providerPool", "approveSource", [provider, source, true]);
      await refused(join(100), "InsufficientStake", { provider, free: stake, needed: 100n * MIN_STAKE });
      const joined = await join();
      expect(emitted(joined, "providerPool", "Joined")).to.deep.equal({
        ...{ provider, source: BigInt(source), slots: 3n, environments: 2n, gpuMemory: 24n, stakePerSlot: MIN_STAKE },
      });
      const membership = await read(owner, (at) => providerPool.getMembership(provider, source, at));
      expect(membership.joinedAt).to.equal(BigInt(await timeOf(owner, joined.blockNumber)));
      expect(await view()).to.deep.include({ free: stake - 3n * MIN_STAKE, locked: 3n * MIN_STAKE });
      await refused(join(), "AlreadyMember", { provider, source: BigInt(source) });
      await refused(execute(owner, "providerPool", "unbond", [provider, stake]), "InsufficientStake", {
        ...{ provider, free: stake - 3n * MIN_STAKE, needed: stake },
      });

      const left = await execute(agent, "providerPool", "leavePool", [provider, source]);
      expect(emitted(left, "providerPool", "Left")).to.deep.equal({ provider, source: BigInt(source), slots: 3n });
      await Promise.all([
        refused(execute(agent, "providerPool", "leavePool", [provider, source]), "NotMember", {
          ...{ provider, source: BigInt(source) },
        }),
        refused(execute(agent, "providerPool", "unbond", [provider, 1n]), "NotOwner", {
          ...{ provider, caller: agent.address },
        }),
      ]);
      await execute(owner, "providerPool", "setAgent", [provider, agent.address, false]);
      await refused(join(1), "NotAgent", { provider, key: agent.address });

      const unbonding = await execute(owner, "providerPool", "unbond", [provider, stake]);
      const period = await read(owner, (at) => providerPool.UNBONDING_PERIOD(at));
      expect(emitted(unbonding, "providerPool", "UnbondingStarted")).to.deep.equal({
        ...{ provider, amount: stake, total: stake },
        maturesAt: BigInt(await timeOf(owner, unbonding.blockNumber)) + period,
      });
      expect(await view()).to.deep.equal({ stake, free: 0n, locked: 0n, unbonding: stake });
      await execute(owner, "providerPool", "cancelUnbonding", [provider]);
      expect(await view()).to.deep.equal({ stake, free: stake, locked: 0n, unbonding: 0n });
      await refused(execute(owner, "providerPool", "cancelUnbonding", [provider]), "NothingUnbonding", { provider });
    },
  },
  {
    title: "stake is claimed after the unbonding period, not before, and withdrawn",
    async play(world) {
      const { brief } = world;
      const { source } = await publish(world, brief);
      const { owner, provider } = await provide(world, source, brief);
      const { providerPool, escrow } = owner.contracts;
      await execute(owner, "providerPool", "leavePool", [provider, source]);
      await execute(owner, "providerPool", "unbond", [provider, STAKE / 4n]);
      // What unbonds already waits again.
      const second = await execute(owner, "providerPool", "unbond", [provider, STAKE / 4n]);
      const { maturesAt, total } = emitted(second, "providerPool", "UnbondingStarted");
      expect(total).to.equal(STAKE / 2n);
      expect(maturesAt).to.equal(BigInt(await timeOf(owner, second.blockNumber)) + 11n);
      await refused(execute(owner, "providerPool", "claim", [provider]), "StillUnbonding", { provider, maturesAt });
      await until(owner, Number(maturesAt));
      const claimed = await execute(owner, "providerPool", "claim", [provider]);
      expect(emitted(claimed, "providerPool", "StakeClaimed")).to.deep.equal({
        ...{ provider, payout: owner.address, amount: STAKE / 2n },
      });
      expect((await read(owner, (at) => providerPool.getProvider(provider, at))).stake).to.equal(STAKE / 2n);
      expect((await read(owner, (at) => escrow.accountOf(owner.address, at))).free).to.equal(STAKE / 2n);
      const to = Wallet.createRandom().address;
      await execute(owner, "escrow", "withdrawTo", [to, STAKE / 2n]);
      expect(await read(owner, ({ blockTag }) => world.provider.getBalance(to, blockTag))).to.equal(STAKE / 2n);
      await refused(execute(owner, "providerPool", "claim", [provider]), "NothingUnbonding", { provider });
    },
  },
  {
    title: "a provider passes to another owner in two steps and rotates its key",
    async play(world) {
      const [seller, buyer, agent] = await Promise.all([world.actor(), world.actor(), world.actor()]);
      const registered = await execute(seller, "providerPool", "register", [seller.address, KEY]);
      const { provider } = emitted(registered, "providerPool", "ProviderRegistered");
      const { providerPool } = seller.contracts;
      await execute(seller, "providerPool", "setAgent", [provider, agent.address, true]);
      const offered = await execute(seller, "providerPool", "transferOwnership", [provider, buyer.address]);
      expect(emitted(offered, "providerPool", "OwnershipTransferStarted")).to.deep.equal({
        ...{ provider, owner: seller.address, pendingOwner: buyer.address },
      });
      await Promise.all([
        refused(execute(agent, "providerPool", "acceptOwnership", [provider]), "NotPendingOwner", {
          ...{ provider, caller: agent.address },
        }),
        refused(execute(buyer, "providerPool", "rotateKey", [provider, random32()]), "NotOwner", {
          ...{ provider, caller: buyer.address },
        }),
      ]);
      // Until it is accepted, an offer can be withdrawn.
      await execute(seller, "providerPool", "transferOwnership", [provider, ZeroAddress]);
      await refused(execute(buyer, "providerPool", "acceptOwnership", [provider]), "NotPendingOwner", {
        ...{ provider, caller: buyer.address },
      });
      await execute(seller, "providerPool", "transferOwnership", [provider, buyer.address]);
      await execute(buyer, "providerPool", "acceptOwnership", [provider]);
      const authorised = await read(seller, (at) =>
        Promise.all([seller, buyer, agent].map(({ address }) => providerPool.isAuthorised(provider, address, at))),
      );
      expect(authorised).to.deep.equal([false, true, true]);

      const key = random32();
      const [rotated, paid] = await Promise.all([
        execute(buyer, "providerPool", "rotateKey", [provider, key]),
        execute(buyer, "providerPool", "setPayout", [provider, agent.address]),
      ]);
      expect(emitted(rotated, "providerPool", "KeyRotated")).to.deep.equal({ provider, key });
      expect(emitted(paid, "providerPool", "PayoutSet")).to.deep.equal({ provider, payout: agent.address });
      const view = await read(seller, (at) => providerPool.getProvider(provider, at));
      expect([view.owner, view.pendingOwner, view.payout, view.key]).to.deep.equal([
        ...[buyer.address, ZeroAddress, agent.address, key],
      ]);
      await Promise.all([
        refused(execute(seller, "providerPool", "setPayout", [provider, seller.address]), "NotOwner", {
          ...{ provider, caller: seller.address },
        }),
        refused(execute(buyer, "providerPool", "setAgent", [provider, buyer.address, true]), "OwnerAsAgent", {
          ...{ provider, owner: buyer.address },
        }),
      ]);
    },
  },
];
