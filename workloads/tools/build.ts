import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { z } from "zod";
import { manifestJsonSchema, parseManifest } from "../../src/content/manifest.js";
import { WorkloadError } from "./errors.js";
import { manifestFile, moduleFile, ROOT, SCHEMA_FILE, type WorkloadName, WORKLOADS } from "./places.js";

const stampSchema = z.strictObject({ sources: z.string(), module: z.string() });

const digestOf = (bytes: Uint8Array | string) => `0x${createHash("sha256").update(bytes).digest("hex")}`;

/** Writes a file so that whoever reads it meanwhile has the old one or the new one. */
function replace(path: string, content: Uint8Array | string): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, content);
  renameSync(temporary, path);
}

/** Digest of all that a module follows from. */
function sourcesOf(name: WorkloadName, memory: number): string {
  const folders = ["workloads/lib", `workloads/${name}/assembly`];
  const files = folders.flatMap((folder) => readdirSync(ROOT + folder).map((file) => `${folder}/${file}`));
  files.push("workloads/tools/compile.ts");
  if (name === "digits") files.push("workloads/digits/weights.bin", "workloads/digits/training/quantise.ts");
  const compiler = readFileSync(createRequire(import.meta.url).resolve("assemblyscript/package.json"));
  const digests = files.sort().map((file) => `${file} ${digestOf(readFileSync(ROOT + file))}`);
  return digestOf([...digests, digestOf(compiler), memory].join("\n"));
}

/** Digest of the module that is built, if it was built from these sources. */
function builtFrom(name: WorkloadName, stampFile: string, sources: string): string | undefined {
  if (!existsSync(stampFile) || !existsSync(moduleFile(name))) return undefined;
  const stamp = stampSchema.safeParse(JSON.parse(readFileSync(stampFile, "utf8")));
  if (!stamp.success || stamp.data.sources !== sources) return undefined;
  return digestOf(readFileSync(moduleFile(name))) === stamp.data.module ? stamp.data.module : undefined;
}

/**
 * The bytes of a manifest that names the module that was built.
 *
 * @param bytes The manifest as it is.
 * @param module Digest of the module.
 * @param file What the manifest is called in errors.
 * @param update Whether it is changed if it names another module.
 * @throws {WorkloadError} if it names another module, or none.
 */
export function nameModule(bytes: Uint8Array, module: string, file: string, update: boolean): Uint8Array {
  const named = parseManifest(bytes, file).executables.wasm?.module;
  if (named === module) return bytes;
  if (named === undefined) throw new WorkloadError(`${file} names no module, but ${module} was built. Add it.`);
  if (update) return Buffer.from(Buffer.from(bytes).toString("utf8").replace(named, module));
  throw new WorkloadError(
    `${file} names the module ${named}, but the one that was built is ${module}. If the sources were meant to change, ` +
      "run `npm run workloads -- --update`.",
  );
}

/**
 * Builds the module of a workload, if its sources changed since it was built last.
 *
 * @param update Whether the manifest is to name the module that was built, whatever it named before.
 * @throws {WorkloadError} if the module does not compile, or is not the one that the manifest names.
 */
export async function buildWorkload(name: WorkloadName, update = false): Promise<void> {
  const bytes = readFileSync(manifestFile(name));
  const { limits } = parseManifest(bytes, `workloads/${name}/manifest.json`);
  const stampFile = `${ROOT}cache/workload-${name}.json`;
  const sources = sourcesOf(name, limits.memory);
  let module = builtFrom(name, stampFile, sources);
  if (module === undefined) {
    // Loading the compiler takes longer than finding that nothing is to do.
    const { compileWorkload } = await import("./compile.js");
    const compiled = await compileWorkload(name, limits.memory);
    module = digestOf(compiled);
    replace(moduleFile(name), compiled);
    replace(stampFile, JSON.stringify({ sources, module }));
  }
  const named = nameModule(bytes, module, `workloads/${name}/manifest.json`, update);
  if (named !== bytes) replace(manifestFile(name), named);
}

/**
 * Builds all workloads.
 *
 * @param update Whether manifests and the schema of manifests are to follow the sources.
 * @throws {WorkloadError} of the first that fails.
 */
export async function buildWorkloads(update = false): Promise<void> {
  for (const name of WORKLOADS) await buildWorkload(name, update);
  if (!update) return;
  const { format, resolveConfig } = await import("prettier");
  const style = await resolveConfig(SCHEMA_FILE);
  replace(SCHEMA_FILE, await format(JSON.stringify(manifestJsonSchema()), { ...style, filepath: SCHEMA_FILE }));
}
