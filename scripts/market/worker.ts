/** The worker of WebAssembly executors, as installed packages have it. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { writeBytes } from "../../src/files/atomic.js";

const SOURCE = new URL("../../src/sandbox/wasmWorker.ts", import.meta.url);
const FOLDER = new URL("../../cache/sandbox/", import.meta.url);

/**
 * The worker in JavaScript, in one file that is named by what is in it, so that none is of another source. From source
 * Node would remove the types before every job, for which it takes longer than for all else of a start.
 */
export async function builtWorker(): Promise<URL> {
  const { outputFiles } = await build({
    ...{ entryPoints: [fileURLToPath(SOURCE)], bundle: true, write: false },
    ...{ platform: "node", format: "esm", target: "node22", logLevel: "silent" },
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error("The worker was not built.");
  const name = createHash("sha256").update(file.contents).digest("hex").slice(0, 16);
  const place = new URL(`wasmWorker-${name}.js`, FOLDER);
  if (!existsSync(place)) await writeBytes(fileURLToPath(place), file.contents);
  return place;
}
