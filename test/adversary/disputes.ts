import { expect } from "chai";
import type { Signer } from "ethers";
import { MIN_WEIGHT } from "../../src/protocol/consensus.js";
import {
  deployPanel,
  type DisclosedTask,
  disclosedTask,
  disputedTask,
  everybodySits,
  passSealing,
  passSecond,
  reveal,
  sitOn,
  vote,
  votesUntil,
} from "../helpers/disputes.js";
import { shares } from "../helpers/manager.js";
import { loadFixture, networkHelpers, passTo, time } from "../helpers/network.js";
import { ownerOf, type Panel, type Sealed } from "../helpers/rounds.js";
import { CAP, FLOOR, joinProvider, random32, STAKE_PER_SLOT, WINDOWS } from "../helpers/suite.js";

/** What somebody has in Escrow, and staked under some numbers, wei. */
async function worthOf({ escrow, providerPool }: Panel, account: Signer, ...providers: bigint[]): Promise<bigint> {
  const { free, held } = await escrow.accountOf(account);
  let worth = free + held;
  for (const provider of providers) worth += (await providerPool.getProvider(provider)).stake;
  return worth;
}

/** What the members have in all, and what the client and the disputed provider have, wei. */
async function worths(panel: Panel) {
  const members = new Map<bigint, bigint>();
  for (const [provider, owner] of panel.members) members.set(provider, await worthOf(panel, owner, provider));
  return { client: await worthOf(panel, panel.client), provider: members.get(panel.provider) ?? 0n, members };
}

/** How worths changed while something happened. */
async function gains(panel: Panel, act: () => Promise<unknown>) {
  const before = await worths(panel);
  await act();
  const after = await worths(panel);
  return {
    client: after.client - before.client,
    provider: after.provider - before.provider,
    of: (member: bigint) => (after.members.get(member) ?? 0n) - (before.members.get(member) ?? 0n),
  };
}

interface Course {
  /** What the members from the second on say, in their sequence; `-`: sealed and not opened. */
  says: readonly string[];
  /** Whether they can read the envelope. */
  available?: boolean;
  /** Whether the provider opens its delivery. */
  opens?: boolean;
  before?: () => Promise<unknown>;
}

/** Plays a dispute to its end, which the client brings about, or else the clocks. */
async function play(panel: Panel, task: DisclosedTask, { says, available = true, opens = true, before }: Course) {
  await everybodySits(panel, task);
  const seats: Sealed[] = [];
  const members = [...panel.members.keys()].slice(1);
  for (const [index, output] of says.entries()) {
    seats.push(await sitOn(panel, task, members[index] ?? 0n, { output }));
  }
  await before?.();
  const end = await passSealing(panel, task);
  if (opens) await reveal(panel, task);
  else await passSecond(end + WINDOWS.openProvider);
  for (const [index, seat] of seats.entries()) {
    if (says[index] !== "-") await vote(panel, task, seat, { available });
  }
  if (says.includes("-")) await passSecond(await votesUntil(panel, task));
  await panel.taskManager.connect(panel.client).accept(task.packed);
}

/** What the client's and the provider's honest ends are worth. */
const { payment } = shares(CAP);
const BOND = 3n * CAP;
const TRUTH = ["truth", "truth", "truth"] as const;

async function disputed(delivery = "truth") {
  const panel = await loadFixture(deployPanel);
  const task = await disclosedTask(panel, {}, delivery);
  const dispute = async () => {
    await panel.taskManager.connect(panel.client).dispute(task.packed);
    await networkHelpers.mine(5, { interval: 1 });
  };
  return { panel, task, dispute };
}

describe("adversary: what deviations earn and cost in a dispute", () => {
  describe("of the provider", () => {
    it("lying costs it the bond, and the client one price for the truth", async () => {
      const { panel, task, dispute } = await disputed("lie");
      const { client, provider, of } = await gains(panel, async () => {
        await dispute();
        await play(panel, task, { says: TRUTH });
      });
      expect([client, provider]).to.deep.equal([-CAP, -BOND]);
      for (const member of [2n, 3n, 4n]) expect(of(member)).to.equal(CAP);
    });

    it("to withhold the output, whose envelope nobody can read, costs it the same", async () => {
      const { panel, task, dispute } = await disputed();
      const { client, provider } = await gains(panel, async () => {
        await dispute();
        await play(panel, task, { says: TRUTH, available: false });
      });
      expect([client, provider]).to.deep.equal([-CAP, -BOND]);
    });

    it("not to open its delivery costs it the same, also where the panel does not agree, which costs the client nothing", async () => {
      for (const [says, cost] of [
        [TRUTH, CAP],
        [["one", "another", "third"], 0n],
      ] as const) {
        const { panel, task, dispute } = await disputed();
        const { client, provider, of } = await gains(panel, async () => {
          await dispute();
          await play(panel, task, { says, opens: false });
        });
        expect([client, provider]).to.deep.equal([-cost, -BOND]);
        for (const member of [2n, 3n, 4n]) expect(of(member)).to.equal(CAP);
      }
    });

    it("to leave and unbond before the verdict evades nothing", async () => {
      const { panel, task, dispute } = await disputed("lie");
      const { providerPool, providerOwner, provider: id } = panel;
      const { provider } = await gains(panel, async () => {
        await dispute();
        const leave = async () => {
          await providerPool.connect(providerOwner).leavePool(id, 1);
          await providerPool.connect(providerOwner).leavePool(id, 2);
          const { free } = await providerPool.getProvider(id);
          await providerPool.connect(providerOwner).unbond(id, free);
        };
        await play(panel, task, { says: TRUTH, before: leave });
      });
      expect(provider).to.equal(-BOND);
    });

    it("and the whole of a dispute ends before what it unbonds in its first second can be claimed", async () => {
      const { panel, task, dispute } = await disputed("lie");
      const at = await time.latest();
      await dispute();
      await play(panel, task, { says: ["truth", "truth", "-"] });
      const period = Number(await panel.providerPool.UNBONDING_PERIOD());
      expect((await time.latest()) + WINDOWS.claim).to.be.lessThan(at + period);
    });

    it("two accomplices of three seats let a lie stand, at the price of three executions", async () => {
      const { panel, task, dispute } = await disputed("lie");
      const { client, provider, of } = await gains(panel, async () => {
        await dispute();
        await play(panel, task, { says: ["lie", "lie", "truth"] });
      });
      // The third loses what it locked: a verdict is as good as the stake that decides it.
      expect([client, provider]).to.deep.equal([-3n * CAP, payment]);
      expect([of(2n), of(3n), of(4n)]).to.deep.equal([CAP, CAP, -BOND]);
    });

    it("one accomplice of three is lost with it", async () => {
      const { panel, task, dispute } = await disputed("lie");
      const { client, provider, of } = await gains(panel, async () => {
        await dispute();
        await play(panel, task, { says: ["lie", "truth", "truth"] });
      });
      expect([client, provider, of(2n)]).to.deep.equal([-CAP, -BOND, -BOND]);
    });

    it("a name that was jailed for three lies returns under another one without weight, too late for a panel that sits", async () => {
      const panel = await loadFixture(deployPanel);
      const { providerPool, taskManager, reputation, agent, provider } = panel;
      for (let lies = 0; lies < 3; lies++) {
        const task = await disputedTask(panel, {}, "lie");
        await play(panel, task, { says: TRUTH });
      }
      const { jailedUntil, score } = await reputation.getRecord(provider);
      expect([jailedUntil > BigInt(await time.latest()), score]).to.deep.equal([true, 0n]);
      await expect(disclosedTask(panel)).to.be.revertedWithCustomError(providerPool, "Jailed");

      const running = await disclosedTask({ ...panel, agent: ownerOf(panel, 2n) as typeof agent, provider: 2n });
      const renamed = await joinProvider(panel, agent, { slots: 1 });
      await taskManager.connect(panel.client).dispute(running.packed);
      await networkHelpers.mine(5, { interval: 1 });
      await everybodySits(panel, running);
      const sit = (weight: number) => taskManager.connect(agent).takeSeat(running.packed, renamed, weight, random32());
      await expect(sit(MIN_WEIGHT)).to.be.revertedWithCustomError(providerPool, "JoinedTooLate");
      await expect(sit(MIN_WEIGHT + 1)).to.be.revertedWithCustomError(taskManager, "WeightOutOfBounds");
    });
  });

  describe("of the client", () => {
    it("a false dispute costs it an execution for each seat, and the provider and the panel nothing", async () => {
      const { panel, task, dispute } = await disputed();
      const { client, provider, of } = await gains(panel, async () => {
        await dispute();
        await play(panel, task, { says: TRUTH });
      });
      expect([client, provider]).to.deep.equal([-CAP - 3n * CAP, payment]);
      for (const member of [2n, 3n, 4n]) expect(of(member)).to.equal(CAP);
    });

    it("in the last second it buys no more than in any other", async () => {
      const { panel, task, dispute } = await disputed();
      const { markedAt } = await panel.taskManager.getTask(task.taskId);
      await passTo(Number(markedAt) + task.order.reviewPeriod);
      const { client, provider } = await gains(panel, async () => {
        await dispute();
        await play(panel, task, { says: TRUTH });
      });
      expect([client, provider]).to.deep.equal([-CAP - 3n * CAP, payment]);
    });

    it("it may dispute what was reserved for a provider, likewise", async () => {
      const panel = await loadFixture(deployPanel);
      const task = await disclosedTask(panel, { reservation: 600 }, "lie");
      const { client, provider } = await gains(panel, async () => {
        await panel.taskManager.connect(panel.client).dispute(task.packed);
        await networkHelpers.mine(5, { interval: 1 });
        await play(panel, task, { says: TRUTH });
      });
      expect([client, provider]).to.deep.equal([-CAP, -BOND]);
    });

    it("two validators of its own of three seats rob an honest provider of a price, and burn the rest of its bond", async () => {
      const { panel, task, dispute } = await disputed();
      const { client, provider, of } = await gains(panel, async () => {
        await dispute();
        await play(panel, task, { says: ["lie", "lie", "truth"] });
      });
      expect(provider).to.equal(-BOND);
      // What they gain is a price; they had to win the draw with twice the bond at stake.
      expect(client + of(2n) + of(3n)).to.equal(CAP);
    });

    it("one of three loses its lock and helps nobody", async () => {
      const { panel, task, dispute } = await disputed();
      const { client, provider, of } = await gains(panel, async () => {
        await dispute();
        await play(panel, task, { says: ["lie", "truth", "truth"] });
      });
      expect([provider, client + of(2n)]).to.deep.equal([payment, -CAP - 2n * CAP - BOND]);
    });

    it("one that is silent beside a single honest one takes the provider's pay, at three times that cost at least", async () => {
      const { panel, task, dispute } = await disputed();
      const { client, provider, of } = await gains(panel, async () => {
        await dispute();
        await play(panel, task, { says: ["truth", "-"] });
      });
      expect(provider).to.equal(0n);
      expect(client + of(3n)).to.equal(-CAP / 2n - BOND);
    });
  });

  describe("of a validator", () => {
    it("to lie, or not to open, costs it all that it locked, and the others nothing", async () => {
      for (const third of ["lie", "-"]) {
        const { panel, task, dispute } = await disputed();
        const { provider, of } = await gains(panel, async () => {
          await dispute();
          await play(panel, task, { says: ["truth", "truth", third] });
        });
        expect([provider, of(2n), of(3n), of(4n)]).to.deep.equal([payment, CAP, CAP, -BOND]);
      }
    });

    it("to copy a seal is of no use: it opens for the one that made it only", async () => {
      const { panel, task, dispute } = await disputed();
      await dispute();
      await everybodySits(panel, task);
      const seat = await sitOn(panel, task, 2n);
      const copier = panel.taskManager.connect(ownerOf(panel, 3n));
      await copier.takeSeat(task.packed, 3, MIN_WEIGHT, seat.seal);
      await passSealing(panel, task);
      await reveal(panel, task);
      await vote(panel, task, seat);
      const { resultDigest, salt, envelopeHash } = seat;
      await expect(
        copier.openVote(task.taskId, 1, resultDigest, salt, envelopeHash, true),
      ).to.be.revertedWithCustomError(panel.taskManager, "SealMismatch");
    });

    it("to open the seat of another, with another report about the envelope, is refused", async () => {
      const { panel, task, dispute } = await disputed();
      await dispute();
      await everybodySits(panel, task);
      const seat = await sitOn(panel, task, 2n);
      await passSealing(panel, task);
      await reveal(panel, task);
      await expect(vote(panel, task, seat, { available: false, caller: ownerOf(panel, 3n) }))
        .to.be.revertedWithCustomError(panel.taskManager, "NotAgent")
        .withArgs(2, await ownerOf(panel, 3n).getAddress());
    });
  });

  it("a stolen key of an agent joins no pool of the thief's, whose panels would pay themselves from the stake", async () => {
    const panel = await loadFixture(deployPanel);
    const { sourceRegistry, providerPool, agent, provider, stranger } = panel;
    await sourceRegistry
      .connect(stranger)
      .publish(
        { floorPrice: FLOOR, stakePerSlot: STAKE_PER_SLOT, royaltyBps: 0 },
        { manifestDigest: random32(), environments: 1, minGpuMemory: 0, deterministic: true },
        [],
      );
    await expect(providerPool.connect(agent).joinPool(provider, 3, 1, 1, 1, 0))
      .to.be.revertedWithCustomError(providerPool, "NotApproved")
      .withArgs(provider, 3);
    await expect(providerPool.connect(agent).approveSource(provider, 3, true)).to.be.revertedWithCustomError(
      providerPool,
      "NotOwner",
    );
  });
});
