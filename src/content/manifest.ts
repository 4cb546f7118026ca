import { sha256 } from "ethers";
import { z } from "zod";
import { parseDocument } from "../protocol/deployment.js";
import { DocumentFormatError } from "../protocol/errors.js";

/** Most bytes that a manifest may have. */
export const MAX_MANIFEST_BYTES = 65_536;
/** Bytes of a page of WebAssembly memory. */
export const PAGE_BYTES = 65_536;
const MAX_WASM_MEMORY = 2 ** 32;
const DAY = 86_400_000;

/** A text of a given form, named in the error by what it should be. */
const formed = (pattern: RegExp, form: string) =>
  z.string().regex(pattern, { error: ({ input }) => `${JSON.stringify(input)} is no ${form}` });

/** SHA-256 of bytes that the manifest refers to. */
const digest = formed(/^0x[0-9a-f]{64}$/, "digest, 0x and 64 small hexadecimal digits");
const mediaType = z.strictObject({
  mediaType: formed(/^[a-z0-9][a-z0-9.+-]*\/[a-z0-9][a-z0-9.+-]*$/, "media type").describe("Media type of the bytes"),
});
const args = z.array(z.string().max(1024)).max(64);
const bytes = z.int().positive();

const image = z.strictObject({
  reference: formed(/^[a-z0-9][a-zA-Z0-9._:/-]*$/, "image reference").describe("Registry, repository and tag"),
  digest: digest.describe("Digest of the image's own manifest"),
  config: digest.describe("Digest of the image's configuration"),
});

/** JSON form of a manifest. */
export const manifestSchema = z
  .strictObject({
    format: z.literal("opengpu-manifest/1"),
    name: formed(/^[a-z][a-z0-9-]{0,62}$/, "name of small letters, digits and hyphens"),
    version: formed(/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/, "version like 1.0.0"),
    description: z.string().min(1).max(1000),
    licence: formed(/^[\w.+-]+(?: (?:AND|OR|WITH) [\w.+-]+)*$/, "SPDX licence expression"),
    image: z
      .url({
        protocol: /^(?:https|ipfs|data)$/,
        error: ({ input }) => `${JSON.stringify(input)} is no https, ipfs or data URL`,
      })
      .optional()
      .describe("Picture that stands for the source in wallets"),
    executables: z
      .strictObject({
        wasm: z
          .strictObject({
            module: digest.describe("Digest of a WASI preview1 command"),
            args: args.describe("Arguments after the program's name"),
          })
          .optional(),
        images: z.strictObject({ cpu: image.optional(), nvidia: image.optional(), amd: image.optional() }).optional(),
      })
      .refine(({ wasm, images }) => wasm !== undefined || Object.keys(images ?? {}).length > 0, {
        error: "neither a module nor an image is named",
      }),
    limits: z.strictObject({
      memory: bytes.multipleOf(PAGE_BYTES).describe("Bytes of memory, a multiple of 65536"),
      time: z.int().positive().max(DAY).describe("Milliseconds by the clock on the wall"),
      input: bytes.describe("Bytes of input"),
      output: bytes.describe("Bytes of output"),
    }),
    deterministic: z.boolean().describe("Whether the same input always gives the same bytes"),
    input: mediaType,
    output: mediaType,
    judge: z
      .strictObject({
        module: digest.optional().describe("Digest of the module that judges; the workload's own if left out"),
        args,
      })
      .optional()
      .describe("How an output is judged against its input"),
    examples: z
      .array(
        z.strictObject({
          description: z.string().min(1).max(200),
          input: z
            .strictObject({ encoding: z.enum(["utf8", "base64"]), data: z.string() })
            .refine(({ encoding, data }) => encoding === "utf8" || z.base64().safeParse(data).success, {
              path: ["data"],
              error: "it is not base64",
            }),
          output: digest.optional().describe("Digest of the output, if it is always the same"),
        }),
      )
      .max(16),
  })
  .refine(({ executables, limits }) => executables.wasm === undefined || limits.memory <= MAX_WASM_MEMORY, {
    path: ["limits", "memory"],
    error: `a module has at most ${MAX_WASM_MEMORY} bytes of memory`,
  })
  .refine(({ executables, judge }) => judge === undefined || (judge.module ?? executables.wasm?.module) !== undefined, {
    path: ["judge", "module"],
    error: "no module is named that could judge",
  });

/** What a source is: its programs by digest, the limits they run in, what goes in and what comes out. */
export type Manifest = z.output<typeof manifestSchema>;

/**
 * Reads a manifest. Its bytes are what counts: they are digested as they are, so they are not written anew.
 *
 * @param bytes UTF-8 JSON, at most `MAX_MANIFEST_BYTES`.
 * @param name What it is called in errors, e.g. its file.
 * @throws {DocumentFormatError} naming the first thing that is wrong, its path in `field`.
 */
export function parseManifest(bytes: Uint8Array, name = "The manifest"): Manifest {
  if (bytes.length > MAX_MANIFEST_BYTES) {
    throw new DocumentFormatError(name, `it has ${bytes.length} bytes, more than ${MAX_MANIFEST_BYTES}`);
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new DocumentFormatError(name, "it is not UTF-8", { cause: error });
  }
  return parseDocument(manifestSchema, text, name);
}

/** SHA-256 of a manifest's bytes, 32 bytes in hexadecimal, as a source names it on chain. */
export function manifestDigest(bytes: Uint8Array): string {
  return sha256(bytes);
}

/** The JSON Schema of manifests, for editors and for programs in other languages. */
export function manifestJsonSchema(): object {
  return z.toJSONSchema(manifestSchema, { io: "input" });
}
