import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import Mocha from "mocha";
import type { Deployments } from "./deployments.js";
import type { Contract } from "./project.js";

const TESTS = fileURLToPath(new URL("../../test/", import.meta.url));
/** What is no test, and what measures the code that is deployed. */
const LEFT_OUT = /^(gas|helpers|invariant|mutation)\//;
const TIMEOUT = 60_000;

/** A test file, loaded and ready to run again and again. */
export interface TestFile {
  readonly path: string;
  readonly mocha: Mocha;
  /** Contracts that it deploys. */
  deploys: ReadonlySet<Contract>;
  milliseconds: number;
}

/** The mocha tests in this very process: loaded once, run as often as there are mutants. */
export class Suite {
  files: TestFile[] = [];
  readonly #deployments: Deployments;
  /** Chains that the test files opened, and where they return to. */
  readonly #chains = new Map<NetworkConnection, unknown>();

  constructor(deployments: Deployments) {
    this.#deployments = deployments;
  }

  /** Loads every test file. */
  async load(): Promise<void> {
    for (const network of Object.values(hre.config.networks)) {
      // Without the optimiser, contracts are larger than the chain would let them be.
      if (network.type === "edr-simulated") network.allowUnlimitedContractSize = true;
    }
    const connections: NetworkConnection[] = [];
    hre.hooks.registerHandlers("network", {
      newConnection: async (context, next) => {
        const connection = await next(context);
        connections.push(connection as NetworkConnection);
        return connection;
      },
      onRequest: (context, connection, request, next) => {
        const params = this.#deployments.replacedIn(request.params) as typeof request.params;
        return next(context, connection, params === undefined ? request : { ...request, params });
      },
    });
    const paths = readdirSync(TESTS, { recursive: true, encoding: "utf8" }).sort();
    for (const path of paths.filter((each) => each.endsWith(".ts") && !LEFT_OUT.test(each))) {
      const mocha = new Mocha({ timeout: TIMEOUT, bail: true, reporter: Mocha.reporters.Base });
      mocha.cleanReferencesAfterRun(false).addFile(TESTS + path);
      await mocha.loadFilesAsync();
      this.files.push({ path, mocha, deploys: new Set(), milliseconds: 0 });
    }
    if (this.#deployments.seen.size !== 0) throw new Error("a test file deploys contracts while it is being loaded");
    for (const connection of connections) this.#chains.set(connection, await snapshot(connection));
  }

  /** Takes every chain back to its first block and forgets all fixtures. */
  async reset(): Promise<void> {
    for (const [connection, id] of this.#chains) {
      await connection.provider.request({ method: "evm_revert", params: [id] });
      connection.networkHelpers.clearSnapshots();
      this.#chains.set(connection, await snapshot(connection));
    }
  }

  /** Runs a file up to the first failure, and returns what failed. */
  async run({ mocha }: TestFile): Promise<Mocha.Runnable | undefined> {
    let failed: Mocha.Runnable | undefined;
    await new Promise<void>((resolve) => {
      const runner = mocha.run(() => {
        runner.dispose();
        resolve();
      });
      runner.on("fail", (runnable: Mocha.Runnable) => (failed ??= runnable));
    });
    return failed;
  }

  /**
   * Runs every file on code that should pass, notes what it deploys and how long it takes, and leaves out what fails
   * nevertheless. Returns the titles of that.
   */
  async rehearse(alive: () => void): Promise<string[]> {
    const failures: string[] = [];
    for (const file of this.files) {
      // Twice: a test that fails when it is run again would seem to kill every mutant.
      for (let passes = 0; passes < 2;) {
        alive();
        await this.reset();
        this.#deployments.seen.clear();
        const start = Date.now();
        const failed = await this.run(file);
        file.milliseconds = Date.now() - start;
        file.deploys = new Set(this.#deployments.seen);
        if (failed === undefined) {
          passes++;
          continue;
        }
        passes = 0;
        failures.push(`${file.path}: ${failed.fullTitle()}`);
        const siblings = failed.parent?.tests ?? [];
        const index = siblings.findIndex((test) => test === failed);
        // A hook that fails takes all its tests along.
        if (index === -1) file.mocha.suite.suites.length = 0;
        else siblings.splice(index, 1);
      }
    }
    this.files = this.files.filter(({ deploys }) => deploys.size !== 0);
    return failures;
  }
}

const snapshot = ({ provider }: NetworkConnection): Promise<unknown> => provider.request({ method: "evm_snapshot" });
