import { expect } from "chai";
import { Wallet } from "ethers";
import { emitted, execute } from "../../../src/protocol/execute.js";
import { refused } from "./expect.js";
import { priceAt, startFractionOf } from "./prices.js";
import type { Scenario } from "./scenario.js";
import { answered, CAP, FLOOR, patron, proofOrderOf, saleOf, stage, STAKE, taskOf } from "./work.js";
import { read, timeOf } from "./world.js";

/** Proof tasks under the verifier of attestations. */
export const proofs: Scenario[] = [
  {
    title: "a posted task is proven by an attestation, and by nothing else",
    async play(world) {
      const { client, publisher, source, first } = await stage(world);
      const order = await proofOrderOf(client, source, world.verifier, { rampDuration: 40 });
      const task = taskOf(client, order);
      const posted = await execute(client, "taskManager", "submit", [task.packed]);
      const attest = async (attester: Wallet) => {
        const { packed } = await answered(client, order, first.provider, { verifier: world.verifier, attester });
        const { resultDigest, envelopeHash, proof } = packed;
        return [task.packed, first.provider, resultDigest, envelopeHash, proof] as const;
      };
      const [genuine, forged] = await Promise.all([
        ...[attest(world.attester), attest(new Wallet(Wallet.createRandom().privateKey))],
      ]);
      if (genuine === undefined || forged === undefined) throw new Error("two attestations");
      await Promise.all([
        refused(execute(first.owner, "taskManager", "prove", [...forged]), "ProofRejected", {
          ...{ taskId: task.taskId, verifier: world.verifier },
        }),
        refused(execute(client, "taskManager", "prove", [...genuine]), "NotAgent", {
          ...{ provider: first.provider, key: client.address },
        }),
        refused(
          execute(first.owner, "taskManager", "deliver", [task.packed, first.provider, `0x${"11".repeat(32)}`]),
          "WrongVerification",
          { taskId: task.taskId, verification: 1n },
        ),
      ]);
      const done = await execute(first.owner, "taskManager", "prove", [...genuine]);
      expect(emitted(done, "taskManager", "TaskProven")).to.deep.equal({
        ...{ taskId: task.taskId, resultDigest: genuine[2], envelopeHash: genuine[3] },
      });
      const elapsed = (await timeOf(client, done.blockNumber)) - (await timeOf(client, posted.blockNumber));
      const sale = saleOf(priceAt(startFractionOf(FLOOR, CAP), 40, elapsed, CAP));
      expect(emitted(done, "taskManager", "TaskSettled")).to.deep.equal({
        ...{ taskId: task.taskId, provider: first.provider, client: client.address, publisher: publisher.address },
        ...{ price: sale.price, fee: sale.fee, royalty: sale.royalty },
      });
      const { escrow } = client.contracts;
      const account = await read(client, (at) => escrow.accountOf(client.address, at));
      expect([account.free, account.held, account.fees]).to.deep.equal([STAKE - sale.price, 0n, sale.fee]);
    },
  },
  {
    title: "signed orders are posted and proven at once, one and three in a batch",
    async play(world) {
      const [{ client, publisher, source, first }, other] = await Promise.all([stage(world), patron(world)]);
      const { verifier } = world;
      // A ramp that has not begun: what is posted and proven at once costs the start price.
      const make = async (actor = client, changes = {}) =>
        answered(
          actor,
          await proofOrderOf(actor, source, verifier, { rampDuration: 60, ...changes }),
          first.provider,
          world,
        );
      const [alone, atCap, third, fourth] = await Promise.all([
        make(),
        make(client, { rampDuration: 0 }),
        make(),
        make(other),
      ]);
      const start = (CAP * startFractionOf(FLOOR, CAP)) / (2n ** 32n - 1n);

      // Before it is proven: then its state would be what is wrong.
      await Promise.all([
        refused(execute(other, "taskManager", "proveSigned", [first.provider, alone.packed]), "NotAgent", {
          ...{ provider: first.provider, key: other.address },
        }),
        refused(execute(first.owner, "taskManager", "proveBatch", [first.provider, []]), "EmptyBatch", {}),
        refused(
          execute(first.owner, "taskManager", "proveBatch", [
            first.provider,
            [third.packed, { ...atCap.packed, proof: alone.packed.proof }],
          ]),
          "ProofRejected",
          { taskId: atCap.taskId, verifier },
        ),
      ]);
      const one = await execute(first.owner, "taskManager", "proveSigned", [first.provider, alone.packed]);
      expect(emitted(one, "taskManager", "TaskSettled")).to.deep.include({ taskId: alone.taskId, price: start });
      const batch = [atCap, third, fourth];
      const done = await execute(first.owner, "taskManager", "proveBatch", [
        ...([first.provider, batch.map(({ packed }) => packed)] as const),
      ]);
      const settled = done.events.filter((event) => event.contract === "taskManager" && event.name === "TaskSettled");
      expect(settled.map(({ args }) => args)).to.deep.equal(
        [CAP, start, start].map((price, index) => ({
          ...{ taskId: batch[index]?.taskId, provider: first.provider, publisher: publisher.address },
          ...{ client: index === 2 ? other.address : client.address, price },
          ...{ fee: saleOf(price).fee, royalty: saleOf(price).royalty },
        })),
      );
      await refused(execute(first.owner, "taskManager", "proveSigned", [first.provider, atCap.packed]), "WrongState", {
        ...{ taskId: atCap.taskId, state: 6n },
      });

      const { escrow, reputation } = client.contracts;
      const sales = [start, CAP, start, start].map((price) => saleOf(price));
      const sum = (part: (sale: (typeof sales)[number]) => bigint) =>
        sales.reduce((total, sale) => total + part(sale), 0n);
      const accounts = await read(client, (at) =>
        Promise.all([client, other, first.owner, publisher].map(({ address }) => escrow.accountOf(address, at))),
      );
      expect(accounts.map(({ free }) => free)).to.deep.equal([
        ...[STAKE - 2n * start - CAP, STAKE - start, sum(({ payment }) => payment), sum(({ royalty }) => royalty)],
      ]);
      // Fees of a batch are with TaskManager already.
      expect(accounts.map(({ fees }) => fees)).to.deep.equal([saleOf(start).fee, 0n, 0n, 0n]);
      expect((await read(client, (at) => reputation.getRecord(first.provider, at))).settled).to.equal(4n);
    },
  },
];
