/** What of WebGPU is used here; https://www.w3.org/TR/webgpu/ is the specification. */
export interface Gpu {
  requestAdapter(options?: { powerPreference?: "high-performance" }): Promise<Adapter | null>;
}

export interface Adapter {
  readonly info: {
    readonly vendor: string;
    readonly architecture: string;
    readonly device: string;
    readonly description: string;
    /** Whether it is the processor that computes. */
    readonly isFallbackAdapter?: boolean;
  };
  readonly limits: Limits;
  requestDevice(options?: { requiredLimits?: Partial<Limits> }): Promise<Device>;
}

export interface Limits {
  /** Bytes of a buffer, and of one that a shader reads. */
  readonly maxBufferSize: number;
  readonly maxStorageBufferBindingSize: number;
}

/** Something that belongs to a device; its kind is the device's concern. */
interface Part {
  readonly label: string;
}

export interface GpuBuffer extends Part {
  mapAsync(mode: number): Promise<void>;
  getMappedRange(): ArrayBuffer;
  unmap(): void;
  destroy(): void;
}

export interface Pipeline extends Part {
  getBindGroupLayout(index: number): Part;
}

interface ComputePass {
  setPipeline(pipeline: Pipeline): void;
  setBindGroup(index: number, group: Part): void;
  dispatchWorkgroups(x: number): void;
  end(): void;
}

interface Encoder {
  beginComputePass(): ComputePass;
  copyBufferToBuffer(from: GpuBuffer, fromOffset: number, to: GpuBuffer, toOffset: number, size: number): void;
  finish(): Part;
}

export interface Device {
  readonly lost: Promise<{ readonly message: string }>;
  readonly queue: {
    writeBuffer(buffer: GpuBuffer, offset: number, data: Uint8Array<ArrayBuffer>): void;
    submit(commands: readonly Part[]): void;
  };
  createShaderModule(options: { code: string }): Part;
  createComputePipelineAsync(options: {
    layout: "auto";
    compute: { module: Part; entryPoint: string };
  }): Promise<Pipeline>;
  createBuffer(options: { size: number; usage: number }): GpuBuffer;
  createBindGroup(options: {
    layout: Part;
    entries: readonly { binding: number; resource: { buffer: GpuBuffer } }[];
  }): Part;
  createCommandEncoder(): Encoder;
  destroy(): void;
}

/** Bits of how a buffer is used. */
export const USAGE = { mapRead: 1, copySource: 4, copyTarget: 8, storage: 128 } as const;
export const MAP_READ = 1;
