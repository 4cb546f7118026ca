import { readFileSync } from "node:fs";
import { expect } from "chai";
import { sha256 } from "ethers";
import { PAGE_BYTES, parseManifest } from "../../../src/content/manifest.js";
import { nameModule } from "../../../workloads/tools/build.js";
import { compileWorkload } from "../../../workloads/tools/compile.js";
import { WorkloadError } from "../../../workloads/tools/errors.js";
import { manifestFile, type WorkloadName, WORKLOADS } from "../../../workloads/tools/places.js";
import { runCommand, wasm } from "../../helpers/wasi.js";
import { loadWorkload, type Workload } from "../../helpers/workloads.js";

const MEMORY_SECTION = 5;
/** What modules import beside input, output and exit. */
const BESIDE: Record<WorkloadName, string[]> = {
  digits: [],
  render: [],
  tour: ["args_get", "args_sizes_get", "random_get"],
  train: [],
};

/** Least and most pages of a module's memory, as its bytes say. */
function memoryOf(module: Uint8Array): { least: number; most: number | undefined } {
  let place = 8;
  const next = () => module[place++] ?? 0;
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = next();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (place < module.length) {
    const section = next();
    const length = number();
    if (section !== MEMORY_SECTION) {
      place += length;
      continue;
    }
    expect(number()).to.equal(1);
    const flags = next();
    return { least: number(), most: flags === 1 ? number() : undefined };
  }
  throw new Error("The module has no memory.");
}

for (const name of WORKLOADS) {
  describe(`${name} module`, () => {
    let workload: Workload;
    before(async () => {
      workload = await loadWorkload(name);
    });

    it("is the one that the manifest names, under its own name", () => {
      expect(workload.manifest.executables.wasm?.module).to.equal(sha256(workload.moduleBytes));
      expect(workload.manifest.name).to.equal(name);
    });

    it("imports no more than input, output and exit, and what chance and a judge need", () => {
      const imported = wasm.Module.imports(workload.module).map(
        ({ module, name, kind }) => `${module}.${name} ${kind}`,
      );
      expect(imported).to.have.members(
        ["fd_read", "fd_write", "proc_exit", ...BESIDE[name]].map((each) => `wasi_snapshot_preview1.${each} function`),
      );
    });

    it("exports its start and its memory, and carries no names", () => {
      expect(wasm.Module.exports(workload.module)).to.deep.equal([
        { name: "memory", kind: "memory" },
        { name: "_start", kind: "function" },
      ]);
      for (const section of ["name", "producers", "sourceMappingURL"]) {
        expect(wasm.Module.customSections(workload.module, section)).to.deep.equal([]);
      }
    });

    it("declares the memory that the manifest allows as its most", () => {
      const { least, most } = memoryOf(workload.moduleBytes);
      expect(most).to.equal(workload.manifest.limits.memory / PAGE_BYTES);
      expect(least).to.be.lessThan(workload.manifest.limits.memory / PAGE_BYTES);
    });

    it("gives the examples' outputs, however few bytes pass at a time", () => {
      expect(workload.manifest.examples).to.not.be.empty;
      for (const { input, output } of workload.manifest.examples) {
        const bytes = Buffer.from(input.data, input.encoding);
        const whole = runCommand(workload.module, bytes);
        expect(whole.status, whole.message).to.equal(0);
        if (output !== undefined) expect(sha256(whole.output)).to.equal(output);
        expect(whole.message).to.equal("");
        expect(whole.output.length).to.be.at.most(workload.manifest.limits.output);
        // Each call copies what is left to write: the more bytes, the larger the pieces.
        const inPieces = runCommand(workload.module, bytes, Math.max(7, Math.ceil(whole.output.length / 1000)));
        if (output === undefined) expect(inPieces.output).to.have.length(whole.output.length);
        else expect(sha256(inPieces.output)).to.equal(output);
      }
    });
  });
}

describe("workload build", () => {
  it("gives the same bytes each time", async () => {
    const { manifest, moduleBytes } = await loadWorkload("render");
    expect(sha256(await compileWorkload("render", manifest.limits.memory))).to.equal(sha256(moduleBytes));
  });

  it("declares the memory that it is told", async () => {
    expect(memoryOf(await compileWorkload("render", 5 * PAGE_BYTES)).most).to.equal(5);
  });

  const other = `0x${"01".repeat(32)}`;

  it("says so where a manifest names another module, and changes nothing else when told to", () => {
    const bytes = readFileSync(manifestFile("render"));
    const named = parseManifest(bytes).executables.wasm?.module ?? "";
    expect(nameModule(bytes, named, "render.json", false)).to.equal(bytes);
    expect(() => nameModule(bytes, other, "render.json", false)).to.throw(
      WorkloadError,
      `render.json names the module ${named}, but the one that was built is ${other}.`,
    );
    const updated = Buffer.from(nameModule(bytes, other, "render.json", true)).toString("utf8");
    expect(updated).to.equal(bytes.toString("utf8").replace(named, other));
  });

  it("says so where a manifest names no module", () => {
    const { executables, ...manifest } = parseManifest(readFileSync(manifestFile("render")));
    expect(executables).to.have.property("wasm");
    const image = { reference: "registry.example/render", digest: other, config: other };
    const bytes = Buffer.from(JSON.stringify({ ...manifest, executables: { images: { cpu: image } } }));
    expect(() => nameModule(bytes, other, "render.json", true)).to.throw(WorkloadError, "render.json names no module");
  });
});
