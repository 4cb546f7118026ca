import { expect } from "chai";
import { sha256, toUtf8Bytes, Wallet } from "ethers";
import { memoryJournal } from "../../../src/client/journal.js";
import {
  OrderNotFoundError,
  ordersInCalldata,
  ordersInTransaction,
  recoverOrder,
} from "../../../src/client/recoverOrder.js";
import { freshNonce, prepareOrder, submitOrder } from "../../../src/client/submitOrder.js";
import { acceptOpening, openDelivered } from "../../../src/client/acceptOpening.js";
import { EnvelopeError, keyPair, sealEnvelope } from "../../../src/protocol/envelope.js";
import { FieldRangeError, OpenGpuError } from "../../../src/protocol/errors.js";
import { packOrder, taskIdOf } from "../../../src/protocol/order.js";
import { RevertError } from "../../../src/protocol/reverts.js";
import { rejection } from "../../helpers/caught.js";
import { loadFixture, networkHelpers, time } from "../../helpers/network.js";
import { protocolOf } from "../../helpers/protocol.js";
import { CAP, deployMarket, FLOOR, openTask, random32, reviewOrder, signedProof } from "../../helpers/suite.js";

const setUp = async () => {
  const market = await loadFixture(deployMarket);
  const protocol = await protocolOf(market, market.client);
  const draft = {
    source: 1,
    maxReward: CAP,
    bond: CAP,
    deadline: (await time.latest()) + 3600,
    inputDigest: sha256(toUtf8Bytes("input")),
  };
  return { market, protocol, draft, journal: memoryJournal() };
};

describe("client orders", () => {
  describe("submitOrder", () => {
    it("keeps the order before it posts it, completed, with the key that opens the result", async () => {
      const { market, protocol, draft, journal } = await setUp();
      const states: bigint[] = [];
      const watching = {
        ...journal,
        record: async (entry: Parameters<typeof journal.record>[0]) => {
          states.push((await market.taskManager.getTask(entry.taskId)).state);
          await journal.record(entry);
        },
      };
      const { taskId, entry } = await submitOrder(protocol, draft, { journal: watching });
      expect(states).to.deep.equal([0n]);
      expect(await journal.entries()).to.deep.equal([entry]);
      expect(entry.taskId).to.equal(taskId);
      expect(entry.order.client).to.equal(market.client.address);
      expect(keyPair(entry.secretKey).publicKey).to.equal(entry.order.clientKey);
      expect((await market.taskManager.getTask(taskId)).state).to.equal(1n);
    });

    it("keeps an order that the chain refuses, so that it can be posted later", async () => {
      const { protocol, draft, journal } = await setUp();
      const error = await rejection(submitOrder(protocol, { ...draft, maxReward: FLOOR - 1n }, { journal }));
      expect(error).to.be.instanceOf(RevertError);
      expect(await journal.entries()).to.have.length(1);
    });

    it("posts nothing if the order cannot be kept", async () => {
      const { market, protocol, draft } = await setUp();
      const full = { record: () => Promise.reject(new Error("disk full")), entries: () => Promise.resolve([]) };
      expect(await rejection(submitOrder(protocol, draft, { journal: full }))).to.have.property("message", "disk full");
      expect(await market.taskManager.queryFilter(market.taskManager.filters.TaskSubmitted())).to.have.length(0);
    });

    it("keeps nothing of an order whose fields do not fit", async () => {
      const { protocol, draft, journal } = await setUp();
      const error = await rejection(submitOrder(protocol, { ...draft, source: -1 }, { journal }));
      expect(error).to.be.instanceOf(FieldRangeError);
      expect(await journal.entries()).to.deep.equal([]);
    });
  });

  describe("prepareOrder", () => {
    it("signs an order that a stranger can post", async () => {
      const { market, protocol, draft, journal } = await setUp();
      const { order, signature, taskId } = await prepareOrder(protocol, draft, { journal, sign: true });
      await market.taskManager.connect(market.stranger).submitSigned(packOrder(order), signature ?? "0x");
      expect((await market.taskManager.getTask(taskId)).state).to.equal(1n);
    });

    it("takes the client's own key, and asks for no secret if the draft names one", async () => {
      const { protocol, draft, journal } = await setUp();
      const keys = keyPair();
      const own = await prepareOrder(protocol, draft, { journal, secretKey: keys.secretKey });
      expect(own.order.clientKey).to.equal(keys.publicKey);
      const named = await prepareOrder(protocol, { ...draft, clientKey: keys.publicKey }, { journal });
      expect(named.order.clientKey).to.equal(keys.publicKey);
      expect(named.secretKey).to.equal(undefined);
    });

    it("numbers orders by time, so that all of the past can be revoked at once", () => {
      const now = Date.now();
      const numbers = Array.from({ length: 200 }, () => freshNonce(now));
      expect(new Set(numbers).size).to.be.greaterThan(190);
      for (const nonce of numbers) expect(nonce < freshNonce(now + 1) && nonce < 2n ** 64n).to.equal(true);
    });
  });

  describe("recoverOrder", () => {
    it("finds an order in the journal without asking the chain", async () => {
      const { protocol, draft, journal } = await setUp();
      const { taskId, entry } = await submitOrder(protocol, draft, { journal });
      const silent = { ...protocol, provider: undefined as never };
      expect(await recoverOrder(silent, taskId, { journal })).to.deep.equal(entry.order);
    });

    it("finds an order in the log, however old and in whatever range", async () => {
      const { market, protocol } = await setUp();
      const { order, taskId } = await openTask(market);
      await openTask(market);
      await networkHelpers.mine(40);
      for (const rangeSize of [1, 7, 1000]) {
        expect(await recoverOrder(protocol, taskId, { rangeSize }), `ranges of ${rangeSize}`).to.deep.equal(order);
      }
    });

    it("does not believe a journal whose order gives another id", async () => {
      const { protocol, draft, journal } = await setUp();
      const { taskId, entry } = await submitOrder(protocol, draft, { journal });
      const forged = memoryJournal();
      await forged.record({ ...entry, order: { ...entry.order, maxReward: 1n } });
      expect(await recoverOrder(protocol, taskId, { journal: forged })).to.deep.equal(entry.order);
    });

    it("says where it looked in vain", async () => {
      const { protocol, journal } = await setUp();
      const taskId = random32();
      const error = await rejection(recoverOrder(protocol, taskId, { journal, fromBlock: 3 }));
      expect(error).to.be.instanceOf(OrderNotFoundError);
      expect((error as Error).message)
        .to.include(taskId)
        .and.to.include("the journal or the log from block 3");
    });
  });

  describe("ordersInTransaction", () => {
    it("reads the order of every kind of call that carries one", async () => {
      const { market, protocol } = await setUp();
      const { taskManager, client } = market;
      const found = async (sent: Promise<{ hash: string }>) => ordersInTransaction(protocol, (await sent).hash);
      const order = await reviewOrder(market);
      const packed = packOrder(order);
      const taskId = taskIdOf(order, market.domain);
      expect(await found(taskManager.connect(client).submit(packed))).to.deep.equal(new Map([[taskId, order]]));
      const seal = random32();
      const delivered = taskManager.connect(market.agent).deliver(packed, 1, seal);
      expect(await found(delivered)).to.deep.equal(new Map([[taskId, order]]));

      const [one, two, three] = [await signedProof(market), await signedProof(market), await signedProof(market)];
      const single = taskManager.connect(market.agent).proveSigned(1, one.packed);
      expect(await found(single)).to.deep.equal(new Map([[one.taskId, one.order]]));
      const batch = taskManager.connect(market.agent).proveBatch(1, [two.packed, three.packed]);
      expect(await found(batch)).to.deep.equal(
        new Map([
          [two.taskId, two.order],
          [three.taskId, three.order],
        ]),
      );

      const others = [await reviewOrder(market), await reviewOrder(market)];
      const calls = others.map((other) => taskManager.interface.encodeFunctionData("submit", [packOrder(other)]));
      const many = await found(taskManager.connect(client).multicall(calls));
      expect([...many.values()]).to.deep.equal(others);
    });

    it("finds nothing in other calls, and says so", async () => {
      const { market, protocol } = await setUp();
      expect(ordersInCalldata("0x")).to.deep.equal([]);
      expect(ordersInCalldata("0x12345678")).to.deep.equal([]);
      const { hash } = await market.taskManager.connect(market.client).revokeBelow(5);
      expect(await rejection(ordersInTransaction(protocol, hash)))
        .to.be.instanceOf(OpenGpuError)
        .with.property("message")
        .that.includes(hash);
      const unknown = random32();
      expect(await rejection(ordersInTransaction(protocol, unknown)))
        .to.be.instanceOf(OpenGpuError)
        .with.property("message")
        .that.includes(unknown);
    });
  });

  describe("acceptOpening", () => {
    const delivered = async () => {
      const { market, protocol, draft, journal } = await setUp();
      const { entry, taskId } = await submitOrder(protocol, draft, { journal });
      const { order, secretKey = "" } = entry;
      const resultDigest = sha256(toUtf8Bytes("output"));
      const sealed = sealEnvelope({ taskId, provider: 1 }, order.clientKey, { resultDigest, location: "ipfs://x" });
      const task = { order, secretKey, envelope: sealed.envelope };
      const deliver = () => market.taskManager.connect(market.agent).deliver(packOrder(order), 1, sealed.seal);
      return { market, protocol, task, taskId, resultDigest, sealed, deliver };
    };

    it("pays once the opening is the sealed one and the judge agrees", async () => {
      const { market, protocol, task, taskId, resultDigest, deliver } = await delivered();
      await deliver();
      const done = await acceptOpening(protocol, task, (opening) => opening.resultDigest === resultDigest);
      expect(done?.opening.location).to.equal("ipfs://x");
      expect((await market.taskManager.getTask(taskId)).state).to.equal(6n);
      expect((await market.escrow.accountOf(market.providerOwner)).free > 0n).to.equal(true);
    });

    it("pays nothing if the judge says no", async () => {
      const { market, protocol, task, taskId, deliver } = await delivered();
      await deliver();
      expect(await acceptOpening(protocol, task, () => false)).to.equal(undefined);
      expect((await market.taskManager.getTask(taskId)).state).to.equal(3n);
    });

    it("pays nothing for an envelope that is not the sealed one, or before there is a seal", async () => {
      const { market, protocol, task, taskId, resultDigest, deliver } = await delivered();
      const judged: unknown[] = [];
      const judge = (opening: unknown) => judged.push(opening) > 0;
      expect(await rejection(acceptOpening(protocol, task, judge)))
        .to.be.instanceOf(EnvelopeError)
        .with.property("message")
        .that.includes("is Open");
      await deliver();
      const { envelope } = sealEnvelope({ taskId, provider: 1 }, task.order.clientKey, {
        resultDigest,
        location: "ipfs://evil",
      });
      for (const other of [envelope, "0x00", `${task.envelope.slice(0, -2)}00`]) {
        expect(await rejection(acceptOpening(protocol, { ...task, envelope: other }, judge))).to.be.instanceOf(
          EnvelopeError,
        );
      }
      const wrongKey = { ...task, secretKey: new Wallet(random32()).privateKey };
      expect(await rejection(openDelivered(protocol, wrongKey))).to.be.instanceOf(EnvelopeError);
      const keyless = { order: task.order, envelope: task.envelope };
      const lost = await rejection(openDelivered(protocol, keyless));
      expect(lost).to.be.instanceOf(EnvelopeError).with.property("message").that.includes("key that opens it");
      expect(judged).to.deep.equal([]);
      expect((await market.taskManager.getTask(taskId)).state).to.equal(3n);
    });
  });
});
