import { expect } from "chai";
import { parseEther } from "ethers";
import { MIN_WEIGHT } from "../../src/protocol/consensus.js";
import { loadFixture, time } from "../helpers/network.js";
import { everybodyEnters, ownerOf, type Panel, postRound, type RoundTask, seatMember } from "../helpers/rounds.js";
import { FLOOR, random32 } from "../helpers/suite.js";
import { deployFive, openingEnd, openSeats } from "../helpers/verdicts.js";

/** Providers of the attacker, whose client account is the stranger's. */
const PUPPETS = [2n, 3n];

/** What the attacker has in Escrow and staked. */
async function worthOf(panel: Panel): Promise<bigint> {
  const { escrow, providerPool, stranger } = panel;
  const { free, held } = await escrow.accountOf(stranger);
  let worth = free + held;
  for (const puppet of PUPPETS) {
    const { stake } = await providerPool.getProvider(puppet);
    const earned = await escrow.accountOf(ownerOf(panel, puppet));
    worth += stake + earned.free;
  }
  return worth;
}

/** The attacker posts an order of its own at the floor, whose bond is all that provider 1 has free. */
async function postTrap(panel: Panel): Promise<RoundTask> {
  const { free: bond } = await panel.providerPool.getProvider(1);
  const task = await postRound({ ...panel, client: panel.stranger }, { maxReward: FLOOR, bond });
  await everybodyEnters(task);
  return task;
}

async function deployTrap() {
  const panel = await deployFive();
  await panel.escrow.connect(panel.stranger).deposit({ value: parseEther("1") });
  return panel;
}

describe("adversary: rounds as a way to carry stake off", () => {
  it("whoever has stolen an agent's key gains nothing by sealing junk in a round of its own", async () => {
    const panel = await loadFixture(deployTrap);
    const { taskManager, agent, stranger } = panel;
    const before = await worthOf(panel);
    const task = await postTrap(panel);
    await taskManager.connect(agent).takeSeat(task.packed, 1, MIN_WEIGHT, random32());
    const seats = [await seatMember(panel, task, 2n), await seatMember(panel, task, 3n)];
    await openSeats(panel, task, seats);
    await time.increaseTo((await openingEnd(panel, task)) + 1);
    await taskManager.connect(stranger).accept(task.packed);
    expect((await worthOf(panel)) - before, "wei that the attacker has won").to.be.lessThanOrEqual(0n);
  });

  it("a client gains nothing from an honest provider that its own providers outvote", async () => {
    const panel = await loadFixture(deployTrap);
    const { taskManager, stranger } = panel;
    const before = await worthOf(panel);
    const task = await postTrap(panel);
    const honest = await seatMember(panel, task, 1n, { output: "truth" });
    const lies = [
      await seatMember(panel, task, 2n, { output: "lie" }),
      await seatMember(panel, task, 3n, { output: "lie" }),
    ];
    await openSeats(panel, task, [honest, ...lies]);
    await taskManager.connect(stranger).accept(task.packed);
    expect((await worthOf(panel)) - before, "wei that the attacker has won").to.be.lessThanOrEqual(0n);
  });
});
