import { expect } from "chai";
import { concat, type Signer, ZeroHash } from "ethers";
import { type Order, packOrder, signOrder, taskIdOf } from "../../../src/protocol/order.js";
import { ContractWallet__factory } from "../../../typechain-types/index.js";
import { movements, openView, startPrice, State, viewOf, words } from "../../helpers/manager.js";
import { ethers, loadFixture, time } from "../../helpers/network.js";
import { CAP, deliveredTask, deployMarket, type Market, reviewOrder } from "../../helpers/suite.js";

const MAGIC = "0x1626ba7e";

async function signed(changes: Partial<Order> = {}, signer?: Signer) {
  const market = await loadFixture(deployMarket);
  return { market, ...(await signedIn(market, changes, signer)), manager: market.taskManager.connect(market.stranger) };
}

async function signedIn(market: Market, changes: Partial<Order> = {}, signer: Signer = market.client) {
  const order = await reviewOrder(market, changes);
  const signature = await signOrder(signer, order, market.domain);
  return { order, packed: packOrder(order), taskId: taskIdOf(order, market.domain), signature };
}

describe("TaskManager.submitSigned", () => {
  it("posts what the client signed for anyone, out of the client's balance", async () => {
    const { market, manager, order, packed, taskId, signature } = await signed();
    expect(await manager.submitSigned.staticCall(packed, signature)).to.equal(taskId);
    expect(
      await movements(market, () =>
        expect(manager.submitSigned(packed, signature))
          .to.emit(manager, "TaskSubmitted")
          .withArgs(taskId, 1, market.client.address, words(packed), startPrice(CAP)),
      ),
    ).to.deep.equal({ "client.free": -CAP, "client.held": CAP });
    expect(await viewOf(market, taskId)).to.deep.equal(openView(order, await time.latest()));
  });

  describe("when the client is a contract", () => {
    async function wallet(answer = MAGIC) {
      const market = await loadFixture(deployMarket);
      const { client, deployer, escrow, domain } = market;
      const account = await new ContractWallet__factory(deployer).deploy();
      await escrow.connect(client).depositFor(account, { value: CAP });
      const order = await reviewOrder(market, { client: await account.getAddress() });
      const taskId = taskIdOf(order, domain);
      await account.approve(taskId, "0x1234", answer);
      return { market, account, order, packed: packOrder(order), taskId, manager: market.taskManager };
    }

    it("posts what it approves", async () => {
      const { market, account, manager, packed, taskId } = await wallet();
      expect(
        await movements(market, () => manager.connect(market.stranger).submitSigned(packed, "0x1234"), {
          wallet: account,
        }),
      ).to.deep.equal({ "wallet.free": -CAP, "wallet.held": CAP });
      expect((await manager.getTask(taskId)).state).to.equal(State.Open);
    });

    for (const { title, answer = MAGIC, bytes = "0x1234" } of [
      { title: "signature bytes it does not know", bytes: "0x1235" },
      { title: "nothing attached", bytes: "0x" },
      { title: "another answer than the magic one", answer: "0x1626ba7f" },
      { title: "an answer of all ones", answer: "0xffffffff" },
    ]) {
      it(`refuses ${title}`, async () => {
        const { account, manager, packed, taskId } = await wallet(answer);
        await expect(manager.submitSigned(packed, bytes))
          .to.be.revertedWithCustomError(manager, "InvalidSignature")
          .withArgs(taskId, await account.getAddress());
      });
    }

    it("refuses a contract that knows nothing of signatures", async () => {
      const { market, manager } = await wallet();
      const client = await market.escrow.getAddress();
      const order = await reviewOrder(market, { client });
      await expect(manager.submitSigned(packOrder(order), "0x1234"))
        .to.be.revertedWithCustomError(manager, "InvalidSignature")
        .withArgs(taskIdOf(order, market.domain), client);
    });
  });

  describe("when the signature is not the client's", () => {
    for (const { title, change } of [
      { title: "none", change: () => "0x" },
      { title: "a truncated one", change: (signature: string) => signature.slice(0, -2) },
      { title: "one with the other parity", change: flipParity },
      { title: "its malleable twin", change: malleate },
    ]) {
      it(`refuses ${title}`, async () => {
        const { market, manager, packed, taskId, signature } = await signed();
        await expect(manager.submitSigned(packed, change(signature)))
          .to.be.revertedWithCustomError(manager, "InvalidSignature")
          .withArgs(taskId, market.client.address);
        expect((await manager.getTask(taskId)).state).to.equal(State.None);
      });
    }

    it("refuses the signature of the sender and of an agent", async () => {
      const { market, manager, order, packed, taskId } = await signed();
      const { client, stranger, agent } = market;
      await market.taskManager.connect(client).setClientAgent(agent, true);
      for (const signer of [stranger, agent]) {
        await expect(manager.submitSigned(packed, await signOrder(signer, order, market.domain)))
          .to.be.revertedWithCustomError(manager, "InvalidSignature")
          .withArgs(taskId, client.address);
      }
    });

    it("refuses a signature over another order, for another chain and for another suite", async () => {
      const { market, manager, order, packed, taskId } = await signed();
      const { client, domain } = market;
      for (const signature of [
        await signOrder(client, { ...order, nonce: order.nonce + 1n }, domain),
        await signOrder(client, order, { ...domain, chainId: 1n }),
        await signOrder(client, order, { ...domain, taskManager: await market.escrow.getAddress() }),
      ]) {
        await expect(manager.submitSigned(packed, signature))
          .to.be.revertedWithCustomError(manager, "InvalidSignature")
          .withArgs(taskId, client.address);
      }
    });
  });

  describe("when the client has revoked it", () => {
    it("refuses a nonce below the floor, takes the floor itself", async () => {
      const { market, manager, order, packed, taskId, signature } = await signed();
      const { client, taskManager } = market;
      const floor = order.nonce + 1n;
      await taskManager.connect(client).revokeBelow(floor);
      await expect(manager.submitSigned(packed, signature))
        .to.be.revertedWithCustomError(manager, "NonceRevoked")
        .withArgs(taskId, order.nonce, floor);
      const next = await signedIn(market, { nonce: floor });
      await manager.submitSigned(next.packed, next.signature);
      expect((await manager.getTask(next.taskId)).state).to.equal(State.Open);
    });

    it("refuses a revoked order", async () => {
      const { market, manager, packed, taskId, signature } = await signed();
      await market.taskManager.connect(market.client).revoke(packed);
      await expect(manager.submitSigned(packed, signature))
        .to.be.revertedWithCustomError(manager, "WrongState")
        .withArgs(taskId, State.Revoked);
    });
  });

  it("posts an order once, even after it was settled", async () => {
    const { market, manager, packed, taskId, signature } = await signed();
    await manager.submitSigned(packed, signature);
    await expect(manager.submitSigned(packed, signature))
      .to.be.revertedWithCustomError(manager, "WrongState")
      .withArgs(taskId, State.Open);
    const settled = await deliveredTask(market);
    await market.taskManager.connect(market.client).accept(settled.packed);
    const again = await signOrder(market.client, settled.order, market.domain);
    await expect(manager.submitSigned(settled.packed, again))
      .to.be.revertedWithCustomError(manager, "WrongState")
      .withArgs(settled.taskId, State.Settled);
  });

  it("refuses a cap above the client's free balance, and the caller pays nothing", async () => {
    const { market, manager, packed, signature } = await signed();
    const { client, escrow, stranger } = market;
    await escrow.connect(stranger).deposit({ value: CAP });
    const { free } = await escrow.accountOf(client);
    await escrow.connect(client).withdraw(free - CAP + 1n);
    await expect(manager.submitSigned(packed, signature))
      .to.be.revertedWithCustomError(escrow, "InsufficientBalance")
      .withArgs(client.address, CAP - 1n, CAP);
    await escrow.connect(client).deposit({ value: 1 });
    await manager.submitSigned(packed, signature);
  });

  it("admits by the same rules as submit", async () => {
    const { manager, packed, signature } = await signed({ inputDigest: ZeroHash });
    await expect(manager.submitSigned(packed, signature)).to.be.revertedWithCustomError(manager, "ZeroInputDigest");
  });

  it("refuses everything while submissions are paused", async () => {
    const { market, manager, packed, signature } = await signed();
    await market.taskManager.connect(market.owner).setSubmissionsPaused(true);
    await expect(manager.submitSigned(packed, signature)).to.be.revertedWithCustomError(manager, "SubmissionsPaused");
  });
});

function flipParity(signature: string): string {
  return signature.slice(0, -2) + (signature.endsWith("1b") ? "1c" : "1b");
}

/** The other signature that recovers to the same key: s and parity negated. */
function malleate(signature: string): string {
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const { r, s } = ethers.Signature.from(signature);
  const twin = ethers.toBeHex(order - BigInt(s), 32);
  return flipParity(concat([r, twin, `0x${signature.slice(-2)}`]));
}
