import { expect } from "chai";
import { dataSlice, parseEther, sha256, toUtf8Bytes, ZeroHash, zeroPadBytes } from "ethers";
import {
  MIN_WEIGHT,
  reachAt,
  type SeatOutcome,
  seatLock,
  ticketBound,
  ticketOf,
} from "../../src/protocol/consensus.js";
import { commitmentOf, sealOf } from "../../src/protocol/seal.js";
import { shares, speakingAs, State } from "../helpers/manager.js";
import { loadFixture, networkHelpers, passTo, time } from "../helpers/network.js";
import {
  everybodyEnters,
  openSeat,
  ownerOf,
  type Panel,
  postRound,
  sealedRound,
  seatMember,
} from "../helpers/rounds.js";
import { CAP, WINDOWS } from "../helpers/suite.js";
import {
  claimingEnd,
  deployFive,
  deploySix,
  expectRefusal,
  expectVerdict,
  openingEnd,
  openSeats,
  panelOf,
  passDeadline,
  WEIGHT_UNIT,
} from "../helpers/verdicts.js";

/** The part of a seal that seats keep, as errors show it. */
const kept = (seal: string): string => zeroPadBytes(dataSlice(seal, 0, 26), 32);

/** As large as the pool of the largest round must be. */
const deployEighteen = () => panelOf(18);

/** A round in which two members have sealed one bit, and a third is about to seal. */
async function deployRound() {
  const panel = await deployFive();
  const { task, seats } = await sealedRound(panel, ["1", "1"]);
  const [first, second] = seats;
  if (first === undefined || second === undefined) throw new Error("no seats");
  const [, , third = 0n] = [...panel.members.keys()];
  return { panel, task, taskId: task.taskId, first, second, third, rival: ownerOf(panel, third) };
}

describe("adversary: rounds", () => {
  describe("when a provider copies instead of computing", () => {
    it("the seal of another opens for its maker, never for the copier, and costs the copier its whole lock", async () => {
      const { panel, task, taskId, first, second, third, rival } = await loadFixture(deployRound);
      await panel.taskManager.connect(rival).takeSeat(task.packed, third, MIN_WEIGHT, first.seal);
      const copy = { ...first, seat: 2n, provider: third, owner: rival };
      const { commitment, envelopeHash } = first;
      const found = sealOf({ taskId, provider: third, commitment, envelopeHash });
      // Before the opening it has nothing to open with; after it, the opening does not fit.
      await openSeat(panel, task, first);
      for (const owner of [rival, first.owner, panel.stranger]) {
        const act = () => openSeat(panel, task, { ...copy, owner });
        await expectRefusal(panel, act, "SealMismatch", [taskId, kept(first.seal), kept(found)]);
      }
      await openSeat(panel, task, second);
      await passTo((await openingEnd(panel, task)) + 1);
      const outcomes = ["Paid", "Paid", "Unopened"] as const;
      await expectVerdict(panel, task, [first, second, copy], { outcomes }, () =>
        panel.taskManager.connect(panel.client).accept(task.packed),
      );
    });

    it("a seal of one task opens in no other, not even for the provider that made it", async () => {
      const panel = await loadFixture(deployFive);
      const tasks = [await postRound(panel), await postRound(panel)] as const;
      await everybodyEnters(tasks[1]);
      const made = await seatMember(panel, tasks[0], 1n);
      await panel.taskManager.connect(made.owner).takeSeat(tasks[1].packed, 1, MIN_WEIGHT, made.seal);
      await passDeadline(tasks[1]);
      const { commitment, envelopeHash } = made;
      const { taskId } = tasks[1];
      const args = [taskId, kept(made.seal), kept(sealOf({ taskId, provider: 1, commitment, envelopeHash }))];
      await expectRefusal(panel, () => openSeat(panel, tasks[1], made), "SealMismatch", args);
      await openSeat(panel, tasks[0], made);
    });

    it("one bit of output is not read off the seals, though there are but two digests", async () => {
      const { panel, taskId, first, second } = await loadFixture(deployRound);
      const { seats } = await panel.taskManager.getRound(taskId);
      const digests = ["0", "1"].map((output) => sha256(toUtf8Bytes(output)));
      const fitting: string[] = [];
      for (const [place, { provider, salt, envelopeHash }] of [first, second].entries()) {
        // Give it the hash of the envelope, too. All that it lacks is the salt.
        const known = [ZeroHash, taskId, envelopeHash, ...seats.map(({ seal }) => zeroPadBytes(seal, 32)), ...digests];
        for (const [bit, digest] of digests.entries()) {
          for (const guess of [...known, salt]) {
            const found = sealOf({ taskId, provider, commitment: commitmentOf(digest, guess), envelopeHash });
            if (dataSlice(found, 0, 26) !== seats[place]?.seal) continue;
            fitting.push(`${bit}${guess === salt ? " with the salt" : ""}`);
          }
        }
      }
      expect(fitting).to.deep.equal(["1 with the salt", "1 with the salt"]);
      // Equal results do not even look alike.
      expect(seats[0]?.seal).not.to.equal(seats[1]?.seal);
    });

    it("nor can it open what it guesses of them", async () => {
      const { panel, task, taskId, first, third } = await loadFixture(deployRound);
      await seatMember(panel, task, third, { output: "0" });
      for (const output of ["0", "1"]) {
        const resultDigest = sha256(toUtf8Bytes(output));
        for (const salt of [ZeroHash, taskId]) {
          const { provider, envelopeHash } = first;
          const found = sealOf({ taskId, provider, commitment: commitmentOf(resultDigest, salt), envelopeHash });
          const act = () => openSeat(panel, task, { ...first, resultDigest, salt });
          await expectRefusal(panel, act, "SealMismatch", [taskId, kept(first.seal), kept(found)]);
        }
      }
    });

    it("who reads the openings of others cannot open their result in place of its own", async () => {
      const { panel, task, taskId, first, second, third } = await loadFixture(deployRound);
      const junk = await seatMember(panel, task, third, { output: "junk" });
      await openSeats(panel, task, [first, second]);
      const { resultDigest } = first;
      for (const salt of [junk.salt, first.salt]) {
        const { provider, envelopeHash } = junk;
        const found = sealOf({ taskId, provider, commitment: commitmentOf(resultDigest, salt), envelopeHash });
        const act = () => openSeat(panel, task, { ...junk, resultDigest, salt });
        await expectRefusal(panel, act, "SealMismatch", [taskId, kept(junk.seal), kept(found)]);
      }
    });

    it("nothing is opened before the last seal is in", async () => {
      const { panel, task, taskId, first, third } = await loadFixture(deployRound);
      const { deadline } = task.order;
      await passTo(deadline);
      await expectRefusal(panel, () => openSeat(panel, task, first), "TooEarly", [taskId, deadline, deadline]);
      await seatMember(panel, task, third);
      await openSeat(panel, task, first);
    });
  });

  describe("when one seat of a round that closed early is lost", () => {
    for (const weights of [
      [4, 4, 4],
      [4, 6, 6],
      [6, 6, 4],
    ]) {
      for (const lost of weights.keys()) {
        for (const how of ["contradicts", "is silent"] as const) {
          it(`seat ${lost} of weights ${weights.join(", ")} ${how}, and the others are paid`, async () => {
            const panel = await loadFixture(deploySix);
            const outputs = weights.map((_, seat) => (seat === lost ? "lie" : "truth"));
            const { task, seats } = await sealedRound(panel, outputs, { trust: 4 }, weights);
            // A fourth seat was still free.
            expect((await panel.taskManager.getTask(task.taskId)).opened).to.be.true;
            const silent = how === "is silent";
            await openSeats(
              panel,
              task,
              seats.filter((_, seat) => !silent || seat !== lost),
            );
            if (silent) await passTo((await openingEnd(panel, task)) + 1);
            const outcomes = weights.map((_, seat): SeatOutcome =>
              seat !== lost ? "Paid" : silent ? "Unopened" : "Wrong",
            );
            await expectVerdict(panel, task, seats, { outcomes }, () =>
              panel.taskManager.connect(panel.client).accept(task.packed),
            );
          });
        }
      }
    }
  });

  describe("when a liar leaves before the verdict and", () => {
    const ways: Record<string, (panel: Panel, provider: bigint) => Promise<void>> = {
      "unbonds all that is free": async (panel, provider) => {
        const pool = panel.providerPool.connect(ownerOf(panel, provider));
        await pool.unbond(provider, (await pool.getProvider(provider)).free);
      },
      "leaves the pool and unbonds everything": async (panel, provider) => {
        const pool = panel.providerPool.connect(ownerOf(panel, provider));
        await pool.leavePool(provider, 1);
        await pool.unbond(provider, (await pool.getProvider(provider)).free);
      },
      "claims everything when it is unbonded": async (panel, provider) => {
        const pool = panel.providerPool.connect(ownerOf(panel, provider));
        await pool.leavePool(provider, 1);
        await pool.unbond(provider, (await pool.getProvider(provider)).free);
        await time.increase((await pool.UNBONDING_PERIOD()) + 1n);
        await pool.claim(provider);
      },
      "sells itself": async (panel, provider) => {
        const pool = panel.providerPool.connect(ownerOf(panel, provider));
        await pool.transferOwnership(provider, panel.stranger);
        await panel.providerPool.connect(panel.stranger).acceptOwnership(provider);
      },
    };
    for (const [name, leave] of Object.entries(ways)) {
      for (const outcome of ["Wrong", "Unopened"] as const) {
        it(`${name}, the whole lock is slashed all the same: ${outcome}`, async () => {
          const panel = await loadFixture(deploySix);
          const weights = [4, 4, 4];
          const { task, seats } = await sealedRound(panel, ["a", "b", "a"], { trust: 4 }, weights);
          const liar = seats[1]?.provider ?? 0n;
          const lock = seatLock(CAP, 4, WEIGHT_UNIT);
          // It opens while it still can, or not at all.
          await openSeats(
            panel,
            task,
            seats.filter(({ provider }) => outcome === "Wrong" || provider !== liar),
          );
          await leave(panel, liar);
          const before = await panel.providerPool.getProvider(liar);
          expect(before.locked).to.be.greaterThanOrEqual(lock);
          const end = (await openingEnd(panel, task)) + 1;
          if ((await time.latest()) < end - 1) await passTo(end);
          await panel.taskManager.connect(panel.client).accept(task.packed);
          const after = await panel.providerPool.getProvider(liar);
          expect(after.stake).to.equal(before.stake - lock);
          expect(after.locked).to.equal(before.locked - lock);
          expect([after.free, after.unbonding]).to.deep.equal([before.free, before.unbonding]);
          expect((await panel.reputation.getRecord(liar)).frauds).to.equal(1n);
        });
      }
    }

    it("asks for what is locked, it gets none of it", async () => {
      const panel = await loadFixture(deployFive);
      const { seats } = await sealedRound(panel, ["a", "b", "a"]);
      const liar = seats[1]?.provider ?? 0n;
      const pool = panel.providerPool.connect(ownerOf(panel, liar));
      await pool.leavePool(liar, 1);
      const { free, stake } = await pool.getProvider(liar);
      expect(free).to.equal(stake - CAP);
      const args = [liar, free, free + 1n];
      await expectRefusal(panel, () => pool.unbond(liar, free + 1n), "InsufficientStake", args, pool);
    });
  });

  it("a provider that is jailed while it sits still opens, claims and is paid", async () => {
    const panel = await loadFixture(deployFive);
    const { providerPool, taskManager, stranger } = panel;
    const { task, seats } = await sealedRound(panel, ["a", "b", "a"]);
    const until = (await time.latest()) + 1_000_000;
    await providerPool.connect(await speakingAs(taskManager)).jail(1, until);
    await openSeats(panel, task, seats);
    const [first, , third] = seats;
    if (first === undefined || third === undefined) throw new Error("no seats");
    await taskManager.connect(first.owner).claimSeat(task.packed, 0, first.envelope);
    const claim = ["SeatClaimed", [task.taskId, third.provider, panel.client.address, 2n, third.envelope]];
    const ending = { outcomes: ["Paid", "Wrong", "Paid"] as const, first: [claim as [string, unknown[]]] };
    await expectVerdict(panel, task, seats, ending, () =>
      taskManager.connect(stranger).claimSeat(task.packed, 2, third.envelope),
    );
    // Not so the next round.
    const next = await sealedRound(panel, []);
    await expectRefusal(panel, () => seatMember(panel, next.task, 1n), "Jailed", [1, until], providerPool);
  });

  describe("when somebody would like another draw", () => {
    it("the seed stands once it is captured, for 256 blocks and more, and so does every ticket", async () => {
      const panel = await loadFixture(deployFive);
      const { taskManager, agent } = panel;
      const task = await postRound(panel, { deadline: (await time.latest()) + 100_000 });
      await taskManager.captureSeed(task.taskId);
      const { seed } = await taskManager.getRound(task.taskId);
      for (let turn = 0; turn < 3; turn++) {
        await networkHelpers.mine(256, { interval: 1 });
        const act = () => taskManager.connect(agent).captureSeed(task.taskId);
        await expectRefusal(panel, act, "WrongState", [task.taskId, State.Round]);
        expect((await taskManager.getRound(task.taskId)).seed).to.equal(seed);
        const at = (await time.latest()) + 1;
        await time.setNextBlockTimestamp(at);
        const bound = (slots: number) =>
          ticketBound(reachAt(at - task.openedAt, task.order.deadline - task.openedAt), {
            slots,
            capacity: 6,
          });
        for (const provider of panel.members.keys()) {
          const ticket = ticketOf(seed, task.taskId, provider);
          const limit = bound(provider === 1n ? 2 : 1);
          if (ticket < limit) continue;
          const sit = () => seatMember(panel, task, provider);
          await expectRefusal(panel, sit, "NotDrawn", [task.taskId, provider, ticket, limit]);
        }
      }
    });

    it("a provider that splits or grows after the submission has nothing of it", async () => {
      const panel = await loadFixture(deployFive);
      const { providerPool } = panel;
      const task = await postRound(panel);
      const pool = providerPool.connect(ownerOf(panel, 1n));
      await pool.leavePool(1, 1);
      await pool.joinPool(1, 1, 1, 8, 1, 0);
      await everybodyEnters(task);
      const { joinedAt } = await providerPool.getMembership(1, 1);
      const args = [1, 1, joinedAt, task.openedAt];
      await expectRefusal(panel, () => seatMember(panel, task, 1n), "JoinedTooLate", args, providerPool);
    });
  });

  describe("when somebody fills the blocks, or one is slow", () => {
    it(`openings have ${WINDOWS.open / 3600} hour and claims ${WINDOWS.claim / 3600} hours more: one transaction in the last second of each is enough`, async () => {
      const panel = await loadFixture(deployFive);
      const { taskManager, stranger } = panel;
      const { task, seats } = await sealedRound(panel, ["a", "a", "a"]);
      const encode = taskManager.interface;
      await passTo(await openingEnd(panel, task));
      await taskManager
        .connect(stranger)
        .multicall(
          seats.map(({ seat, resultDigest, salt, envelopeHash }) =>
            encode.encodeFunctionData("openSeat", [task.taskId, seat, resultDigest, salt, envelopeHash]),
          ),
        );
      await passTo(await claimingEnd(panel, task));
      await taskManager
        .connect(stranger)
        .multicall(
          seats.map(({ seat, envelope }) => encode.encodeFunctionData("claimSeat", [task.packed, seat, envelope])),
        );
      expect((await taskManager.getTask(task.taskId)).state).to.equal(State.Settled);
      const { payment } = shares(CAP);
      for (const { owner } of seats) expect((await panel.escrow.accountOf(owner)).free).to.equal(payment);
    });

    it("a claim in the last second and the settlement after it do not race: each has its own seconds", async () => {
      const panel = await loadFixture(deployFive);
      const { taskManager, stranger } = panel;
      const { task, seats } = await sealedRound(panel, ["a", "a", "a"]);
      await openSeats(panel, task, seats);
      const end = await claimingEnd(panel, task);
      await passTo(end);
      const settle = () => taskManager.connect(stranger).settle(task.packed);
      await expectRefusal(panel, settle, "TooEarly", [task.taskId, end, end]);
      await taskManager.connect(stranger).claimSeat(task.packed, 0, seats[0]?.envelope ?? "0x");
      await time.setNextBlockTimestamp(end + 1);
      const ending = { outcomes: ["Paid", "Unclaimed", "Unclaimed"] as const, caller: "stranger" as const };
      await expectVerdict(panel, task, seats, ending, settle);
    });
  });

  describe("when the client sits in its own round under another name", () => {
    it("and contradicts, the two of them have no more than had they been honest", async () => {
      const worth = async (output: string): Promise<bigint> => {
        const panel = await loadFixture(deployFive);
        const { taskManager, client, escrow, providerPool } = panel;
        const [, , puppet = 0n] = [...panel.members.keys()];
        const { task, seats } = await sealedRound(panel, ["a", "a", output]);
        await openSeats(panel, task, seats);
        await taskManager.connect(client).accept(task.packed);
        const own = (await escrow.accountOf(client)).free;
        const earned = (await escrow.accountOf(ownerOf(panel, puppet))).free;
        return own + earned + (await providerPool.getProvider(puppet)).stake;
      };
      expect(await worth("lie")).to.be.lessThan(await worth("a"));
    });
  });

  it("a bond as large as the stake binds sixteen seats at once, and all of them are slashed", async () => {
    const panel = await loadFixture(deployEighteen);
    const bond = parseEther("0.8");
    const { task, seats } = await sealedRound(panel, Array<string>(16).fill("a"), { trust: 16_384, bond });
    await passTo((await openingEnd(panel, task)) + 1);
    const outcomes = seats.map((): SeatOutcome => "Unopened");
    await expectVerdict(panel, task, seats, { outcomes, caller: "stranger" }, () =>
      panel.taskManager.connect(panel.stranger).settle(task.packed),
    );
  });
});
