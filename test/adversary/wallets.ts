import { expect } from "chai";
import { AbiCoder, id, parseEther, ZeroAddress } from "ethers";
import { packOrder, signOrder, taskIdOf } from "../../src/protocol/order.js";
import { HostileJudge__factory } from "../../typechain-types/index.js";
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
import { CAP, deployMarket, type Market, proofOrder, reviewOrder } from "../helpers/suite.js";

// A signature that could be mistaken for the answer: it starts with the selector of `isValidSignature`.
const SIGNATURE = AbiCoder.defaultAbiCoder().encode(["bytes4"], [id("isValidSignature(bytes32,bytes)").slice(0, 10)]);

/** A signed order of `client`, which has a deposit, ready to be posted by a stranger. */
async function orderOf(market: Market, client: string, signature = SIGNATURE) {
  const order = await reviewOrder(market, { client });
  const packed = packOrder(order);
  const taskId = taskIdOf(order, market.domain);
  const manager = market.taskManager.connect(market.stranger);
  return {
    order,
    packed,
    taskId,
    post: (gasLimit = 2_000_000) => manager.submitSigned(packed, signature, { gasLimit }),
    attempt: (gasLimit: number) =>
      outcomeOf(() => manager.submitSigned.staticCall(packed, signature, { gasLimit }), manager),
  };
}

/** A market with a hostile contract wallet that has a deposit and wants an order posted. */
async function deployWalletMarket() {
  const market = await deployMarket();
  const wallet = await new HostileJudge__factory(market.deployer).deploy();
  await market.deployer.sendTransaction({ to: wallet, value: 10n });
  for (const account of [wallet, IDENTITY]) {
    await market.escrow.connect(market.deployer).depositFor(account, { value: parseEther("1") });
  }
  return { ...market, wallet, task: await orderOf(market, await wallet.getAddress()) };
}

const latestGas = async (): Promise<number> => Number((await ethers.provider.getBlock("latest"))?.gasUsed);

describe("adversary: contract wallets", () => {
  describe("when the wallet says no", () => {
    for (const mode of REFUSALS) {
      it(`with ${mode}, its order is refused, at no more than its gas, and nothing changes`, async () => {
        const market = await loadFixture(deployWalletMarket);
        const { wallet, taskManager, task } = market;
        await wallet.behave(JudgeMode[mode], 0);
        const accounts = { ...(await partiesOf(market)), wallet: await wallet.getAddress() };
        const scope = { taskIds: [task.taskId], accounts, providers: [1n] };
        const before = await observe(market, scope, "pending");

        await expect(task.post())
          .to.be.revertedWithCustomError(taskManager, "InvalidSignature")
          .withArgs(task.taskId, wallet);

        const gas = await latestGas();
        expect(gas).to.be.lessThan(CALL_GAS + 60_000);
        if (mode === "Burn" || mode === "Invalid") expect(gas).to.be.greaterThan(CALL_GAS);
        expect(await observe(market, scope)).to.deep.equal(before);
        expect(await ethers.provider.getBalance(wallet)).to.equal(10n);
      });
    }
  });

  describe("when the wallet says yes", () => {
    it("its order is posted and paid from its balance", async () => {
      const { escrow, taskManager, wallet, task } = await loadFixture(deployWalletMarket);
      await task.post();
      expect((await taskManager.getTask(task.taskId)).state).to.equal(TaskState.Open);
      const { free, held } = await escrow.accountOf(wallet);
      expect([free, held]).to.deep.equal([parseEther("1") - CAP, CAP]);
    });

    it("with half a megabyte behind it, that costs its own gas only", async () => {
      const { taskManager, wallet, task } = await loadFixture(deployWalletMarket);
      await wallet.behave(JudgeMode.BombYes, 0);
      await task.post();
      expect((await taskManager.getTask(task.taskId)).state).to.equal(TaskState.Open);
      expect(await latestGas()).to.be.lessThan(CALL_GAS + 120_000);
    });

    it("with enough gas only, it gets that with every transaction that reaches it", async () => {
      const { wallet, task } = await loadFixture(deployWalletMarket);
      await wallet.behave(JudgeMode.YesIfGas, FOUND_GAS);
      await expectOneAnswer(task.attempt, "success");
    });

    it("with little gas only, no transaction brings it to say so", async () => {
      const { wallet, task } = await loadFixture(deployWalletMarket);
      await wallet.behave(JudgeMode.YesIfLittleGas, FOUND_GAS);
      await expectOneAnswer(task.attempt, "InvalidSignature");
    });

    it("a transaction with too little gas for it is told so", async () => {
      const { taskManager, task } = await loadFixture(deployWalletMarket);
      const tooLittle = (available: bigint) => available > 450_000n && available < BigInt(REQUIRED_GAS);
      await expect(task.post(530_000))
        .to.be.revertedWithCustomError(taskManager, "InsufficientCallGas")
        .withArgs(tooLittle, REQUIRED_GAS);
    });

    it("to a signed proof, it cannot be brought to another answer by the gas either", async () => {
      const market = await loadFixture(deployWalletMarket);
      const { wallet, taskManager, agent } = market;
      await wallet.behave(JudgeMode.YesIfLittleGas, FOUND_GAS);
      const order = packOrder(await proofOrder(market, { client: await wallet.getAddress() }));
      const entry = {
        order,
        signature: SIGNATURE,
        resultDigest: id("result"),
        envelopeHash: id("envelope"),
        proof: "0x",
      };
      const manager = taskManager.connect(agent);
      for (const call of [
        (gasLimit: number) => outcomeOf(() => manager.proveSigned.staticCall(1, entry, { gasLimit }), manager),
        (gasLimit: number) => outcomeOf(() => manager.proveBatch.staticCall(1, [entry], { gasLimit }), manager),
      ]) {
        await expectOneAnswer(call, "InvalidSignature");
      }
    });
  });

  describe("when the client is no wallet at all", () => {
    it("a precompile that echoes the call has signed nothing", async () => {
      const market = await loadFixture(deployWalletMarket);
      const { post, taskId } = await orderOf(market, IDENTITY);
      await expect(post())
        .to.be.revertedWithCustomError(market.taskManager, "InvalidSignature")
        .withArgs(taskId, IDENTITY);
      expect((await market.escrow.accountOf(IDENTITY)).free).to.equal(parseEther("1"));
    });

    it("nobody, to whom a broken signature recovers, has signed nothing", async () => {
      const market = await loadFixture(deployWalletMarket);
      for (const signature of ["0x", `0x${"00".repeat(65)}`, `0x${"11".repeat(64)}1b`]) {
        const { post, taskId } = await orderOf(market, ZeroAddress, signature);
        await expect(post())
          .to.be.revertedWithCustomError(market.taskManager, "InvalidSignature")
          .withArgs(taskId, ZeroAddress);
      }
    });

    it("the key of its deployer does not sign for a contract", async () => {
      const market = await loadFixture(deployWalletMarket);
      const { wallet, deployer, taskManager } = market;
      await wallet.behave(JudgeMode.Zero, 0);
      const { order, packed, taskId } = market.task;
      const signature = await signOrder(deployer, order, market.domain);
      await expect(taskManager.submitSigned(packed, signature))
        .to.be.revertedWithCustomError(taskManager, "InvalidSignature")
        .withArgs(taskId, wallet);
    });
  });
});
