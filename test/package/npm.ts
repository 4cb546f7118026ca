import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import { build } from "esbuild";
import { readPpm } from "../../src/client/frame.js";
import { devnetAccount } from "../../src/market/devnet.js";
import { freePort, start, textsOf } from "../helpers/scripts.js";
import { program } from "../helpers/wasm.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);

/** Runs a program to its end and returns what it printed; its errors are in the message if it fails. */
async function output(program: string, args: string[], cwd: string): Promise<string> {
  try {
    // Hardhat tells its test processes by the environment which project they belong to.
    const own = Object.entries(process.env).filter(([name]) => !name.startsWith("HARDHAT_"));
    const env = { ...Object.fromEntries(own), HARDHAT_DISABLE_TELEMETRY: "true" };
    return (await run(program, args, { cwd, env, maxBuffer: 1 << 26, timeout: 240_000 })).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${program} ${args.join(" ")} failed:\n${stdout}\n${stderr}`, { cause: error });
  }
}

describe("npm package", function () {
  this.timeout(300_000);
  let folder: string;
  let installed: string;
  let files: string[];

  const project = async (name: string, content: Record<string, string>): Promise<string> => {
    const path = join(folder, name);
    for (const [file, text] of Object.entries(content)) {
      await mkdir(dirname(join(path, file)), { recursive: true });
      await writeFile(join(path, file), text);
    }
    return path;
  };
  /** Makes the tools of this project available in another one, which has the package and its dependencies of its own. */
  const withTools = async (path: string, ...tools: string[]) => {
    await mkdir(join(path, "node_modules", "@nomicfoundation"), { recursive: true });
    for (const tool of tools) await symlink(join(root, "node_modules", tool), join(path, "node_modules", tool));
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "opengpu-package-"));
    const packed = JSON.parse(await output("npm", ["pack", "--json", "--pack-destination", folder], root)) as [
      { filename: string; files: { path: string }[] },
    ];
    files = packed[0].files.map(({ path }) => path);
    installed = await project("consumer", {
      "package.json": JSON.stringify({ name: "consumer", private: true, type: "module" }),
    });
    const tarball = join(folder, packed[0].filename);
    await output("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", tarball], installed);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("carries the library, the ABIs and the contracts, and nothing of the tests", () => {
    for (const file of [
      "LICENSE",
      "README.md",
      "abi/TaskManager.json",
      "contracts/TaskManager.sol",
      "contracts/interfaces/IVerifier.sol",
      "dist/src/files/index.js",
      "dist/src/index.d.ts",
      "dist/src/index.js",
      "dist/src/sandbox/wasmWorker.js",
    ]) {
      expect(files).to.include(file);
    }
    const strange = files.filter(
      (file) => !/^(?:abi|contracts|dist|deployments)\/|^(?:LICENSE|README\.md|package\.json)$/.test(file),
    );
    expect(strange).to.deep.equal([]);
    expect(files.filter((file) => /mocks?\/|(?:^|\/)test|\.env|\.map$/i.test(file))).to.deep.equal([]);
  });

  it("installs into an empty strict TypeScript project, type-checks there and runs", async () => {
    await withTools(installed, "typescript");
    await writeFile(
      join(installed, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: {
          strict: true,
          noUncheckedIndexedAccess: true,
          exactOptionalPropertyTypes: true,
          module: "nodenext",
          target: "es2023",
          outDir: "out",
          types: [],
        },
        include: ["*.ts"],
      }),
    );
    await writeFile(
      join(installed, "use.ts"),
      `import { draftOrder, keyPair, openSealed, packOrder, RevertError, sealEnvelope, snapshot, submit, taskIdOf, type Protocol, type SigningProtocol } from "opengpu-protocol";
import { fileJournal } from "opengpu-protocol/files";
import { taskManagerAbi } from "opengpu-protocol/abi";
import taskManagerJson from "opengpu-protocol/abi/TaskManager.json" with { type: "json" };

export async function usage(protocol: SigningProtocol, reader: Protocol): Promise<bigint | undefined> {
  try {
    const { taskId, startPrice } = await submit(protocol, { order });
    const { state } = await snapshot(reader, { task: taskId });
    return state === "Open" ? startPrice : undefined;
  } catch (error) {
    if (error instanceof RevertError && error.is("CapBelowFloor")) return error.args.floorPrice;
    throw error;
  }
}
// @ts-expect-error A connection needs more than an address.
export const wrong: Protocol = { addresses: {} };

const word = \`0x\${"11".repeat(32)}\`;
const { publicKey, secretKey } = keyPair();
const order = draftOrder({ client: \`0x\${"22".repeat(20)}\`, source: 1, maxReward: 5n, deadline: 9, inputDigest: word, clientKey: publicKey });
const taskId = taskIdOf(order, { chainId: 1071n, taskManager: \`0x\${"33".repeat(20)}\` });
const context = { taskId, provider: 1 };
const { seal, envelope } = sealEnvelope(context, publicKey, { resultDigest: word, location: "here" });
const submitInput: "order" = taskManagerAbi.find((item) => "name" in item && item.name === "submit")!.inputs[0].name;
console.log(JSON.stringify({
  location: openSealed(context, seal, envelope, secretKey).location,
  words: Object.keys(packOrder(order)).length,
  same: JSON.stringify(taskManagerAbi) === JSON.stringify(taskManagerJson),
  journal: typeof fileJournal,
  submitInput,
}));
`,
    );
    await output(process.execPath, [join(root, "node_modules/typescript/bin/tsc")], installed);
    const printed = await output(process.execPath, ["out/use.js"], installed);
    expect(JSON.parse(printed)).to.deep.equal({
      location: "here",
      words: 6,
      same: true,
      journal: "function",
      submitInput: "order",
    });
  });

  describe("is used as the README says", () => {
    const ports: [number, number] = [0, 0];
    let node: ReturnType<typeof start>;
    let readme: string;

    /** A piece of the README, with ports that are free here. */
    const blocks = (kind: string): string[] =>
      [...readme.matchAll(new RegExp(`\`\`\`${kind}\\n([\\s\\S]*?)\`\`\``, "g"))].map(([, text = ""]) =>
        text
          .replaceAll("127.0.0.1:8545", `127.0.0.1:${ports[0]}`)
          .replaceAll("127.0.0.1:8546", `127.0.0.1:${ports[1]}`),
      );
    const told = async (child: ReturnType<typeof start>, words: RegExp): Promise<void> => {
      const texts = textsOf(child);
      while (!words.test(texts.out)) {
        if (child.exitCode !== null) throw new Error(`It ended: ${texts.out}${texts.err}`);
        await new Promise((done) => setTimeout(done, 50));
      }
    };

    before(async () => {
      readme = await readFile(join(root, "README.md"), "utf8");
      ports[0] = await freePort();
      ports[1] = await freePort();
      const words = ["--port", String(ports[0]), "--content-port", String(ports[1])];
      const options = { timeout: 240_000 };
      node = start("node", [...words, "--folder", join(installed, "deployments")], {}, options);
      await told(node, /listens on/);
      const [lifecycle = "", picture = ""] = blocks("ts");
      await mkdir(join(installed, "readme"));
      await writeFile(join(installed, "readme", "lifecycle.ts"), lifecycle);
      await writeFile(join(installed, "readme", "picture.ts"), picture);
      const strict = { strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true };
      const compilerOptions = { ...strict, module: "nodenext", target: "es2023", outDir: "out", types: ["node"] };
      await writeFile(join(installed, "readme", "tsconfig.json"), JSON.stringify({ compilerOptions }));
      await output(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", "readme"], installed);
    });
    after(() => node.kill("SIGKILL"));

    it("for the life of a task", async () => {
      const keys = [devnetAccount("client 1").key, devnetAccount("provider 1").key];
      const printed = await output(process.execPath, ["readme/out/lifecycle.js", ...keys], installed);
      expect(printed).to.match(/^Provider 1 was paid 0\.0185\.\n$/);
    });

    it("for a picture, by a provider with the configuration there", async () => {
      const [config = ""] = blocks("json");
      await writeFile(join(installed, "provider.json"), config);
      const env = { OPENGPU_PROVIDER_KEY: devnetAccount("provider 2").key };
      const provider = start("provider", [join(installed, "provider.json")], env, { timeout: 240_000 });
      try {
        await told(provider, /ready/);
        const printed = await output(
          process.execPath,
          ["readme/out/picture.js", devnetAccount("client 1").key],
          installed,
        );
        for (const part of [0, 1, 2, 3]) expect(printed).to.include(`${part} paid`);
        const picture = readPpm(await readFile(join(installed, "picture.ppm")));
        expect([picture.width, picture.height]).to.deep.equal([128, 96]);
        expect(new Set(picture.pixels).size).to.be.greaterThan(100);
      } finally {
        provider.kill("SIGKILL");
      }
    });
  });

  it("runs untrusted programs and serves content as it is installed", async () => {
    const module = Buffer.from(await program("(call $show (i32.const 0x6f6b6f6b))")).toString("base64");
    await writeFile(
      join(installed, "run.mjs"),
      `import { httpStore, memoryStore } from "opengpu-protocol/content";
import { serveContent } from "opengpu-protocol/content/node";
import { createWasmExecutor } from "opengpu-protocol/sandbox";

const server = await serveContent({ store: memoryStore() });
const store = httpStore(server.url);
const { digest } = await store.put(Buffer.from("${module}", "base64"));
const module = await store.get(digest);
await server.close();
const limits = { memory: 2 ** 20, time: 60_000, input: 100, output: 100 };
for (const boundary of ["process", "engine"]) {
  const executor = createWasmExecutor({ boundary });
  const job = { module, args: [], input: new Uint8Array(), seed: \`0x\${"11".repeat(32)}\`, limits };
  const { output } = await executor.run(job);
  console.log(boundary, Buffer.from(output).toString());
  await executor.close();
}
`,
    );
    expect(await output(process.execPath, ["run.mjs"], installed)).to.equal("process koko\nengine koko\n");
  });

  it("gives its interfaces to the contracts of another Hardhat project", async () => {
    const path = await project("consumer", {
      "hardhat.config.ts": `import { defineConfig } from "hardhat/config";
export default defineConfig({
  solidity: {
    version: "0.8.30",
    path: ${JSON.stringify(join(root, "node_modules/solc/soljson.js"))},
    settings: { evmVersion: "paris" },
  },
});
`,
      "contracts/Budget.sol": `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {IEscrow} from "opengpu-protocol/contracts/interfaces/IEscrow.sol";
import {ITaskManager} from "opengpu-protocol/contracts/interfaces/ITaskManager.sol";
import {IVerifier} from "opengpu-protocol/contracts/interfaces/IVerifier.sol";
import {TaskId} from "opengpu-protocol/contracts/types/Ids.sol";
import {PackedOrder} from "opengpu-protocol/contracts/types/Order.sol";
import {TaskState} from "opengpu-protocol/contracts/types/Task.sol";

contract Budget is IVerifier {
    ITaskManager public immutable TASKS;

    constructor(ITaskManager tasks) {
        TASKS = tasks;
    }

    function buy(PackedOrder calldata order) external payable returns (TaskId taskId) {
        taskId = TASKS.submit{value: msg.value}(order);
        require(TASKS.getTask(taskId).state == TaskState.Open);
    }

    function balance() external view returns (IEscrow.Account memory) {
        return TASKS.ESCROW().accountOf(address(this));
    }

    function verify(Claim calldata, bytes calldata) external pure returns (bytes4) {
        return IVerifier.verify.selector;
    }
}
`,
    });
    await withTools(path, "hardhat");
    await output(process.execPath, [join(path, "node_modules/hardhat/dist/src/cli.js"), "build"], path);
    const artifact = JSON.parse(await readFile(join(path, "artifacts/contracts/Budget.sol/Budget.json"), "utf8")) as {
      bytecode: string;
    };
    expect(artifact.bytecode).to.match(/^0x60/);
  });

  const bundle = async (code: string): Promise<string> => {
    const { outputFiles } = await build({
      stdin: { contents: code, resolveDir: installed },
      bundle: true,
      write: false,
      format: "esm",
      platform: "browser",
      minify: true,
      logLevel: "silent",
    });
    return outputFiles[0]?.text ?? "";
  };

  it("bundles for a browser without any module of Node", async () => {
    const text = await bundle(`export * from "opengpu-protocol"; export * from "opengpu-protocol/content";`);
    expect(text).to.include("TaskSubmitted").and.to.include("OpenGPU envelope 1").and.to.include("ipfs://");
    expect(text).not.to.match(/["']node:/);
  });

  it("does nothing when it is imported, and brings along only what is used", async () => {
    expect(
      await bundle(`import "opengpu-protocol"; import "opengpu-protocol/abi"; import "opengpu-protocol/content";`),
    ).to.equal("");
    const small = await bundle(`import { sealOf } from "opengpu-protocol"; console.log(sealOf);`);
    const whole = await bundle(`export * from "opengpu-protocol";`);
    expect(small.length).to.be.lessThan(whole.length / 4);
    expect(small).not.to.include("TaskSubmitted");
  });

  it("has ABIs that are those of the typed constants", async () => {
    const constants = (await import("../../typechain-types/abi/index.js")) as Record<string, unknown>;
    const found: string[] = [];
    for (const file of files.filter((name) => name.startsWith("abi/"))) {
      const name = file.slice(4, -5);
      const constant = `${name.replace(/^(?:I(?=[A-Z])|[A-Z])/, (first) => first.toLowerCase())}Abi`;
      expect(JSON.parse(await readFile(join(root, file), "utf8")), name).to.deep.equal(constants[constant]);
      found.push(name);
    }
    expect(found).to.have.length(8);
  });
});
