import { expect } from "chai";
import { AbiCoder, ZeroHash } from "ethers";
import { packOrder, taskIdOf } from "../../src/protocol/order.js";
import { HostileJudge__factory, IVerifier__factory } from "../../typechain-types/index.js";
import {
  CALL_GAS,
  expectOneAnswer,
  FOUND_GAS,
  IDENTITY,
  JudgeMode,
  outcomeOf,
  REFUSALS,
  REQUIRED_GAS,
} from "../helpers/judge.js";
import { ethers, loadFixture } from "../helpers/network.js";
import { observe, partiesOf } from "../helpers/observe.js";
import { TaskState } from "../helpers/states.js";
import { deployMarket, proofOrder, random32 } from "../helpers/suite.js";

/** A task whose verifier is hostile; the source also admits an account without code and a precompile. */
async function deployJudgedMarket() {
  const market = await deployMarket();
  const { deployer, publisher, stranger, sourceRegistry } = market;
  const judge = await new HostileJudge__factory(deployer).deploy();
  await deployer.sendTransaction({ to: judge, value: 10n });
  const terms = { manifestDigest: random32(), environments: 1, minGpuMemory: 0, deterministic: true };
  await sourceRegistry.connect(publisher).publishVersion(1, terms, [judge, stranger, IDENTITY]);
  return { ...market, judge, task: await judgedTask(market, await judge.getAddress()) };
}

async function judgedTask(market: Awaited<ReturnType<typeof deployMarket>>, verifier: string) {
  const order = await proofOrder(market, { version: 2, verifier });
  const packed = packOrder(order);
  const taskId = taskIdOf(order, market.domain);
  await market.taskManager.connect(market.client).submit(packed);
  const manager = market.taskManager.connect(market.agent);
  // A proof that could be mistaken for the answer.
  const { selector } = IVerifier__factory.createInterface().getFunction("verify");
  const proof = AbiCoder.defaultAbiCoder().encode(["bytes4"], [selector]);
  const claim = [packed, 1, ZeroHash, ZeroHash, proof] as const;
  return {
    taskId,
    verifier,
    prove: (gasLimit = 2_000_000) => manager.prove(...claim, { gasLimit }),
    attempt: (gasLimit: number) => outcomeOf(() => manager.prove.staticCall(...claim, { gasLimit }), manager),
  };
}

type Judged = Awaited<ReturnType<typeof deployJudgedMarket>>;

/** Gas of the transaction in the latest block. */
const latestGas = async (): Promise<number> => Number((await ethers.provider.getBlock("latest"))?.gasUsed);

describe("adversary: verifiers", () => {
  const scopeOf = async (market: Judged, taskIds: string[]) => ({
    taskIds,
    accounts: { ...(await partiesOf(market)), judge: await market.judge.getAddress() },
    providers: [1n],
  });

  describe("when the verifier says no", () => {
    for (const mode of REFUSALS) {
      it(`with ${mode}, the proof is rejected, at no more than its gas, and nothing changes`, async () => {
        const market = await loadFixture(deployJudgedMarket);
        const { judge, taskManager, task } = market;
        await judge.behave(JudgeMode[mode], 0);
        const scope = await scopeOf(market, [task.taskId]);
        const before = await observe(market, scope, "pending");

        await expect(task.prove())
          .to.be.revertedWithCustomError(taskManager, "ProofRejected")
          .withArgs(task.taskId, judge);

        const gas = await latestGas();
        expect(gas).to.be.lessThan(CALL_GAS + 80_000);
        if (mode === "Burn" || mode === "Invalid") expect(gas).to.be.greaterThan(CALL_GAS);
        expect(await observe(market, scope)).to.deep.equal(before);
        expect(await ethers.provider.getBalance(judge)).to.equal(10n);
      });
    }

    for (const name of ["an account without code", "a precompile that echoes the call"] as const) {
      it(`being ${name}, the proof is rejected`, async () => {
        const market = await loadFixture(deployJudgedMarket);
        const verifier = name === "an account without code" ? market.stranger.address : IDENTITY;
        const { taskId, prove } = await judgedTask(market, verifier);
        await expect(prove())
          .to.be.revertedWithCustomError(market.taskManager, "ProofRejected")
          .withArgs(taskId, verifier);
      });
    }
  });

  describe("when the verifier says yes", () => {
    it("with half a megabyte behind it, that costs its own gas only", async () => {
      const { judge, taskManager, task } = await loadFixture(deployJudgedMarket);
      await judge.behave(JudgeMode.BombYes, 0);
      await task.prove();
      expect((await taskManager.getTask(task.taskId)).state).to.equal(TaskState.Settled);
      const gas = await latestGas();
      expect(gas).to.be.greaterThan(CALL_GAS);
      expect(gas).to.be.lessThan(CALL_GAS + 160_000);
    });

    it("with enough gas only, it gets that with every transaction that reaches it", async () => {
      const { judge, taskManager, task } = await loadFixture(deployJudgedMarket);
      await judge.behave(JudgeMode.YesIfGas, FOUND_GAS);
      await expectOneAnswer(task.attempt, "success");
      await task.prove();
      expect((await taskManager.getTask(task.taskId)).state).to.equal(TaskState.Settled);
    });

    it("with little gas only, no transaction brings it to say so", async () => {
      const { judge, taskManager, task } = await loadFixture(deployJudgedMarket);
      await judge.behave(JudgeMode.YesIfLittleGas, FOUND_GAS);
      await expectOneAnswer(task.attempt, "ProofRejected");
      // Never more than its share, either.
      await judge.behave(JudgeMode.YesIfLittleGas, CALL_GAS);
      await task.prove();
      expect((await taskManager.getTask(task.taskId)).state).to.equal(TaskState.Settled);
    });
  });

  describe("when the transaction has too little gas for the verifier", () => {
    it("it is told so, and nothing changes", async () => {
      const market = await loadFixture(deployJudgedMarket);
      const { taskManager, task } = market;
      const scope = await scopeOf(market, [task.taskId]);
      const before = await observe(market, scope, "pending");
      const tooLittle = (available: bigint) => available > 450_000n && available < BigInt(REQUIRED_GAS);
      await expect(task.prove(520_000))
        .to.be.revertedWithCustomError(taskManager, "InsufficientCallGas")
        .withArgs(tooLittle, REQUIRED_GAS);
      expect(await observe(market, scope)).to.deep.equal(before);
    });

    it("a verifier that burns all it gets still leaves enough to say no", async () => {
      const { judge, task } = await loadFixture(deployJudgedMarket);
      await judge.behave(JudgeMode.Invalid, 0);
      await expectOneAnswer(task.attempt, "ProofRejected");
    });
  });
});
