import { expect } from "chai";
import { type AddressLike, type ContractTransactionResponse, parseEther } from "ethers";
import { packOrder, type PackedOrder, taskIdOf } from "../../src/protocol/order.js";
import { type HostileAccount, HostileAccount__factory } from "../../typechain-types/index.js";
import { ethers, loadFixture, time } from "../helpers/network.js";
import { START, TaskState } from "../helpers/states.js";
import {
  attest,
  CAP,
  deployMarket,
  FEE_BPS,
  proofOrder,
  resultFor,
  reviewOrder,
  ROYALTY_BPS,
  WINDOWS,
} from "../helpers/suite.js";

const Receipt = { Reject: 1, Burn: 3 } as const;
// Nobody that is paid is called, so none of them can use up more than this.
const options = { gasLimit: 300_000 };

/** A market in which client, payout account, publisher and treasury are contracts that refuse coin. */
async function deployHostileMarket() {
  const market = await deployMarket();
  const { deployer, escrow, sourceRegistry, providerPool, taskManager, publisher, owner, providerOwner } = market;
  const refusing = async (): Promise<HostileAccount> => {
    const account = await new HostileAccount__factory(deployer).deploy();
    await account.behave(Receipt.Reject, account, "0x");
    return account;
  };
  const [client, payout, buyer, treasury] = [await refusing(), await refusing(), await refusing(), await refusing()];
  await escrow.connect(deployer).depositFor(client, { value: parseEther("1") });
  await sourceRegistry.connect(publisher).transferFrom(publisher, buyer, 1);
  await providerPool.connect(providerOwner).setPayout(1, payout);
  await taskManager.connect(owner).setTreasury(treasury);
  const freeOf = async (account: AddressLike) => (await escrow.accountOf(account)).free;
  /** Lets the client contract call TaskManager. */
  const asClient = (method: "submit" | "accept" | "cancel" | "refund", packed: PackedOrder) =>
    client.execute(
      taskManager,
      // One of the four, all of the same type.
      taskManager.interface.encodeFunctionData(method as "submit", [packed]),
      options,
    );
  return { ...market, refusing: { client, payout, publisher: buyer, treasury }, freeOf, asClient };
}

type HostileMarket = Awaited<ReturnType<typeof deployHostileMarket>>;

async function submitted(market: HostileMarket) {
  const order = await reviewOrder(market, { client: await market.refusing.client.getAddress(), rampDuration: 0 });
  const packed = packOrder(order);
  const taskId = taskIdOf(order, market.domain);
  await market.asClient("submit", packed);
  return { order, packed, taskId, ...resultFor(taskId, market.provider) };
}

describe("adversary: accounts that refuse coin", () => {
  const fee = (CAP * FEE_BPS) / 10_000n;
  const royalty = (CAP * ROYALTY_BPS) / 10_000n;

  async function expectPaid(market: HostileMarket, settle: () => Promise<ContractTransactionResponse>) {
    const { escrow, freeOf, refusing, taskManager } = market;
    // No coin moves at all: everyone is credited.
    await expect(settle()).to.changeEtherBalance(ethers, escrow, 0n);
    expect(await freeOf(refusing.payout)).to.equal(CAP - fee - royalty);
    expect(await freeOf(refusing.publisher)).to.equal(royalty);
    await expect(taskManager.collectFees([refusing.client], options)).to.changeEtherBalance(ethers, escrow, 0n);
    expect(await freeOf(refusing.treasury)).to.equal(fee);
    for (const account of Object.values(refusing)) expect(await account.receipts()).to.equal(0n);
  }

  for (const [name, receipt] of Object.entries(Receipt)) {
    describe(`when client, payout account, publisher and treasury ${name.toLowerCase()}`, () => {
      async function market(): Promise<HostileMarket> {
        const loaded = await loadFixture(deployHostileMarket);
        for (const account of Object.values(loaded.refusing)) await account.behave(receipt, account, "0x");
        return loaded;
      }

      it("accept pays", async () => {
        const hostile = await market();
        const { packed, seal } = await submitted(hostile);
        await hostile.taskManager.connect(hostile.agent).deliver(packed, 1, seal, options);
        await expectPaid(hostile, () => hostile.asClient("accept", packed));
      });

      it("settle pays", async () => {
        const hostile = await market();
        const { packed, seal, commitment, envelope, order } = await submitted(hostile);
        const provider = hostile.taskManager.connect(hostile.agent);
        await provider.deliver(packed, 1, seal, options);
        await provider.disclose(packed, commitment, envelope, options);
        await time.increase(order.reviewPeriod + 1);
        await expectPaid(hostile, () => hostile.taskManager.connect(hostile.stranger).settle(packed, options));
      });

      it("prove pays", async () => {
        const hostile = await market();
        const order = await proofOrder(hostile, {
          client: await hostile.refusing.client.getAddress(),
          rampDuration: 0,
        });
        const packed = packOrder(order);
        const taskId = taskIdOf(order, hostile.domain);
        const { resultDigest, envelopeHash } = resultFor(taskId, 1n);
        const proof = await attest(hostile, taskId, 1n, order.inputDigest, { resultDigest, envelopeHash });
        await hostile.asClient("submit", packed);
        const provider = hostile.taskManager.connect(hostile.agent);
        await expectPaid(hostile, () =>
          provider.prove(packed, 1, resultDigest, envelopeHash, proof, { gasLimit: 800_000 }),
        );
      });

      it("refund pays the client back, and the contract that calls it its tip", async () => {
        const hostile = await market();
        const { packed, order, taskId } = await submitted(hostile);
        await time.increaseTo(order.deadline + 1);
        const data = hostile.taskManager.interface.encodeFunctionData("refund", [packed]);
        await hostile.refusing.payout.execute(hostile.taskManager, data, options);
        const startFee = (START * FEE_BPS) / 10_000n;
        const tip = (CAP * 50n) / 10_000n;
        expect((await hostile.taskManager.getTask(taskId)).state).to.equal(TaskState.Refunded);
        expect(await hostile.freeOf(hostile.refusing.payout)).to.equal(tip);
        expect(await hostile.freeOf(hostile.refusing.client)).to.equal(parseEther("1") - startFee - tip);
      });

      it("reopen slashes", async () => {
        const hostile = await market();
        const { packed, taskId, order } = await submitted(hostile);
        await hostile.taskManager.connect(hostile.agent).deliver(packed, 1, `0x${"77".repeat(32)}`, options);
        await time.increase(WINDOWS.disclose + 1);
        const { stake } = await hostile.providerPool.getProvider(1);
        await hostile.taskManager.connect(hostile.stranger).reopen(packed, options);
        expect((await hostile.taskManager.getTask(taskId)).state).to.equal(TaskState.Open);
        // Half of the bond, as the price could rise by as much.
        expect((await hostile.providerPool.getProvider(1)).stake).to.equal(stake - order.bond / 2n);
      });
    });
  }

  it("a payout account that refuses coin is of no help to keep stake from being claimed elsewhere", async () => {
    const { providerPool, providerOwner, refusing, freeOf } = await loadFixture(deployHostileMarket);
    const pool = providerPool.connect(providerOwner);
    const { free } = await providerPool.getProvider(1);
    await pool.unbond(1, free);
    await time.increase((await providerPool.UNBONDING_PERIOD()) + 1n);
    await pool.claim(1, options);
    expect(await freeOf(refusing.payout)).to.equal(free);
  });
});
