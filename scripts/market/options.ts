/** What a person can choose of a run. */
import { InvalidArgumentError, Option } from "commander";
import { SCENES, type Scene, type Size } from "../../src/client/frame.js";
import { DRAWN_LIFETIME } from "../../src/market/run/plans.js";
import { createCommand, wholeNumber } from "../deployment/command.js";

export interface RunChoices {
  providers: number;
  hostile?: number;
  critical?: number;
  checked?: number;
  trust: number;
  lifetime: number;
  clients: number;
  frame: Size | "none";
  tile: Size;
  scene: Scene;
  samples: number;
  seed: number;
  images: number;
  batch: number;
  window: number;
  blockTime: number;
  port?: number;
  contentPort?: number;
  rpc?: string;
  deployment?: string;
  folder: string;
  json?: boolean;
  yes?: boolean;
  reclaim?: string;
}

/** Reads a size such as `512x384`. */
function size(text: string): Size {
  const [, width, height] = /^(\d{1,5})x(\d{1,5})$/.exec(text) ?? [];
  if (width === undefined || height === undefined || Number(width) === 0 || Number(height) === 0) {
    throw new InvalidArgumentError("It must be a size in pixels, e.g. 512x384.");
  }
  return { width: Number(width), height: Number(height) };
}

const frame = (text: string): Size | "none" => (text === "none" ? text : size(text));

export const command = createCommand(
  "start",
  "A whole market doing real work: clients, providers, a chain between them.",
)
  .option("--providers <number>", "how many compete, each a process", wholeNumber(1, 64), 5)
  .option("--clients <number>", "how many order, in turn", wholeNumber(1, 64), 3)
  .option(
    "--critical <number>",
    "tiles that several providers must agree on; 9 on a local chain",
    wholeNumber(0, 10_000),
  )
  .option(
    "--checked <number>",
    "further tiles that clients compute again, to dispute what is wrong; 4 on a local chain",
    wholeNumber(0, 10_000),
  )
  .option("--trust <odds>", "odds that agreement of several providers must reach", wholeNumber(2, 16_384), 2)
  .option(
    "--lifetime <seconds>",
    "time until the deadline of a critical or checked tile, and for the panel of a dispute",
    wholeNumber(10, 3_600),
    DRAWN_LIFETIME,
  )
  .option(
    "--hostile <number>",
    "providers beside that lie, stay silent, copy, forge or withhold, and a client that quarrels; 5 on a local chain",
    wholeNumber(0, 16),
  )
  .option("--frame <size>", "picture to render, in pixels, or none", frame, { width: 512, height: 384 })
  .option("--tile <size>", "part of the picture in one task", size, { width: 64, height: 48 })
  .addOption(new Option("--scene <name>", "what is in the picture").choices(SCENES).default("gallery"))
  .option("--samples <number>", "light paths for each pixel", wholeNumber(1, 1024), 128)
  .option("--seed <number>", "variant of the scene", wholeNumber(0, 2 ** 32 - 1), 7)
  .option("--images <number>", "handwritten digits to read; 0 for none", wholeNumber(0, 10_000), 1_000)
  .option("--batch <number>", "images in one task", wholeNumber(1, 10_000), 25)
  .option("--window <number>", "open tasks of each client at a time", wholeNumber(1, 1_000), 6)
  .option("--block-time <seconds>", "time between blocks of the local chain; 0: one for every transaction", seconds, 1)
  .option("--port <number>", "port of the local chain; a free one if left out", wholeNumber(1, 65_535))
  .option("--content-port <number>", "port of the content server; a free one if left out", wholeNumber(1, 65_535))
  .option("--rpc <address>", "node of another chain; needs --deployment")
  .option("--deployment <file>", "record of the suite on that chain, as `npm run deploy` writes it")
  .option("--folder <path>", "where runs are kept", "runs")
  .option("--yes", "do not ask before coin of another chain is spent")
  .option("--reclaim <folder>", "instead of a run: take back the coin that an earlier one left on another chain")
  .option("--json", "print the summary only")
  .addHelpText("after", "\nOn another chain the key that pays comes from the environment variable OPENGPU_FUNDER_KEY.");

/** Reads a time between blocks, which need not be whole. */
export function seconds(text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d{1,3})?$/.test(text) || value > 60) {
    throw new InvalidArgumentError("It must be a number of seconds from 0 to 60.");
  }
  return value;
}
