import { readFileSync } from "node:fs";
import { expect } from "chai";
import { sha256 } from "ethers";
import {
  MAX_MANIFEST_BYTES,
  manifestDigest,
  manifestJsonSchema,
  parseManifest,
} from "../../../src/content/manifest.js";
import { DocumentFormatError } from "../../../src/protocol/errors.js";
import { manifestFile, SCHEMA_FILE } from "../../../workloads/tools/places.js";

type Json = Record<string, unknown>;

const DIGEST = `0x${"ab".repeat(32)}`;
const IMAGE = { reference: "registry.example/render:1.0.0", digest: DIGEST, config: DIGEST };

/** A manifest with everything in it. */
const complete = (): Json => ({
  format: "opengpu-manifest/1",
  name: "render",
  version: "1.0.0",
  description: "Renders",
  licence: "MIT OR Apache-2.0",
  image: "https://example.org/render.png",
  executables: {
    wasm: { module: DIGEST, args: ["--fast"] },
    images: { cpu: { ...IMAGE }, nvidia: { ...IMAGE }, amd: { ...IMAGE } },
  },
  limits: { memory: 65_536, time: 1000, input: 1, output: 1 },
  deterministic: true,
  input: { mediaType: "application/json" },
  output: { mediaType: "image/x-portable-pixmap" },
  judge: { module: DIGEST, args: ["judge"] },
  examples: [{ description: "Nothing", input: { encoding: "utf8", data: "" }, output: DIGEST }],
});
const bytesOf = (manifest: Json) => new TextEncoder().encode(JSON.stringify(manifest));

/** The complete manifest with one field, named by its path, changed, or left out if no value is given. */
function changed(path: string, value?: unknown): Json {
  const manifest = complete();
  const names = path.split(".");
  const last = names.pop() ?? "";
  const parent = names.reduce((object, name) => object[name] as Json, manifest);
  if (value === undefined) Reflect.deleteProperty(parent, last);
  else parent[last] = value;
  return manifest;
}

function refusal(bytes: Uint8Array): DocumentFormatError {
  try {
    parseManifest(bytes, "render.json");
  } catch (error) {
    if (error instanceof DocumentFormatError) return error;
    throw error;
  }
  throw new Error("The manifest was not refused.");
}

describe("manifest", () => {
  it("keeps every field", () => {
    expect(parseManifest(bytesOf(complete()))).to.deep.equal(complete());
  });

  for (const path of ["image", "executables.images", "executables.images.amd", "judge.module", "executables.wasm"]) {
    it(`does without ${path}`, () => {
      const manifest = changed(path);
      expect(parseManifest(bytesOf(manifest))).to.deep.equal(manifest);
    });
  }

  for (const path of [
    ...["format", "name", "version", "description", "licence", "executables", "limits", "deterministic", "input"],
    ...["output", "examples", "limits.memory", "limits.time", "limits.input", "limits.output", "input.mediaType"],
    ...["executables.wasm.module", "executables.wasm.args", "executables.images.cpu.config", "judge.args"],
    ...["examples.0.input", "examples.0.input.data", "examples.0.description"],
  ]) {
    it(`misses ${path}`, () => {
      const error = refusal(bytesOf(changed(path)));
      expect(error.field).to.equal(path);
      expect(error.message).to.include(`render.json is not usable: ${path}: `);
    });
  }

  for (const path of ["limits.disk", "executables.docker", "executables.images.tpu", "licens", "judge.entry"]) {
    it(`does not know ${path}`, () => {
      const error = refusal(bytesOf(changed(path, 1)));
      expect(error.field).to.equal(path);
      expect(error.message).to.include(JSON.stringify(path.split(".").pop()));
    });
  }

  const wrong: [path: string, value: unknown][] = [
    ["format", "opengpu-manifest/2"],
    ["name", "Render"],
    ["name", "../render"],
    ["name", ""],
    ["version", "1.0"],
    ["version", "v1.0.0"],
    ["description", ""],
    ["licence", "do what you want"],
    ["image", "javascript:alert(1)"],
    ["executables", {}],
    ["executables", { images: {} }],
    ["executables.wasm.module", DIGEST.toUpperCase()],
    ["executables.wasm.module", `sha256:${"ab".repeat(32)}`],
    ["executables.wasm.module", DIGEST.slice(0, -2)],
    ["executables.images.nvidia.reference", "Registry/with spaces"],
    ["limits.memory", 65_537],
    ["limits.memory", 0],
    ["limits.memory", 2 ** 32 + 65_536],
    ["limits.time", 1.5],
    ["limits.time", 86_400_001],
    ["limits.input", "1"],
    ["limits.output", -1],
    ["deterministic", "yes"],
    ["input.mediaType", "json"],
    ["output.mediaType", "Text/HTML; charset=utf-8"],
    ["examples.0.input.encoding", "hex"],
    ["examples.0.output", "0x"],
  ];
  for (const [path, value] of wrong) {
    it(`refuses ${JSON.stringify(value)} as ${path}`, () => {
      expect(refusal(bytesOf(changed(path, value))).field).to.equal(path);
    });
  }

  it("refuses what is not base64 where it should be", () => {
    const error = refusal(bytesOf(changed("examples.0.input", { encoding: "base64", data: "===" })));
    expect(error.field).to.equal("examples.0.input.data");
  });

  it("lets images have more memory than a module can", () => {
    const limits = { memory: 2 ** 36, time: 1, input: 1, output: 1 };
    const manifest = { ...complete(), executables: { images: { nvidia: IMAGE } }, limits };
    expect(parseManifest(bytesOf(manifest)).limits.memory).to.equal(2 ** 36);
  });

  it("wants a module that can judge", () => {
    const manifest = { ...complete(), executables: { images: { cpu: IMAGE } }, judge: { args: [] } };
    expect(refusal(bytesOf(manifest)).field).to.equal("judge.module");
  });

  it("refuses what is no object, no JSON, no UTF-8, too long, or begins with a byte order mark", () => {
    const text = new TextEncoder();
    expect(refusal(text.encode("[]")).field).to.equal(undefined);
    expect(refusal(text.encode("{")).message).to.match(/^render\.json is not usable: it is not JSON/);
    expect(refusal(text.encode("\ufeff{}")).message).to.match(/it is not JSON/);
    expect(refusal(Uint8Array.of(0x22, 0xff, 0x22)).message).to.equal("render.json is not usable: it is not UTF-8.");
    const long = text.encode(JSON.stringify(complete()).padEnd(MAX_MANIFEST_BYTES + 1));
    expect(refusal(long).message).to.equal("render.json is not usable: it has 65537 bytes, more than 65536.");
    expect(parseManifest(long.subarray(0, MAX_MANIFEST_BYTES)).name).to.equal("render");
  });

  it("is digested as it is, white space included", () => {
    const bytes = readFileSync(manifestFile("render"));
    expect(manifestDigest(bytes)).to.equal(sha256(bytes));
    const abc = "0xba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    expect(manifestDigest(new TextEncoder().encode("abc"))).to.equal(abc);
  });

  it("has a schema that is current", () => {
    const committed: unknown = JSON.parse(readFileSync(SCHEMA_FILE, "utf8"));
    expect(committed).to.deep.equal(JSON.parse(JSON.stringify(manifestJsonSchema())));
  });
});
