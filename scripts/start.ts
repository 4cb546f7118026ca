/** A whole market doing real work, from its deployment to a picture, a table and a page about it. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PNG } from "pngjs";
import { writeBytes, writeText } from "../src/files/atomic.js";
import { reportText } from "../src/market/report/tables.js";
import { adversaryPlansFor, plansFor } from "../src/market/run/plans.js";
import { readKeys } from "../src/market/run/cast.js";
import { reclaim } from "../src/market/run/reclaim.js";
import { runMarket, type RunResult } from "../src/market/run/run.js";
import type { Summary } from "../src/market/summary.js";
import { coins } from "../src/market/coins.js";
import { formatDocument } from "../src/protocol/deployment.js";
import { DEFAULT_PARAMETERS, type SuiteParameters } from "../src/protocol/parameters.js";
import { buildWorkloads } from "../workloads/tools/build.js";
import { manifestFile, moduleFile, type WorkloadName } from "../workloads/tools/places.js";
import { askFirst, main, ScriptError, UsageError } from "./deployment/command.js";
import { checkPort } from "./market/chain.js";
import { hostileOf, jobOf, preyOf } from "./market/job.js";
import { command, type RunChoices } from "./market/options.js";
import { createProgress, silence } from "./market/progress.js";
import { givenVenue, venueOf } from "./market/venue.js";
import { builtWorker } from "./market/worker.js";

/** A client of a run accepts at once, so that nobody waits an hour for a provider that was killed. Seconds. */
const DISCLOSE_WINDOW = 60;
/** A seal that is never opened holds up its round for so long; a slow machine must open its own in it. Seconds. */
const OPEN_WINDOW = 60;
/** A panel has so many seconds for its seed beside the time of the order: its block is the fourth one after the dispute. */
const SEED_WINDOW = 10;
/** A panel has no longer than the order that it is about; a suite must have a least time. Seconds. */
const PANEL_MIN = 1;
/** A provider waits so many seconds for a client that accepts at once, or not at all. */
const GRACE = 10;
/**
 * Speed of the prices on a chain of its own, parts per million a second: a price falls by 2.5 percent a second where
 * nothing is ordered, and rises by a quarter of that where all slots are taken. A run takes a minute or two, in which the
 * speed of a real suite, where demand comes and goes by the hour, would not show.
 */
const LOCAL_SPEED = 25_000;
/** Pause between two looks at the chain, milliseconds. */
const INTERVAL = 250;

/** How the suite of a chain of its own differs from the usual one. */
function localParameters(): SuiteParameters {
  const { windows, price } = DEFAULT_PARAMETERS;
  const shorter = { disclose: DISCLOSE_WINDOW, open: OPEN_WINDOW, seed: SEED_WINDOW, panelMin: PANEL_MIN };
  return {
    ...DEFAULT_PARAMETERS,
    price: { ...price, speed: LOCAL_SPEED },
    windows: { ...windows, ...shorter },
  };
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
  // Charts are the greater part of what there is to load, and needed last.
  const { reportPage } = await import("../src/market/report/page.js");
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
  const venue = await venueOf(choices, folder, localParameters());
  const progress = choices.json === true ? silence : createProgress(venue.coin);
  try {
    progress.line(
      `OpenGPU: a market of ${choices.providers + hostileOf(choices)} providers and ${choices.clients} clients\n`,
    );
    signal.throwIfAborted();
    const { alone, coin, blockTime, deployment } = venue;
    const { contentPort, yes } = choices;
    const prey = preyOf(choices);
    const { minStakePerSlot } = deployment.parameters;
    const result = await runMarket({
      ...venue,
      ...{ run, folder, job, signal, interval: INTERVAL, clients: choices.clients, window: choices.window },
      begin: () => venue.begin(),
      chain: { coin, ...(blockTime !== undefined && { blockTime }) },
      plans: [
        ...plansFor(choices.providers, minStakePerSlot, prey.panelBond),
        ...adversaryPlansFor(hostileOf(choices), minStakePerSlot, prey),
      ],
      quarrels: hostileOf(choices) > 0,
      ...(alone && { grace: GRACE }),
      computer: { worker: await builtWorker() },
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
