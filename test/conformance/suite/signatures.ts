import { expect } from "chai";
import { emitted, execute } from "../../../src/protocol/execute.js";
import { Random } from "../../helpers/seeded.js";
import type { Scenario } from "./scenario.js";
import { orderOf, patron, publish, taskOf } from "./work.js";
import { now, read } from "./world.js";

/** Seed of the orders that wallets sign. */
export const seeded = (seed: string): Scenario[] => [
  {
    title: `orders that a browser wallet signs are the chain's, and it takes them (SEED=${seed})`,
    async play(world) {
      const [{ source }, client, stranger] = await Promise.all([publish(world), patron(world), world.actor()]);
      const { walletDigest, walletSignature } = await import("../../helpers/walletSignature.js");
      const random = new Random(seed);
      const latest = await now(client);
      const orders = await Promise.all(
        Array.from({ length: 3 }, () =>
          orderOf(client, source, {
            maxReward: random.between(10n ** 16n, 10n ** 17n),
            bond: random.between(10n ** 17n, 2n ** 96n - 1n),
            rampDuration: random.number(24),
            deadline: latest + random.whole(60, 240),
            reviewPeriod: random.whole(0, 60),
            minScore: random.number(32),
            environments: random.whole(1, 3),
            minGpuMemory: random.whole(8, 65_535),
            maxRoyaltyBps: random.whole(500, 65_535),
            maxFeeBps: random.whole(250, 65_535),
            inputDigest: random.word(),
            clientKey: random.word(),
            nonce: random.bits(64),
          }),
        ),
      );
      for (const order of orders) {
        const { packed, taskId } = taskOf(client, order);
        expect(walletDigest(order, client.domain)).to.equal(taskId);
        expect(await read(client, (at) => client.contracts.taskManager.taskIdOf(packed, at))).to.equal(taskId);
        const signature = walletSignature(client.wallet.privateKey, order, client.domain);
        const done = await execute(stranger, "taskManager", "submitSigned", [packed, signature]);
        expect(emitted(done, "taskManager", "TaskSubmitted")).to.deep.include({ taskId, client: client.address });
      }
    },
  },
];
