import { ContentTooLargeError } from "../content/errors.js";
import { type Manifest, MAX_MANIFEST_BYTES, parseManifest } from "../content/manifest.js";
import type { ContentStore } from "../content/store.js";
import { read, readBatch } from "../protocol/batch.js";
import { DocumentFormatError } from "../protocol/errors.js";
import type { Protocol } from "../protocol/protocol.js";
import type { Limits } from "../sandbox/executor.js";
import { SourceRefusedError } from "./errors.js";

/** Most that a provider lets any source use: time in milliseconds, all else in bytes. */
export interface Ceiling extends Limits {
  module: number;
}

const MEBIBYTE = 2 ** 20;

/** What one machine spares for one task, unless its owner says otherwise. */
export const DEFAULT_CEILING: Ceiling = {
  module: 64 * MEBIBYTE,
  memory: 1024 * MEBIBYTE,
  time: 600_000,
  input: 256 * MEBIBYTE,
  output: 256 * MEBIBYTE,
};

/** A version of a source, ready to be run. */
export interface OpenedSource {
  readonly source: number;
  readonly version: number;
  readonly manifest: Manifest;
  readonly module: Uint8Array;
  readonly args: readonly string[];
  readonly limits: Limits;
  /** What says whether an output is valid, if the manifest names something. */
  readonly judge?: Pick<OpenedSource, "module" | "args">;
}

/** Which source to open, and from where. */
export interface SourceRequest {
  source: number;
  version: number;
  store: ContentStore;
  ceiling: Ceiling;
  signal?: AbortSignal;
}

/**
 * Fetches the manifest that the chain names, and the module that the manifest names.
 *
 * @throws {SourceRefusedError} if the version is not for this provider: no manifest, no module, or limits above the ceiling.
 * @throws {RevertError} `UnknownSource`, `UnknownVersion`.
 * @throws {ContentError | NodeError} if something cannot be fetched now.
 */
export async function openSource(protocol: Protocol, request: SourceRequest): Promise<OpenedSource> {
  const { source, version, store, ceiling, signal } = request;
  const refuse = (problem: string, cause?: unknown) =>
    new SourceRefusedError(source, version, problem, cause === undefined ? undefined : { cause });
  const fetched = async (digest: string, maxSize: number): Promise<Uint8Array> => {
    try {
      return await store.get(digest, { maxSize, ...(signal !== undefined && { signal }) });
    } catch (error) {
      throw error instanceof ContentTooLargeError ? refuse(error.message, error) : error;
    }
  };
  const { values } = await readBatch(protocol, [read("sourceRegistry", "getVersion", source, version)]);
  const [{ manifestDigest, deterministic }] = values;
  const manifest = readManifest(await fetched(manifestDigest, MAX_MANIFEST_BYTES), refuse);
  const { limits } = manifest;
  if (manifest.deterministic !== deterministic) {
    throw refuse(`its manifest says deterministic: ${manifest.deterministic}, the chain says ${deterministic}.`);
  }
  const wasm = manifest.executables.wasm;
  if (wasm === undefined) throw refuse("its manifest names no WebAssembly module, the only kind that is run here.");
  for (const name of ["memory", "time", "input", "output"] as const) {
    if (limits[name] > ceiling[name]) {
      throw refuse(`its limits.${name} is ${limits[name]}, more than the ${ceiling[name]} that are allowed here.`);
    }
  }
  const module = await fetched(wasm.module, ceiling.module);
  const judge = manifest.judge && {
    module: manifest.judge.module === undefined ? module : await fetched(manifest.judge.module, ceiling.module),
    args: manifest.judge.args,
  };
  return { source, version, manifest, module, args: wasm.args, limits, ...(judge !== undefined && { judge }) };
}

function readManifest(bytes: Uint8Array, refuse: (problem: string, cause: unknown) => Error): Manifest {
  try {
    return parseManifest(bytes);
  } catch (error) {
    throw error instanceof DocumentFormatError ? refuse(error.message, error) : error;
  }
}
