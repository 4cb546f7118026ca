import { expect } from "chai";
import { emitted, execute } from "../../../src/protocol/execute.js";
import { failureOf, refused } from "./expect.js";
import type { Scenario } from "./scenario.js";
import { orderOf, publish, taskOf } from "./work.js";
import { read } from "./world.js";

/** What the owner of a suite may do. Plays on the suite in which nothing else submits. */
export const governance: Scenario[] = [
  {
    title: "the owner pauses new tasks, changes fee and prices and hands the suite over in two steps",
    async play(world) {
      const { brief } = world;
      const { owner } = brief;
      const [{ source }, client, heir] = await Promise.all([
        ...([publish(world, brief), world.actor(brief), world.actor(brief)] as const),
      ]);
      const { taskManager } = client.contracts;
      await refused(execute(client, "taskManager", "setSubmissionsPaused", [true]), "OwnableUnauthorizedAccount", {
        account: client.address,
      });
      const paused = await execute(owner, "taskManager", "setSubmissionsPaused", [true]);
      expect(emitted(paused, "taskManager", "SubmissionsPauseSet")).to.deep.equal({ paused: true });
      const order = await orderOf(client, source);
      const post = () => execute(client, "taskManager", "submit", [taskOf(client, order).packed]);
      await Promise.all([
        refused(post(), "SubmissionsPaused", {}),
        refused(execute(owner, "taskManager", "setSubmissionsPaused", [true]), "PauseUnchanged", { paused: true }),
        refused(execute(owner, "taskManager", "renounceOwnership", []), "SubmissionsPaused", {}),
        refused(execute(client, "taskManager", "collectFees", [[client.address]]), "NothingCollected", {}),
      ]);
      await execute(owner, "taskManager", "setSubmissionsPaused", [false]);
      // Now only its clocks are wrong: this suite's tasks live a second.
      await refused(post(), "DeadlineTooFar", { deadline: BigInt(order.deadline) });

      await refused(execute(owner, "taskManager", "setFee", [1001]), "FeeOutOfBounds", {
        ...{ feeBps: 1001n, minimum: 10n, maximum: 1000n },
      });
      const changed = await execute(owner, "taskManager", "setFee", [999]);
      expect(emitted(changed, "taskManager", "FeeSet")).to.deep.equal({ feeBps: 999n });
      expect(await read(client, (at) => taskManager.feeBps(at))).to.equal(999n);

      const parameters = { target: 7_000, speed: 20, clamp: 30 };
      await refused(
        execute(owner, "taskManager", "setPriceParameters", [{ ...parameters, speed: 9 }]),
        "PriceParameterOutOfBounds",
        { value: 9n, minimum: 10n, maximum: 40_000n },
      );
      const tuned = await execute(owner, "taskManager", "setPriceParameters", [parameters]);
      expect(emitted(tuned, "taskManager", "PriceParametersSet")).to.deep.equal({
        ...{ target: 7_000n, speed: 20n, clamp: 30n },
      });

      await execute(owner, "taskManager", "transferOwnership", [heir.address]);
      expect(await read(client, (at) => taskManager.owner(at))).to.equal(owner.address);
      await execute(heir, "taskManager", "acceptOwnership", []);
      expect(await read(client, (at) => taskManager.owner(at))).to.equal(heir.address);
      await refused(execute(owner, "taskManager", "setFee", [10]), "OwnableUnauthorizedAccount", {
        account: owner.address,
      });
      const inbox = await execute(client, "taskManager", "announceInbox", ["https://example.org/inbox"]);
      expect(emitted(inbox, "taskManager", "InboxAnnounced")).to.deep.equal({
        ...{ client: client.address, inbox: "https://example.org/inbox" },
      });
      expect(await failureOf(execute(client, "taskManager", "announceInbox", ["x".repeat(257)]))).to.deep.include({
        ...{ revert: "InboxTooLarge", args: { size: 257n, maximum: 256n } },
      });
    },
  },
];
