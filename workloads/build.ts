/** Builds the modules of all workloads; with `--update`, manifests and their schema follow the sources. */
import { buildWorkloads } from "./tools/build.js";

try {
  await buildWorkloads(process.argv.includes("--update"));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
