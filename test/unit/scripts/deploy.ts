import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { network } from "hardhat";
import { httpStore } from "../../../src/content/httpStore.js";
import { parseManifest } from "../../../src/content/manifest.js";
import { devnetAccount, LABELS } from "../../../src/market/devnet.js";
import { CONTRACT_NAMES, parseDeployment } from "../../../src/protocol/deployment.js";
import { connect } from "../../../src/protocol/protocol.js";
import { connectNode } from "../../../src/protocol/provider.js";
import { expectSentence, freePort, HOST, LIMIT, ran, start, textsOf } from "../../helpers/scripts.js";

/** A key without coin. */
const POOR = `0x${"5a".repeat(32)}`;

describe("scripts around deployments", function () {
  this.timeout(2 * LIMIT);
  let folder: string;
  let url: string;
  let close: () => Promise<void>;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "opengpu-"));
    const server = await network.createServer("default", HOST, 0);
    const { port } = await server.listen();
    url = `http://${HOST}:${port}`;
    close = () => server.close();
  });

  after(async () => {
    await close();
    await rm(folder, { recursive: true, force: true });
  });

  const deployTo = (name: string, words: string[] = [], env: Record<string, string> = {}) =>
    ran("deploy", ["--network", name, "--folder", join(folder, name), "--timeout", "1", ...words], {
      OPENGPU_RPC_URL: url,
      ...env,
    });

  it("deploy to a local chain, verify, refuse to deploy again, and notice another code", async () => {
    const { out, err, status } = await deployTo("local");
    expect(err).to.equal("");
    expect(status).to.equal(0);
    const file = join(folder, "local", "31337.json");
    const deployment = parseDeployment(await readFile(file, "utf8"));
    expect(deployment.deployer).to.equal(devnetAccount("deployer").address);
    expect(deployment.compiler).to.deep.equal({
      version: "0.8.30+commit.73712a01",
      evmVersion: "paris",
      viaIR: true,
      optimizerRuns: { ...Object.fromEntries(CONTRACT_NAMES.map((name) => [name, 1_000_000])), TaskManager: 200 },
    });
    for (const name of CONTRACT_NAMES) {
      expect(out).to.contain(deployment.contracts[name].address).and.contain(deployment.contracts[name].transaction);
    }
    expect(out).to.contain("No key is set").and.contain("rules of london").and.contain(file);
    expect(out).to.not.contain(devnetAccount("deployer").key.slice(2));
    const provider = await connectNode(url);
    await connect(provider, deployment);

    const env = { OPENGPU_RPC_URL: url };
    const words = ["--network", "local", "--folder", join(folder, "local")];
    const verified = await ran("verifyDeployment", words, env);
    expect(verified).to.include({ err: "", status: 0 });
    for (const name of CONTRACT_NAMES) expect(verified.out).to.contain(deployment.contracts[name].codeHash);

    const again = await deployTo("local");
    expect(again.status).to.equal(1);
    expectSentence(again.err, new RegExp(`${deployment.contracts.TaskManager.address}.*--replace`));

    const { address } = deployment.contracts.Reputation;
    const code = await provider.getCode(address);
    await provider.send("hardhat_setCode", [address, `${code.slice(0, -2)}ff`]);
    const failed = await ran("verifyDeployment", words, env);
    expect(failed.status).to.equal(1);
    expectSentence(failed.err, new RegExp(`${address} as Reputation`));
    provider.destroy();
  });

  it("deploy to any chain with a key and parameters of the user's", async () => {
    const provider = await connectNode(url);
    const { key, address } = devnetAccount("client 1");
    const parameters = join(folder, "parameters.json");
    const windows = Object.fromEntries(
      ["disclose", "cancelNotice", "maxLifetime", "maxReview", "seed", "panelMin", "openProvider", "open", "claim"].map(
        (name) => [name, 60],
      ),
    );
    const price = { target: 7_000, speed: 300, clamp: 100 };
    await writeFile(
      parameters,
      JSON.stringify({
        feeBps: 100,
        feeScale: "2",
        maxRound: "100",
        weightUnit: "5",
        minStakePerSlot: "3",
        price,
        windows,
      }),
    );
    const words = [
      "--yes",
      "--fees",
      "legacy",
      "--parameters",
      parameters,
      "--owner",
      devnetAccount("client 2").address,
    ];
    const env = { OPENGPU_DEPLOYER_KEY: key, OPENGPU_CHAIN_ID: "31337" };
    const unasked = await deployTo("custom", words.slice(1), env);
    expect(unasked.status).to.equal(2);
    expectSentence(unasked.err, /--yes/);
    expect(await provider.getTransactionCount(address)).to.equal(0);

    const { out, err, status } = await deployTo("custom", words, env);
    expect(err).to.equal("");
    expect(status).to.equal(0);
    expect(out).to.contain("type 0").and.not.contain(key.slice(2));
    const deployment = parseDeployment(await readFile(join(folder, "custom", "31337.json"), "utf8"));
    expect(deployment).to.include({ owner: devnetAccount("client 2").address, treasury: address, deployer: address });
    expect(deployment.parameters).to.deep.include({ feeBps: 100, maxRound: 100n, price });
    const { type } = (await provider.getTransaction(deployment.contracts.Escrow.transaction)) ?? {};
    expect(type).to.equal(0);
    provider.destroy();
  });

  const refusals: [what: string, name: string, words: string[], env: Record<string, string>, status: number, RegExp][] =
    [
      ["no network", "nowhere", [], {}, 2, /nowhere.*local, opengpu, opengpuTestnet, custom/],
      ["an unknown option", "local", ["--ownr", "x"], {}, 2, /--ownr/],
      ["an unknown kind of fees", "local", ["--fees", "free"], {}, 2, /free/],
      ["no file of parameters", "local", ["--parameters", "/nonexistent.json"], {}, 1, /\/nonexistent\.json/],
      ["an owner that is no address", "local", ["--owner", "0x12"], {}, 1, /^Owner is 0x12; it must be an address/],
      ["a node of another chain", "opengpu", ["--yes"], {}, 1, /chain 31337, not 1071/],
      ["a chain id that is none", "custom", ["--yes"], { OPENGPU_CHAIN_ID: "one" }, 2, /OPENGPU_CHAIN_ID is one/],
      ["an address of a node that is none", "local", [], { OPENGPU_RPC_URL: "localhost:1" }, 1, /localhost:1/],
      ["no node", "local", [], { OPENGPU_RPC_URL: `http://${HOST}:1` }, 1, /did not answer eth_chainId/],
      ["no key", "custom", ["--yes"], {}, 1, /no key.*OPENGPU_DEPLOYER_KEY/],
      [
        "a key without coin",
        "local",
        [],
        { OPENGPU_DEPLOYER_KEY: POOR },
        1,
        /^0x[0-9a-fA-F]{40} has 0 wei, of the \d+ wei/,
      ],
    ];
  for (const [what, name, words, env, status, sentence] of refusals) {
    it(`say in one sentence that there is ${what}`, async () => {
      const fresh = join(folder, "fresh");
      const result = await deployTo(name, [...words, "--folder", fresh], env);
      expectSentence(result.err, sentence);
      expect(result.status).to.equal(status);
      expect(await readdir(folder)).to.not.include("fresh");
    });
  }

  it("never show a key, however wrong", async () => {
    const keys = ["secret", `0x${"0".repeat(64)}`, `${POOR}5a`];
    const results = await Promise.all(
      keys.map(async (key) => ({ key, ...(await deployTo("local", [], { OPENGPU_DEPLOYER_KEY: key })) })),
    );
    for (const { key, out, err, status } of results) {
      expect(status).to.equal(1);
      expectSentence(err, /^OPENGPU_DEPLOYER_KEY is no private key: it must be 32 bytes in hexadecimal\.$/);
      expect(out + err).to.not.contain(key);
    }
  });

  it("name a record that cannot be used, or that there is none", async () => {
    const broken = join(folder, "broken");
    const words = ["--network", "local", "--folder", broken];
    const absent = await ran("verifyDeployment", words, { OPENGPU_RPC_URL: url });
    expect(absent.status).to.equal(1);
    expectSentence(absent.err, /no record of a deployment to chain 31337/);
    await rm(broken, { recursive: true, force: true });
    await writeFile(broken, "");
    const unusable = await ran("deploy", words, { OPENGPU_RPC_URL: url });
    expect(unusable.status).to.equal(1);
    expectSentence(unusable.err, /31337\.json cannot be read \(ENOTDIR\)/);
  });

  it("serve a local chain until they are told to end, always with the same addresses", async () => {
    const [port, contentPort] = [await freePort(), await freePort()];
    const addresses: string[] = [];
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      const ports = ["--port", String(port), "--content-port", String(contentPort)];
      const child = start("node", [...ports, "--folder", folder, "--block-interval", "100"]);
      const texts = textsOf(child);
      const ended = once(child, "close") as Promise<[number | null]>;
      const listening = new Promise<void>((resolve, reject) => {
        child.stdout?.on("data", () => {
          if (texts.out.includes("listens on")) resolve();
        });
        void ended.then(([status]) => {
          reject(new Error(`ended with ${status}: ${texts.err}`));
        });
      });
      try {
        await listening;
        expect(texts.out).to.contain(`http://${HOST}:${port}`).and.contain("AttestationVerifier");
        for (const label of LABELS) {
          const { address, key } = devnetAccount(label);
          expect(texts.out).to.contain(`${label.padEnd(12)}${address}  ${key}`);
        }
        const deployment = parseDeployment(await readFile(join(folder, "31337.json"), "utf8"));
        addresses.push(deployment.contracts.TaskManager.address);
        const provider = await connectNode(`http://${HOST}:${port}`, { chainId: 31337n });
        const { contracts } = await connect(provider, deployment);
        expect(
          await contracts.sourceRegistry.isAdmitted(1, 1, /AttestationVerifier +(\S+)/.exec(texts.out)?.[1] ?? ""),
        ).to.equal(true);
        // What the sources run is there.
        const content = httpStore(`http://${HOST}:${contentPort}`);
        for (const source of [1, 2]) {
          const { manifestDigest } = await contracts.sourceRegistry.getVersion(source, 1);
          const { name, executables } = parseManifest(await content.get(manifestDigest));
          expect(name).to.equal(["render", "digits"][source - 1]);
          expect((await content.get(executables.wasm?.module ?? "")).length).to.be.greaterThan(1_000);
        }
        expect(await provider.getBalance(devnetAccount("provider 5").address)).to.equal(10n ** 22n);
        const first = await provider.getBlockNumber();
        for (let look = 0; look < 100 && (await provider.getBlockNumber()) === first; look++) {
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        expect(await provider.getBlockNumber()).to.be.greaterThan(first);
        provider.destroy();

        if (signal === "SIGINT") {
          for (const taken of [[port, await freePort()] as const, [await freePort(), contentPort] as const]) {
            const words = ["--port", String(taken[0]), "--content-port", String(taken[1])];
            const second = await ran("node", [...words, "--folder", folder]);
            expect(second.status).to.equal(1);
            const busy = taken[0] === port ? port : contentPort;
            expectSentence(second.err, new RegExp(`^Port ${busy} of ${HOST} is in use`));
          }
        }
      } finally {
        child.kill(signal);
      }
      expect((await ended)[0]).to.equal(0);
      const error: unknown = await connectNode(`http://${HOST}:${port}`, { patience: 0 }).catch(
        (reason: unknown) => reason,
      );
      expect(error).to.be.instanceOf(Error);
    }
    expect(addresses[1]).to.equal(addresses[0]);
  });

  it("say in one sentence what a local chain cannot be", async () => {
    const cases: [words: string[], sentence: RegExp][] = [
      [["--port", "0"], /--port.*'0'.*from 1 to 65535/],
      [["--port", "abc"], /'abc'/],
      [["--chain-id", "1071"], /1071 is that of a public chain/],
      [["--block-interval", "-5"], /-5/],
      [["--whatever"], /--whatever/],
    ];
    const results = await Promise.all(cases.map(([words]) => ran("node", words)));
    for (const [index, [, sentence]] of cases.entries()) {
      const { err = "", status } = results[index] ?? {};
      expect(status).to.equal(2);
      expectSentence(err, sentence);
    }
  });
});
