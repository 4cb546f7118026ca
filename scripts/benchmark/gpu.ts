/** The one workload here that runs on a GPU: reading digits by WebGPU, where the machine has a GPU that does it. */
import { readFileSync } from "node:fs";
import { measureRate } from "../../src/market/benchmark/rate.js";
import type { GpuResult } from "../../src/market/benchmark/result.js";
import { messageOf } from "../../src/protocol/retry.js";
import { createGpuNetwork, MOST_IMAGES } from "../../workloads/digits/gpu/infer.js";
import type { Adapter, Device, Gpu } from "../../workloads/digits/gpu/webgpu.js";
import { type Digits, imageAt, PIXELS, splitDigits } from "../../workloads/digits/training/data.js";
import { decodeWeights, scoresOf } from "../../workloads/digits/training/quantise.js";
import { ROOT } from "../../workloads/tools/places.js";

/** Dawn's bindings for Node. They are no dependency: 130 MB, and of use only where there is a GPU. */
const PACKAGE = "webgpu";
const REPETITIONS = 5;
/** Adapters that let the processor compute, whatever they say of themselves. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|software|microsoft basic render/i;

/** The bindings crash when this is collected as garbage while something that came from it is in use, so it never is. */
const kept = new Set<Gpu>();

/** How adapters are found. */
export type FindGpu = () => Promise<Gpu>;

interface Bindings {
  create: (options: readonly string[]) => Gpu;
  globals: Record<string, unknown>;
}

/** @throws {Error} if the package is not installed, or does not work on this machine. */
async function findGpu(): Promise<Gpu> {
  const { create } = (await import(PACKAGE)) as Bindings;
  return create([]);
}

/**
 * Reads the held-out digits on the GPU, several times, and compares every score with what the processor computes. It runs without the
 * market: providers execute WebAssembly only.
 *
 * @param driver What NVIDIA's driver calls its accelerators, which price books go by; `none` if there is none.
 * @param software Whether an adapter that is software will do, which measures nothing but shows that the scores are right.
 */
export async function measureGpu(
  signal: AbortSignal,
  find: FindGpu = findGpu,
  {
    driver = "none",
    software = false,
    images = MOST_IMAGES,
  }: { driver?: string; software?: boolean; images?: number } = {},
): Promise<GpuResult> {
  const none = (reason: string) => ({ measured: false, reason }) as const;
  let adapter: Adapter | null;
  try {
    const gpu = await find();
    kept.add(gpu);
    adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  } catch (error) {
    if ((error as { code?: unknown }).code === "ERR_MODULE_NOT_FOUND") {
      return none(`The package ${PACKAGE} is not installed; \`npm install --no-save ${PACKAGE}\` brings it.`);
    }
    return none(`WebGPU does not work on this machine: ${messageOf(error)}`);
  }
  if (adapter === null) return none("This machine has no GPU that WebGPU knows.");
  // Only of its own device, or of several that are alike, is it known that this is what the driver names.
  const name = /nvidia/i.test(adapter.info.vendor) && driver !== "none" ? driver : nameOf(adapter);
  if (isSoftware(adapter) && !software) return none(`${name} is software, no GPU.`);
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  let device: Device | undefined;
  try {
    device = await adapter.requestDevice({ requiredLimits: { maxBufferSize, maxStorageBufferBindingSize } });
    return await measureOn(device, name, images, signal);
  } catch (error) {
    signal.throwIfAborted();
    return { ...none(`${name} failed: ${messageOf(error)}`), failed: true };
  } finally {
    device?.destroy();
  }
}

async function measureOn(device: Device, name: string, images: number, signal: AbortSignal): Promise<GpuResult> {
  const weights = readFileSync(`${ROOT}workloads/digits/weights.bin`);
  const digits = first(splitDigits().heldOut, images);
  const units = digits.labels.length;
  const known = decodeWeights(weights);
  const expected = digits.labels.reduce<number[]>((all, _, index) => {
    all.push(...scoresOf(known, imageAt(digits, index)));
    return all;
  }, []);
  const network = await createGpuNetwork(device, weights);
  try {
    // The first run compiles.
    const found = await network.infer(digits.pixels);
    const wrong = found.findIndex((score, index) => score !== expected[index]);
    if (found.length !== expected.length || wrong >= 0) {
      throw new Error(`Score ${wrong} is ${found[wrong]}, not ${expected[wrong]}.`);
    }
    const rate = await measureRate(units, REPETITIONS, signal, () => network.infer(digits.pixels));
    return { measured: true, workload: "digits", unit: "image", units, device: name, rate };
  } finally {
    network.close();
  }
}

const first = ({ pixels, labels }: Digits, count: number): Digits => ({
  pixels: pixels.subarray(0, count * PIXELS),
  labels: labels.subarray(0, count),
});

function nameOf({ info }: Adapter): string {
  const named = [info.device, info.description, `${info.vendor} ${info.architecture}`].map((text) => text.trim());
  return named.find((text) => /[a-z]/i.test(text) && text.length > 2) ?? "An adapter without a name";
}

function isSoftware({ info }: Adapter): boolean {
  const { vendor, architecture, device, description, isFallbackAdapter = false } = info;
  return isFallbackAdapter || SOFTWARE.test([vendor, architecture, device, description].join(" "));
}
