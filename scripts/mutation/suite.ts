import { readdirSync } from "node:fs";
import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import Mocha from "mocha";
import type { Deployments } from "./deployments.js";
import type { Contract } from "./project.js";

const TESTS = new URL("../../test/", import.meta.url);
/** Tests of contracts. What else deploys them takes long and notices little; what looks at deployed code notices all. */
const CONTRACTS = /^(?:adversary\/(?!sortition\.)|vectors\/|unit\/(?:libraries|[A-Z]\w*)\/)/;
/** Tests of single libraries, which take seconds. */
export const NEAR = /^unit\/libraries\/(\w+)\.ts$/;
const TIMEOUT = 60_000;

export interface TestFile {
  readonly path: string;
  /** Titles of tests that fail on unchanged contracts. */
  readonly broken: Set<string>;
  /** Contracts that it deploys. */
  deploys: ReadonlySet<Contract>;
  milliseconds: number;
}

/** The mocha tests in this very process, whose start would take longer than they do. */
export class Suite {
  files: TestFile[] = [];
  readonly #deployments: Deployments;
  readonly #tests: RegExp;
  /** Chains that the test files opened, and where they return to. */
  readonly #chains = new Map<NetworkConnection, unknown>();
  #runs = 0;

  /** @param near Whether only the tests of single libraries are run. */
  constructor(deployments: Deployments, near: boolean) {
    this.#deployments = deployments;
    this.#tests = near ? NEAR : CONTRACTS;
  }

  /** Loads every test file and what they all share. */
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
    for (const path of readdirSync(TESTS, { recursive: true, encoding: "utf8" }).sort()) {
      if (!path.endsWith(".ts") || !this.#tests.test(path)) continue;
      const file = { path, broken: new Set<string>(), deploys: new Set<Contract>(), milliseconds: 0 };
      await this.#loaded(file);
      this.files.push(file);
    }
    if (this.#deployments.seen.size !== 0) throw new Error("a test file deploys contracts while it is being loaded");
    for (const connection of connections) this.#chains.set(connection, await snapshot(connection));
  }

  /** A file's tests, with their variables as at the first time. */
  async #loaded({ path, broken }: TestFile): Promise<Mocha> {
    const mocha = new Mocha({ timeout: TIMEOUT, bail: true, reporter: Mocha.reporters.Base });
    mocha.suite.emit("pre-require", globalThis, path, mocha);
    await import(new URL(`${path}?run=${++this.#runs}`, TESTS).href);
    const prune = (suite: Mocha.Suite): void => {
      suite.tests = suite.tests.filter((test) => !broken.has(test.fullTitle()));
      suite.suites.forEach(prune);
    };
    prune(mocha.suite);
    return mocha;
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
  async run(file: TestFile): Promise<Mocha.Runnable | undefined> {
    const mocha = await this.#loaded(file);
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
      for (let again = true; again;) {
        alive();
        await this.reset();
        this.#deployments.seen.clear();
        const start = Date.now();
        const failed = await this.run(file);
        file.milliseconds = Date.now() - start;
        // A hook that fails takes all its tests along.
        const lost = failed instanceof Mocha.Hook;
        file.deploys = new Set(lost ? [] : this.#deployments.seen);
        again = failed !== undefined && !lost;
        if (failed === undefined) continue;
        failures.push(`${file.path}: ${failed.fullTitle()}`);
        file.broken.add(failed.fullTitle());
      }
    }
    this.files = this.files.filter(({ deploys }) => deploys.size !== 0);
    return failures;
  }
}

const snapshot = ({ provider }: NetworkConnection): Promise<unknown> => provider.request({ method: "evm_snapshot" });
