/** A whole market doing real work, from its deployment to a picture, a table and a page about it. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { isHexString, type JsonRpcApiProvider, Wallet } from "ethers";
import { PNG } from "pngjs";
import { readText, writeBytes, writeText } from "../src/files/atomic.js";
import { createDeploymentStore } from "../src/files/deploymentStore.js";
import { devnetAccount } from "../src/market/devnet.js";
import { reportPage } from "../src/market/report/page.js";
import { reportText } from "../src/market/report/tables.js";
import { type Job, partsOf } from "../src/market/run/job.js";
import { adversaryPlansFor, plansFor } from "../src/market/run/plans.js";
import { readKeys } from "../src/market/run/cast.js";
import { reclaim } from "../src/market/run/reclaim.js";
import { runMarket, type RunResult } from "../src/market/run/run.js";
import type { Summary } from "../src/market/summary.js";
import { coins } from "../src/market/coins.js";
import { seatsOf, SPARE_MEMBERS } from "../src/protocol/consensus.js";
import { type Deployment, formatDocument, parseDeployment } from "../src/protocol/deployment.js";
import { presetOf } from "../src/protocol/deploy/networks.js";
import { deploy } from "../src/protocol/deploy/run.js";
import { DEFAULT_PARAMETERS } from "../src/protocol/parameters.js";
import { connectNode } from "../src/protocol/provider.js";
import { splitDigits } from "../workloads/digits/training/data.js";
import { buildWorkloads } from "../workloads/tools/build.js";
import { manifestFile, moduleFile, type WorkloadName } from "../workloads/tools/places.js";
import { compilerOf } from "./deployment/build.js";
import { askFirst, main, ScriptError, UsageError } from "./deployment/command.js";
import { checkPort, LOCAL_CHAIN, type LocalChain, serveChain } from "./market/chain.js";
import { command, type RunChoices } from "./market/options.js";
import { createProgress, silence } from "./market/progress.js";

const FUNDER_KEY = "OPENGPU_FUNDER_KEY";
/** A client of a run accepts at once, so that nobody waits an hour for a provider that was killed. Seconds. */
const DISCLOSE_WINDOW = 60;
/** A seal that is never opened holds up its round for so long. Seconds. */
const OPEN_WINDOW = 45;
/** Critical tiles and hostile providers on a chain of its own, if nothing else is said; none on another. */
const CRITICAL = 9;
const HOSTILE = 3;
/**
 * Speed of the prices on a chain of its own, parts per million a second: a price falls by 2.5 percent a second where
 * nothing is ordered, and rises by a quarter of that where all slots are taken. A run takes a minute or two, in which the
 * speed of a real suite, where demand comes and goes by the hour, would not show.
 */
const LOCAL_SPEED = 25_000;
/** Pause between two looks at the chain, milliseconds. */
const INTERVAL = 250;

/** Where a run takes place. */
interface Venue {
  rpc: string;
  provider: JsonRpcApiProvider;
  deployment: Deployment;
  deploymentFile: string;
  alone: boolean;
  blockTime?: number;
  coin: string;
  funder: Wallet;
  /** Called before the first order. */
  begin(): Promise<void>;
  close(): Promise<void>;
}

/** A chain of its own with a fresh suite. */
async function localVenue({ port, blockTime }: RunChoices, folder: string): Promise<Venue> {
  // A block for every transaction until all is prepared, so that nobody waits for what is no part of the market.
  const options = { port, chainId: LOCAL_CHAIN, accounts: 1, blockInterval: 0, sameTimestamps: true };
  const chain = await serveChain(options);
  try {
    return await localVenueOn(chain, blockTime, folder);
  } catch (error) {
    await chain.close();
    throw error;
  }
}

async function localVenueOn(chain: LocalChain, blockTime: number, folder: string): Promise<Venue> {
  const provider = await connectNode(chain.url, { chainId: BigInt(LOCAL_CHAIN) });
  const funder = new Wallet(devnetAccount("deployer").key, provider);
  const { windows, price } = DEFAULT_PARAMETERS;
  const deployment = await deploy({
    signer: funder,
    governance: { owner: funder.address, treasury: devnetAccount("treasury").address },
    parameters: {
      ...DEFAULT_PARAMETERS,
      price: { ...price, speed: LOCAL_SPEED },
      windows: { ...windows, disclose: DISCLOSE_WINDOW, open: OPEN_WINDOW },
    },
    store: createDeploymentStore(join(folder, "deployments")),
    compiler: await compilerOf(),
    patience: { interval: 20 },
  });
  return {
    ...{ rpc: chain.url, provider, deployment, funder, blockTime, alone: true, coin: "ETH" },
    deploymentFile: resolve(folder, "deployments", `${LOCAL_CHAIN}.json`),
    begin: () => chain.setInterval(blockTime * 1_000),
    async close() {
      provider.destroy();
      await chain.close();
    },
  };
}

/** Another chain, with the suite of a record. */
async function givenVenue(rpc: string, file: string): Promise<Venue> {
  const text = await readText(file);
  if (text === undefined) throw new ScriptError(`There is no file ${file} with a deployment.`);
  const deployment = parseDeployment(text, file);
  const key = funderKey(deployment.chainId);
  const provider = await connectNode(rpc, { chainId: BigInt(deployment.chainId) });
  const preset = presetOf(BigInt(deployment.chainId));
  return {
    ...{ rpc, provider, deployment, deploymentFile: resolve(file), alone: false },
    coin: preset?.coin ?? "coins",
    funder: new Wallet(key, provider),
    begin: () => Promise.resolve(),
    close() {
      provider.destroy();
      return Promise.resolve();
    },
  };
}

/** The key that pays, from the environment; on a local chain, if there is none, that of its first test account. */
function funderKey(chainId: number): string {
  const text = process.env[FUNDER_KEY] ?? "";
  if (text === "" && chainId === LOCAL_CHAIN) return devnetAccount("deployer").key;
  if (text === "") throw new ScriptError(`There is no key to pay with. Set the environment variable ${FUNDER_KEY}.`);
  const key = text.startsWith("0x") ? text : `0x${text}`;
  // Whatever else is said of a key might show it.
  if (!isHexString(key, 32))
    throw new ScriptError(`${FUNDER_KEY} is no private key: it must be 32 bytes in hexadecimal.`);
  return key;
}

function venueOf(choices: RunChoices, folder: string): Promise<Venue> {
  const { rpc, deployment } = choices;
  if ((rpc === undefined) !== (deployment === undefined)) {
    throw new UsageError(
      "The options --rpc and --deployment go together: the node of a chain, and the suite that is on it.",
    );
  }
  return rpc === undefined || deployment === undefined ? localVenue(choices, folder) : givenVenue(rpc, deployment);
}

const isLocal = ({ rpc }: RunChoices) => rpc === undefined;
const criticalOf = (choices: RunChoices) => choices.critical ?? (isLocal(choices) ? CRITICAL : 0);
const hostileOf = (choices: RunChoices) =>
  choices.hostile ?? (isLocal(choices) && choices.frame !== "none" && criticalOf(choices) > 0 ? HOSTILE : 0);

/** What is to be done, as the choices say. */
function jobOf(choices: RunChoices): Job {
  const { frame, tile, scene, seed, samples, images, batch, trust } = choices;
  if (frame === "none" && images === 0) throw new UsageError("There is nothing to do: give a --frame or --images.");
  const { heldOut } = splitDigits();
  const labels = heldOut.labels.subarray(0, images);
  const pixels = heldOut.pixels.subarray(0, images * 784);
  const job: Job = {
    ...(frame !== "none" && { frame: { scene, seed, frame, tile, samples } }),
    ...(images > 0 && { images: { pixels, labels, batch } }),
    ...(frame !== "none" && { critical: { tiles: criticalOf(choices), trust } }),
  };
  // Before anything is begun.
  const isCritical = partsOf(job).parts.some((part) => part.trust !== undefined);
  const [members, needed] = [choices.providers + hostileOf(choices), seatsOf(trust) + SPARE_MEMBERS];
  if (isCritical && members < needed) {
    throw new UsageError(
      `Rounds with a trust of ${trust} need ${needed} providers, not ${members}: give more --providers.`,
    );
  }
  return job;
}

/** A script that is run in a process of its own. */
function programOf(script: string) {
  const file = fileURLToPath(new URL(script, import.meta.url));
  return { file, execArgv: ["--import", import.meta.resolve("tsx")] };
}

function filesOf(name: WorkloadName) {
  return { manifest: readFileSync(manifestFile(name)), module: readFileSync(moduleFile(name)) };
}

/** Writes what a person looks at. */
async function keep(folder: string, { summary, pixels }: RunResult): Promise<void> {
  let picture: Uint8Array | undefined;
  if (pixels !== undefined && summary.picture !== undefined) {
    const png = new PNG({ width: summary.picture.width, height: summary.picture.height });
    for (let index = 0; index < pixels.length / 3; index++) {
      png.data.set([...pixels.subarray(3 * index, 3 * index + 3), 255], 4 * index);
    }
    picture = PNG.sync.write(png, { colorType: 2 });
    await writeBytes(join(folder, summary.picture.file), picture);
  }
  await writeText(join(folder, "report.html"), reportPage(summary, picture));
  await writeText(join(folder, "summary.json"), formatDocument(summary));
}

/** A name that sorts by time. */
function newName(): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(":", "-");
  return `${time}-${randomBytes(2).toString("hex")}`;
}

async function runOnce(choices: RunChoices, signal: AbortSignal): Promise<Summary> {
  const run = newName();
  const folder = join(choices.folder, run);
  const job = jobOf(choices);
  if (choices.contentPort !== undefined) await checkPort(choices.contentPort, "--content-port");
  await buildWorkloads();
  const venue = await venueOf(choices, folder);
  const progress = choices.json === true ? silence : createProgress(venue.coin);
  try {
    progress.line(
      `OpenGPU: a market of ${choices.providers + hostileOf(choices)} providers and ${choices.clients} clients\n`,
    );
    signal.throwIfAborted();
    const { alone, coin, blockTime, deployment } = venue;
    const { contentPort, yes } = choices;
    const result = await runMarket({
      ...venue,
      ...{ run, folder, job, signal, interval: INTERVAL, clients: choices.clients, window: choices.window },
      begin: () => venue.begin(),
      chain: { coin, ...(blockTime !== undefined && { blockTime }) },
      plans: [
        ...plansFor(choices.providers, deployment.parameters.minStakePerSlot),
        ...adversaryPlansFor(hostileOf(choices), deployment.parameters.minStakePerSlot),
      ],
      workloads: { render: filesOf("render"), digits: filesOf("digits") },
      program: programOf("provider.ts"),
      adversary: programOf("adversary.ts"),
      ...(contentPort !== undefined && { contentPort }),
      report: (event) => {
        progress.report(event);
      },
      ...(!alone &&
        yes !== true && {
          confirm: (total) => askFirst(`Spend up to ${coins(total)} ${coin} of ${venue.funder.address}`),
        }),
    });
    progress.end();
    await keep(folder, result);
    if (!alone) {
      const left = await reclaim({ deployment, folder, keys: result.keys, funder: venue.funder });
      for (const line of left) progress.line(line);
    }
    progress.line(`\n${reportText(result.summary)}\n\nKept in ${folder}: picture.png, report.html, summary.json.`);
    return result.summary;
  } catch (error) {
    if (venue.alone || !(await hasKeys(folder))) throw error;
    const problem = error instanceof Error ? error.message : String(error);
    const options = `--rpc … --deployment ${choices.deployment ?? "…"} --reclaim ${folder}`;
    throw new ScriptError(`${problem} Coin of the run is still on the chain: npm start -- ${options} takes it back.`, {
      cause: error,
    });
  } finally {
    progress.end();
    await venue.close();
  }
}

const hasKeys = async (folder: string) => (await readKeys(join(folder, "keys.json"))) !== undefined;

/** Takes back what the run in a folder left on another chain. */
async function reclaimFrom(folder: string, choices: RunChoices): Promise<void> {
  const { rpc, deployment } = choices;
  if (rpc === undefined || deployment === undefined)
    throw new UsageError("The option --reclaim needs --rpc and --deployment.");
  const keys = await readKeys(join(folder, "keys.json"));
  if (keys === undefined) throw new ScriptError(`There is no file ${join(folder, "keys.json")} of a run.`);
  const venue = await givenVenue(rpc, deployment);
  try {
    const lines = await reclaim({ deployment: venue.deployment, folder, keys, funder: venue.funder });
    for (const line of lines) console.log(line);
  } finally {
    await venue.close();
  }
}

await main(async () => {
  const choices = command.parse().opts<RunChoices>();
  if (choices.reclaim !== undefined) return reclaimFrom(choices.reclaim, choices);
  const stopping = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      // Who asks twice does not want to wait.
      if (stopping.signal.aborted) process.exit(130);
      stopping.abort(new ScriptError("The run was interrupted; every process of it has ended."));
    });
  }
  const summary = await runOnce(choices, stopping.signal);
  if (choices.json === true) process.stdout.write(formatDocument(summary));
  if (summary.problems.length > 0) process.exitCode = 1;
});
// A failure ends the program, whatever is still open.
if (process.exitCode !== undefined && process.exitCode !== 0) process.stdout.write("", () => process.exit());
