import { Fd, WASI, wasi } from "@bjorn3/browser_wasi_shim";

/** A compiled module. */
export interface Module {
  readonly kind?: "module";
}

interface Wasm {
  Module: {
    new (bytes: Uint8Array): Module;
    imports: (module: Module) => { module: string; name: string; kind: string }[];
    exports: (module: Module) => { name: string; kind: string }[];
    customSections: (module: Module, name: string) => ArrayBuffer[];
  };
  Instance: new (module: Module, imports: Record<string, Record<string, unknown>>) => never;
}

/** What tests need of WebAssembly, whose types come with those of a browser, which this project is without. */
export const wasm = (globalThis as unknown as { WebAssembly: Wasm }).WebAssembly;

/** How a program ended and what it wrote. */
export interface Run {
  status: number;
  output: Uint8Array;
  message: string;
}

/** Collects what is written, `most` bytes at a time. */
class Sink extends Fd {
  readonly #parts: Uint8Array[] = [];

  constructor(private readonly most: number) {
    super();
  }

  override fd_write(data: Uint8Array): { ret: number; nwritten: number } {
    const part = data.slice(0, this.most);
    this.#parts.push(part);
    return { ret: wasi.ERRNO_SUCCESS, nwritten: part.length };
  }

  bytes(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#parts));
  }
}

/** Gives away bytes, `most` at a time. */
class Spring extends Fd {
  #position = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly most: number,
  ) {
    super();
  }

  override fd_read(size: number): { ret: number; data: Uint8Array } {
    const data = this.bytes.slice(this.#position, this.#position + Math.min(size, this.most));
    this.#position += data.length;
    return { ret: wasi.ERRNO_SUCCESS, data };
  }
}

/**
 * Runs a WASI command in this thread, with nothing but standard input and output, arguments and random numbers.
 *
 * @param input What it reads, bytes or a text.
 * @param most How many bytes pass in one call, so that a program is seen to call again.
 * @param args Arguments after the program's name.
 */
export function runCommand(
  module: Module,
  input: Uint8Array | string,
  most = Infinity,
  args: readonly string[] = [],
): Run {
  const bytes = typeof input === "string" ? new TextEncoder().encode(input) : input;
  const [output, message] = [new Sink(most), new Sink(most)];
  const host = new WASI(["source", ...args], [], [new Spring(bytes, most), output, message]);
  const { fd_read, fd_write, proc_exit, args_get, args_sizes_get, random_get } = host.wasiImport;
  const wasi_snapshot_preview1 = { fd_read, fd_write, proc_exit, args_get, args_sizes_get, random_get };
  const status = host.start(new wasm.Instance(module, { wasi_snapshot_preview1 }));
  return { status, output: output.bytes(), message: new TextDecoder().decode(message.bytes()) };
}
