/** The network of `digits` on a GPU: the same whole numbers, so the same scores. */
import { PIXELS } from "../training/data.js";
import { HIDDEN, LABELS } from "../training/network.js";
import { HIDDEN_SHIFT } from "../training/quantise.js";
import { type Device, type GpuBuffer, MAP_READ, USAGE } from "./webgpu.js";

/** Most images at a time: as many as the module takes. */
export const MOST_IMAGES = 10_000;
const BIASES = HIDDEN + LABELS;

/** A group of as many threads as there are hidden units does one image. Bytes come four in a word, the first one lowest. */
const SHADER = /* wgsl */ `
@group(0) @binding(0) var<storage, read> network: array<u32>;
@group(0) @binding(1) var<storage, read> pixels: array<u32>;
@group(0) @binding(2) var<storage, read_write> scores: array<i32>;

var<workgroup> image: array<u32, ${PIXELS / 4}>;
var<workgroup> hidden: array<i32, ${HIDDEN}>;

fn weightAt(index: u32) -> i32 {
  let word = bitcast<i32>(network[${BIASES}u + index / 4u]);
  return extractBits(word, (index % 4u) * 8u, 8u);
}

@compute @workgroup_size(${HIDDEN})
fn infer(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) unit: u32) {
  for (var word = unit; word < ${PIXELS / 4}u; word += ${HIDDEN}u) {
    image[word] = pixels[group.x * ${PIXELS / 4}u + word];
  }
  workgroupBarrier();
  var sum = bitcast<i32>(network[unit]);
  for (var pixel = 0u; pixel < ${PIXELS}u; pixel++) {
    let ink = i32(extractBits(image[pixel / 4u], (pixel % 4u) * 8u, 8u));
    sum += ink * weightAt(pixel * ${HIDDEN}u + unit);
  }
  hidden[unit] = max(sum, 0) >> ${HIDDEN_SHIFT}u;
  workgroupBarrier();
  if (unit < ${LABELS}u) {
    var score = bitcast<i32>(network[${HIDDEN}u + unit]);
    for (var each = 0u; each < ${HIDDEN}u; each++) {
      score += hidden[each] * weightAt(${PIXELS * HIDDEN}u + each * ${LABELS}u + unit);
    }
    scores[group.x * ${LABELS}u + unit] = score;
  }
}
`;

/** The network on a device. */
export interface GpuNetwork {
  /**
   * Scores of images, ten each, as the module gives them.
   *
   * @param pixels 784 bytes an image, at most {@link MOST_IMAGES} of them.
   * @throws {RangeError} if these are no images, or too many.
   */
  infer(pixels: Uint8Array): Promise<Int32Array>;
  close(): void;
}

/**
 * Brings the network to a device.
 *
 * @param weights The bytes of `weights.bin`.
 */
export async function createGpuNetwork(device: Device, weights: Uint8Array): Promise<GpuNetwork> {
  const module = device.createShaderModule({ code: SHADER });
  const pipeline = await device.createComputePipelineAsync({
    layout: "auto",
    compute: { module, entryPoint: "infer" },
  });
  const size = LABELS * MOST_IMAGES * Int32Array.BYTES_PER_ELEMENT;
  const buffers = {
    network: device.createBuffer({ size: weights.length, usage: USAGE.storage | USAGE.copyTarget }),
    pixels: device.createBuffer({ size: PIXELS * MOST_IMAGES, usage: USAGE.storage | USAGE.copyTarget }),
    scores: device.createBuffer({ size, usage: USAGE.storage | USAGE.copySource }),
    result: device.createBuffer({ size, usage: USAGE.mapRead | USAGE.copyTarget }),
  };
  device.queue.writeBuffer(buffers.network, 0, Uint8Array.from(weights));
  const resources: GpuBuffer[] = [buffers.network, buffers.pixels, buffers.scores];
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: resources.map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  return {
    async infer(pixels) {
      const images = pixels.length / PIXELS;
      if (!Number.isInteger(images) || images < 1 || images > MOST_IMAGES) {
        throw new RangeError(`${pixels.length} bytes are not 1 to ${MOST_IMAGES} images of ${PIXELS} bytes.`);
      }
      device.queue.writeBuffer(buffers.pixels, 0, Uint8Array.from(pixels));
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(images);
      pass.end();
      encoder.copyBufferToBuffer(buffers.scores, 0, buffers.result, 0, size);
      device.queue.submit([encoder.finish()]);
      await buffers.result.mapAsync(MAP_READ);
      const scores = new Int32Array(buffers.result.getMappedRange().slice(0, LABELS * images * 4));
      buffers.result.unmap();
      return scores;
    },
    close() {
      for (const buffer of Object.values(buffers)) buffer.destroy();
    },
  };
}
