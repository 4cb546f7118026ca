import { expect } from "chai";
import { toUtf8Bytes } from "ethers";
import { digestOf } from "../../../src/content/digest.js";
import { memoryStore } from "../../../src/content/store.js";
import { readPpm, splitFrame } from "../../../src/client/frame.js";
import { spoilDeliveries } from "../../../src/market/run/mischief/deliveries.js";
import { forgedTile } from "../../../src/market/run/mischief/forgery.js";
import { type AdversaryEvent, createTurns, type DeliveryBehaviour } from "../../../src/market/run/mischief/mischief.js";
import { DocumentFormatError } from "../../../src/protocol/errors.js";
import { EnvelopeError, keyPair, openSealed } from "../../../src/protocol/envelope.js";
import { watch } from "../../../src/protocol/events.js";
import { packOrder, taskIdOf } from "../../../src/protocol/order.js";
import { snapshot } from "../../../src/protocol/snapshot.js";
import { rejection } from "../../helpers/caught.js";
import { deployPanel, everybodySits, panelOrder } from "../../helpers/disputes.js";
import { State } from "../../helpers/manager.js";
import { ethers, loadFixture, networkHelpers } from "../../helpers/network.js";
import { disputeWork, panelWorkOf } from "../../helpers/panelWork.js";
import { protocolOf } from "../../helpers/protocol.js";
import { ownerOf, type Panel } from "../../helpers/rounds.js";
import { resultFor } from "../../helpers/suite.js";
import { thrown } from "../../helpers/thrown.js";

const KEYS = keyPair();
const [TILE] = splitFrame({
  ...{ scene: "gallery", seed: 7, samples: 2 },
  ...{ frame: { width: 30, height: 20 }, tile: { width: 30, height: 20 } },
});
const INPUT = TILE?.input ?? new Uint8Array();
/** The market's provider. */
const PROVIDER = 1;

describe("market.mischief", () => {
  describe("turns", () => {
    it("say yes to one of so many, after so many", () => {
      const { isMine } = createTurns(4, 1);
      expect(Array.from({ length: 9 }, isMine)).to.deep.equal([
        ...[false, true, false, false],
        ...[false, true, false, false],
        false,
      ]);
    });

    it("say yes once more for each that was in vain", () => {
      const { isMine, miss } = createTurns(10, 0);
      expect(isMine()).to.equal(true);
      miss();
      expect([isMine(), isMine(), isMine()]).to.deep.equal([true, false, false]);
    });
  });

  describe("forged tiles", () => {
    it("are pictures of the size that was ordered", () => {
      const { width, height, pixels } = readPpm(forgedTile(INPUT));
      expect([width, height]).to.deep.equal([30, 20]);
      expect(new Set(pixels).size).to.be.greaterThan(20);
    });

    it("are not made of what is no job of that workload", () => {
      for (const input of ["", "{}", '{"tile":{"width":0,"height":1}}']) {
        expect(thrown(() => forgedTile(toUtf8Bytes(input)), DocumentFormatError).message).to.include(
          "input of the task",
        );
      }
    });
  });

  describe("deliveries", () => {
    let panel: Panel;

    beforeEach(async () => {
      panel = await loadFixture(deployPanel);
      await networkHelpers.mine();
    });

    /** An adversary that takes every task that it can spoil, and the tasks that are posted for it. */
    const setUp = async (behaviour: DeliveryBehaviour) => {
      const protocol = await protocolOf(panel, panel.agent);
      const store = memoryStore();
      await store.put(INPUT);
      const events: AdversaryEvent[] = [];
      let missed = 0;
      const mischief = spoilDeliveries(behaviour, {
        ...{ protocol, provider: PROVIDER, slots: new Map([[1, 1]]), store, isMine: () => true },
        report: (event) => events.push(event),
        missed: () => missed++,
      });
      const post = async (changes: Parameters<typeof panelOrder>[1] = {}) => {
        const from = (await ethers.provider.getBlockNumber()) + 1;
        const order = await panelOrder(panel, {
          ...{ clientKey: KEYS.publicKey, inputDigest: digestOf(INPUT) },
          ...changes,
        });
        await panel.taskManager.connect(panel.client).submit(packOrder(order));
        const to = await ethers.provider.getBlockNumber();
        for await (const event of watch(protocol, { events: ["taskManager.TaskSubmitted"], from, to })) {
          await mischief.learn(event);
        }
        return { order, packed: packOrder(order), taskId: taskIdOf(order, panel.domain) };
      };
      const state = async (taskId: string) => Number((await panel.taskManager.getTask(taskId)).state);
      return { protocol, store, events, mischief, post, state, missed: () => missed };
    };
    const disclosureOf = async (taskId: string) => {
      const [told] = await panel.taskManager.queryFilter(panel.taskManager.filters.TaskDisclosed(taskId));
      return told?.args.envelope ?? "";
    };

    it("of a forger are another picture, with all about it in order", async () => {
      const { protocol, store, events, mischief, post, state } = await setUp("forger");
      const { order, taskId } = await post();
      expect(mischief.pending()).to.deep.equal([taskId]);
      await mischief.act(taskId);
      expect(await state(taskId)).to.equal(State.Disclosed);
      expect(events.map(({ kind }) => kind)).to.deep.equal(["delivered"]);
      const { seal = "" } = await snapshot(protocol, { task: order });
      const context = { taskId, provider: PROVIDER };
      const { resultDigest } = openSealed(context, seal, await disclosureOf(taskId), KEYS.secretKey);
      expect(await store.get(resultDigest)).to.deep.equal(forgedTile(INPUT));
    });

    it("of a withholder are on chain, and nobody can open them", async () => {
      const { protocol, mischief, post, state } = await setUp("withholder");
      const { order, taskId } = await post();
      await mischief.act(taskId);
      expect(await state(taskId)).to.equal(State.Disclosed);
      const { seal = "" } = await snapshot(protocol, { task: order });
      const envelope = await disclosureOf(taskId);
      const context = { taskId, provider: PROVIDER };
      const { message } = thrown(() => openSealed(context, seal, envelope, KEYS.secretKey), EnvelopeError);
      expect(message).to.match(/does not decrypt/);
    });

    it("are only of tasks that can be disputed, without a reservation, of sources that it is in the pool of", async () => {
      const { mischief, post } = await setUp("forger");
      await post({ trust: 0 });
      await post({ reservation: 60 });
      await post({ source: 2 });
      expect(mischief.pending()).to.deep.equal([]);
    });

    it("are opened to the panel once it has sealed, and given up when the dispute is over", async () => {
      const { events, mischief, post } = await setUp("forger");
      const task = await post();
      await mischief.act(task.taskId);
      await disputeWork(panel, { ...task, delivery: resultFor(task.taskId, 1n), price: 0n });
      await everybodySits(panel, { ...task, delivery: resultFor(task.taskId, 1n), price: 0n });
      await mischief.act(task.taskId);
      expect(events.map(({ kind }) => kind)).to.deep.equal(["delivered"]);
      const seats = [2, 3, 4].map((member) => panelWorkOf(task, member));
      for (const { provider, sealed } of seats) {
        const manager = panel.taskManager.connect(ownerOf(panel, BigInt(provider)));
        await manager.takeSeat(task.packed, provider, 2, sealed.seal);
      }
      await mischief.act(task.taskId);
      expect(events.map(({ kind }) => kind)).to.deep.equal(["delivered", "defended"]);
      for (const [seat, { provider, sealed }] of seats.entries()) {
        const manager = panel.taskManager.connect(ownerOf(panel, BigInt(provider)));
        await manager.openVote(task.taskId, seat, sealed.resultDigest, sealed.salt, sealed.envelopeHash, true);
      }
      await panel.taskManager.connect(panel.client).accept(task.packed);
      expect(mischief.pending()).to.deep.equal([task.taskId]);
      await mischief.act(task.taskId);
      expect(mischief.pending()).to.deep.equal([]);
      const { frauds } = await panel.reputation.getRecord(PROVIDER);
      expect(frauds).to.equal(1n);
    });

    it("are missed where another was first, so that the next one is taken", async () => {
      const { mischief, post, missed } = await setUp("forger");
      const { packed, taskId } = await post();
      const { seal } = resultFor(taskId, 2n);
      await panel.taskManager.connect(ownerOf(panel, 2n)).deliver(packed, 2, seal);
      await mischief.act(taskId);
      expect([mischief.pending(), missed()]).to.deep.equal([[], 1]);
    });

    it("fail, to be tried again, where the input cannot be had", async () => {
      const { mischief, post } = await setUp("forger");
      const { taskId } = await post({ inputDigest: `0x${"77".repeat(32)}` });
      expect(await rejection(mischief.act(taskId))).to.be.instanceOf(Error);
      expect(mischief.pending()).to.deep.equal([taskId]);
    });
  });
});
