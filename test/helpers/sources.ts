import { toUtf8Bytes } from "ethers";
import { digestOf } from "../../src/content/digest.js";
import { parseManifest } from "../../src/content/manifest.js";
import type { OpenedSource } from "../../src/provider/source.js";
import { LIMITS } from "./jobs.js";
import type { Market } from "./suite.js";

/** The fields of a manifest for a module, those that a test changes included. */
export function manifestFor(module: Uint8Array, changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    format: "opengpu-manifest/1",
    name: "a-test",
    version: "1.0.0",
    description: "What a test runs.",
    licence: "MIT",
    executables: { wasm: { module: digestOf(module), args: [] } },
    limits: LIMITS,
    deterministic: true,
    input: { mediaType: "application/octet-stream" },
    output: { mediaType: "application/octet-stream" },
    examples: [],
    ...changes,
  };
}

/** A manifest as it is kept. */
export const manifestBytes = (manifest: unknown): Uint8Array => toUtf8Bytes(JSON.stringify(manifest));

/** A source with a module, as if it had been opened. */
export function openedOf(module: Uint8Array, changes: Record<string, unknown> = {}, args: string[] = []): OpenedSource {
  const fields = manifestFor(module, { executables: { wasm: { module: digestOf(module), args } }, ...changes });
  const manifest = parseManifest(manifestBytes(fields));
  return { source: 1, version: 2, manifest, module, args, limits: manifest.limits };
}

/** Publishes a further version of the market's source, for the CPU. */
export async function publishVersion(
  { sourceRegistry, publisher, source }: Market,
  manifestDigest: string,
  deterministic = true,
): Promise<number> {
  const terms = { manifestDigest, environments: 1, minGpuMemory: 0, deterministic };
  await sourceRegistry.connect(publisher).publishVersion(source, terms, []);
  return Number((await sourceRegistry.getSource(source)).versions);
}
