import { DEFAULT_PATIENCE, type Patience } from "../../../src/protocol/retry.js";
import "../../helpers/bigints.js";
import type { Chain } from "../../helpers/chains/chain.js";
import { SEED } from "../../helpers/seeded.js";
import { expectOnce } from "./attempts.js";
import { expectConservation, expectFees } from "./books.js";
import { disputes } from "./disputes.js";
import { exits } from "./exits.js";
import { governance } from "./governance.js";
import { money } from "./money.js";
import { prices } from "./prices.js";
import { proofs } from "./proofs.js";
import { providers } from "./providers.js";
import { reservations } from "./reservations.js";
import { rounds } from "./rounds.js";
import { seeded } from "./signatures.js";
import { sources } from "./sources.js";
import { tasks } from "./tasks.js";
import { createWorld, type World } from "./world.js";

/** Milliseconds for one test: one scenario, or all that is left of it. */
const LIMIT = 300_000;

/** Blocks come once a second. */
const PATIENCE: Patience = { ...DEFAULT_PATIENCE, requests: 45_000, interval: 300 };

/**
 * The whole life of sources, providers and tasks on one chain. All scenarios run at the same time, each with keys of
 * its own; every test awaits one of them. At the end no coin is missing and nothing was sent twice.
 *
 * @param name What the tests are called.
 * @param start Starts the chain.
 * @param patience Where the chain needs another one.
 */
export function describeChain(name: string, start: () => Promise<Chain>, patience: Partial<Patience> = {}): void {
  describe(name, function () {
    this.timeout(LIMIT);
    const scenarios = [
      ...[...sources, ...providers, ...money, ...tasks, ...exits, ...reservations, ...rounds, ...prices, ...proofs],
      ...[...disputes, ...governance, ...seeded(SEED)],
    ];
    const playing = new Map<string, Promise<void>>();
    let chain: Chain | undefined;
    let world: World | undefined;
    const started = (): World => {
      if (world === undefined) throw new Error("The chain did not start.");
      return world;
    };

    before(async () => {
      chain = await start();
      world = await createWorld(chain, { ...PATIENCE, ...patience });
      console.log(`${name}: ${String(await world.direct.send("web3_clientVersion", []))}`);
      for (const { title, play } of scenarios) {
        const played = play(world);
        // Its test reports how it ends.
        played.catch(() => undefined);
        playing.set(title, played);
      }
    });

    after(async () => {
      await Promise.allSettled(playing.values());
      await (world ?? chain)?.stop();
    });

    for (const { title } of scenarios) {
      it(title, () => playing.get(title));
    }

    it("the treasury gets the fees of all, and what was slashed", async () => {
      await Promise.allSettled(playing.values());
      await expectFees(started(), started().market);
    });

    it("no wei is lost or made", async () => {
      const { market, brief } = started();
      for (const place of [market, brief]) await expectConservation(started(), place);
    });

    it("every action took effect once, or not at all", async () => {
      const { direct, actors } = started();
      for (const { address, attempts } of actors) await expectOnce(direct, address, attempts);
    });
  });
}
