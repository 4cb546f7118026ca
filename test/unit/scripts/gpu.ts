import { expect } from "chai";
import { measureGpu } from "../../../scripts/benchmark/gpu.js";
import type { Adapter, Gpu } from "../../../workloads/digits/gpu/webgpu.js";

const signal = new AbortController().signal;
const INFO = { vendor: "nvidia", architecture: "hopper", device: "NVIDIA H200", description: "driver" };

/** A machine whose only adapter is this one, and which has no device. */
const machineWith = (info: Adapter["info"] | undefined) => (): Promise<Gpu> =>
  Promise.resolve({
    requestAdapter: () =>
      Promise.resolve(
        info === undefined
          ? null
          : {
              info,
              limits: { maxBufferSize: 1, maxStorageBufferBindingSize: 1 },
              requestDevice: () => Promise.reject(new Error("no device")),
            },
      ),
  });

describe("scripts.benchmark.measureGpu", () => {
  const reasonOf = async (find: () => Promise<Gpu>) => {
    const result = await measureGpu(signal, find);
    return result.measured ? "measured" : result.reason;
  };

  it("says why nothing was measured", async () => {
    const missing = Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" });
    expect(await reasonOf(() => Promise.reject(missing))).to.match(/webgpu is not installed.*npm install --no-save/);
    expect(await reasonOf(() => Promise.reject(new Error("no driver")))).to.equal(
      "WebGPU does not work on this machine: no driver",
    );
    expect(await reasonOf(machineWith(undefined))).to.equal("This machine has no GPU that WebGPU knows.");
    expect(await reasonOf(machineWith(INFO))).to.equal("NVIDIA H200 failed: no device");
  });

  it("names an accelerator as its driver does, but only one of that maker", async () => {
    const named = async (info: Adapter["info"], driver: string) => {
      const result = await measureGpu(signal, machineWith(info), { driver });
      return result.measured ? "measured" : result;
    };
    const bare = { ...INFO, device: "" };
    expect(await named(bare, "NVIDIA H200 SXM")).to.deep.equal({
      ...{ measured: false, failed: true, reason: "NVIDIA H200 SXM failed: no device" },
    });
    const other = { vendor: "intel", architecture: "xe", device: "", description: "Intel UHD Graphics" };
    expect(await named(other, "NVIDIA H200 SXM")).to.include({ reason: "Intel UHD Graphics failed: no device" });
    expect(await named(INFO, "none")).to.include({ reason: "NVIDIA H200 failed: no device" });
  });

  it("takes no software for a GPU", async () => {
    const software = [
      { ...INFO, isFallbackAdapter: true },
      { vendor: "google", architecture: "swiftshader", device: "", description: "SwiftShader driver 5.0.0" },
      { vendor: "mesa", architecture: "", device: "llvmpipe (LLVM 15.0.6, 256 bits)", description: "" },
    ];
    for (const info of software) expect(await reasonOf(machineWith(info))).to.match(/ is software, no GPU\.$/);
  });

  it("gives the scores of the module, whatever computes them", async function () {
    this.timeout(60_000);
    const result = await measureGpu(signal, undefined, { software: true, images: 40 });
    if (!result.measured && /not installed|does not work|no GPU that WebGPU knows/.test(result.reason)) {
      this.runnable().title += `: ${result.reason}`;
      this.skip();
    }
    expect(result).to.include({ measured: true, workload: "digits", unit: "image", units: 40 });
  });
});
