import { fileURLToPath } from "node:url";

/** Folder of the repository, with a slash behind it. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export const WORKLOADS = ["digits", "render", "tour", "train"] as const;
export type WorkloadName = (typeof WORKLOADS)[number];

/** Where the manifest of a workload is. */
export function manifestFile(name: WorkloadName): string {
  return `${ROOT}workloads/${name}/manifest.json`;
}

/** Where the module of a workload is built. */
export function moduleFile(name: WorkloadName): string {
  return `${ROOT}workloads/${name}/build/${name}.wasm`;
}

/** The JSON Schema of manifests. */
export const SCHEMA_FILE = `${ROOT}workloads/manifest.schema.json`;
