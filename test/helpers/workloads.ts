import { readFileSync } from "node:fs";
import { type Manifest, parseManifest } from "../../src/content/manifest.js";
import { buildWorkload } from "../../workloads/tools/build.js";
import { manifestFile, moduleFile, type WorkloadName } from "../../workloads/tools/places.js";
import { type Module, wasm } from "./wasi.js";

/** A workload as it is published. */
export interface Workload {
  manifest: Manifest;
  manifestBytes: Uint8Array;
  moduleBytes: Uint8Array;
  module: Module;
}

/** Builds a workload, if its sources changed, and reads it. */
export async function loadWorkload(name: WorkloadName): Promise<Workload> {
  await buildWorkload(name);
  const manifestBytes = readFileSync(manifestFile(name));
  const moduleBytes = readFileSync(moduleFile(name));
  return { manifest: parseManifest(manifestBytes), manifestBytes, moduleBytes, module: new wasm.Module(moduleBytes) };
}
