import { Fd, WASI, WASIProcExit, wasi } from "@bjorn3/browser_wasi_shim";
import { Gathering, Overflow } from "../content/gather.ts";
import { Diagnostics } from "./diagnostics.ts";
import { entropyOf } from "./entropy.ts";
import type { Instance, Memory } from "./engine.js";
import type { Assignment, Outcome } from "./outcome.js";

/** The one module that may be imported from. */
export const WASI_MODULE = "wasi_snapshot_preview1";
/** Most buffers of one read or write, and most subscriptions of one poll. */
const MAX_VECTORS = 1_024;
const SUBSCRIPTION = 48;
const EVENT = 32;
const MAX_MESSAGE = 300;

/** A call that breaks the program off. */
class Fault extends Error {}

type Call = (...args: never[]) => unknown;

/** What a program sees of the world: its arguments, its input, where it may write, a clock that stands, and its seed. */
export interface Host {
  /** The functions that the program may import, by name. */
  imports: Readonly<Record<string, (...args: unknown[]) => unknown>>;
  /** Runs the program to its end, however that comes. */
  start(instantiate: () => Instance): Outcome;
}

/** A world for one run of one program. */
export function createHost({ args, input, seed, output: outputLimit }: Omit<Assignment, "module" | "memory">): Host {
  const output = new Gathering(outputLimit);
  const diagnostics = new Diagnostics();
  const shim = new WASI(["source", ...args], [], [new Input(input), new Sink(output), new Sink(diagnostics)], {
    debug: false,
  });
  const buffer = (): ArrayBuffer => {
    // There is no memory to see before the program is whole, e.g. in its start section.
    const { memory } = (shim.inst as Instance | undefined)?.exports ?? {};
    if (memory === undefined) throw new Fault("it called WASI before it was started");
    return (memory as Memory).buffer;
  };
  const calls: Record<string, Call> = { ...shim.wasiImport, ...deterministic(buffer, shim.args, seed) };

  /** What ended the program. Kept, because the program could catch the exception and go on. */
  let end: { error: unknown; call: string } | undefined;
  const guarded = (name: string, call: Call) => {
    const vectors = /^fd_p?(?:read|write)$/.test(name);
    return (...values: unknown[]): unknown => {
      if (end !== undefined) throw end.error;
      try {
        const numbers = values.map(unsigned);
        if (name !== "proc_exit" && name !== "proc_raise") checkVectors(buffer(), vectors ? numbers : []);
        return call(...(numbers as never[])) ?? wasi.ERRNO_SUCCESS;
      } catch (error) {
        end = { error, call: name };
        throw error;
      }
    };
  };

  return {
    imports: Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, guarded(name, call)])),
    start(instantiate) {
      let thrown: { error: unknown; call?: string } | undefined;
      try {
        const instance = instantiate();
        shim.start(instance as Parameters<WASI["start"]>[0]);
      } catch (error) {
        thrown = { error };
      }
      const failure = end ?? thrown;
      const said = diagnostics.text();
      if (failure === undefined || (failure.error instanceof WASIProcExit && failure.error.code === 0)) {
        return { kind: "done", output: output.bytes(), diagnostics: said };
      }
      const { error, call } = failure;
      if (error instanceof WASIProcExit) return { kind: "exit", code: error.code, diagnostics: said };
      if (error instanceof Overflow) return { kind: "output" };
      return { kind: "trap", reason: reasonOf(error, call), diagnostics: said };
    },
  };
}

/** What replaces functions that would tell the time or make random numbers, wait, or fail on some arguments. */
function deterministic(buffer: () => ArrayBuffer, args: readonly string[], seed: Uint8Array): Record<string, Call> {
  const fill = entropyOf(seed);
  const view = () => new DataView(buffer());
  const unsupported = () => wasi.ERRNO_NOTSUP;
  return {
    args_sizes_get(count: number, size: number) {
      const bytes = args.map((arg) => new TextEncoder().encode(arg).length + 1);
      view().setUint32(count, args.length, true);
      view().setUint32(
        size,
        bytes.reduce((sum, length) => sum + length, 0),
        true,
      );
    },
    clock_res_get(_clock: number, resolution: number) {
      view().setBigUint64(resolution, 1n, true);
    },
    clock_time_get(_clock: number, _precision: bigint, time: number) {
      view().setBigUint64(time, 0n, true);
    },
    random_get(at: number, length: number) {
      fill(new Uint8Array(buffer(), at, length));
    },
    /** Everything that could be waited for has happened: the clock stands, input and output are always ready. */
    poll_oneoff(subscriptions: number, events: number, count: number, written: number) {
      if (count === 0) return wasi.ERRNO_INVAL;
      if (count > MAX_VECTORS) throw new Fault(`it waits for ${count} things at once`);
      for (let index = 0; index < count; index++) {
        const from = subscriptions + index * SUBSCRIPTION;
        const to = events + index * EVENT;
        const userdata = view().getBigUint64(from, true);
        const kind = view().getUint8(from + 8);
        new Uint8Array(buffer(), to, EVENT).fill(0);
        view().setBigUint64(to, userdata, true);
        view().setUint8(to + 10, kind);
      }
      view().setUint32(written, count, true);
      return wasi.ERRNO_SUCCESS;
    },
    sched_yield: () => wasi.ERRNO_SUCCESS,
    proc_raise(signal: number) {
      throw new Fault(`it raised signal ${signal}`);
    },
    sock_accept: unsupported,
    sock_recv: unsupported,
    sock_send: unsupported,
    sock_shutdown: unsupported,
  };
}

/** Numbers of 32 bits come signed, but are addresses and sizes. Nothing else may come: a module declares its imports itself. */
function unsigned(value: unknown): number | bigint {
  if (typeof value === "number") return value >>> 0;
  if (typeof value === "bigint") return value;
  throw new Fault("it called WASI with what is no number");
}

/** Whether all buffers of a read or write are in memory; those that are not would be taken for shorter ones. */
function checkVectors(memory: ArrayBuffer, [, vectors, count]: readonly (number | bigint)[]): void {
  if (typeof vectors !== "number" || typeof count !== "number") return;
  if (count > MAX_VECTORS) throw new Fault(`it reads or writes ${count} buffers at once`);
  const view = new DataView(memory);
  for (let at = vectors; at < vectors + 8 * count; at += 8) {
    new Uint8Array(memory, view.getUint32(at, true), view.getUint32(at + 4, true));
  }
}

function reasonOf(error: unknown, call: string | undefined): string {
  if (error instanceof Fault) return error.message;
  const message = error instanceof Error ? error.message : "it threw what it did not catch";
  if (error instanceof RangeError && /call stack/.test(message)) return "its calls are nested too deeply";
  if (call !== undefined) return `it gave ${call} what is not in its memory`;
  return message.slice(0, MAX_MESSAGE);
}

/** Bytes that are read one after another. */
class Input extends Fd {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    super();
    this.#bytes = bytes;
  }

  override fd_read(size: number): { ret: number; data: Uint8Array } {
    const data = this.#bytes.subarray(this.#at, this.#at + size);
    this.#at += data.length;
    return { ret: wasi.ERRNO_SUCCESS, data };
  }

  override fd_fdstat_get(): { ret: number; fdstat: wasi.Fdstat } {
    return pipe(wasi.RIGHTS_FD_READ);
  }

  override fd_filestat_get = pipeStatus;
  override fd_seek = cannotSeek;
  override fd_tell = cannotSeek;
}

/** Where bytes are written one after another. */
class Sink extends Fd {
  readonly #to: Gathering | Diagnostics;

  constructor(to: Gathering | Diagnostics) {
    super();
    this.#to = to;
  }

  override fd_write(data: Uint8Array): { ret: number; nwritten: number } {
    this.#to.write(data);
    return { ret: wasi.ERRNO_SUCCESS, nwritten: data.length };
  }

  override fd_fdstat_get(): { ret: number; fdstat: wasi.Fdstat } {
    return pipe(wasi.RIGHTS_FD_WRITE);
  }

  override fd_filestat_get = pipeStatus;
  override fd_seek = cannotSeek;
  override fd_tell = cannotSeek;
}

function pipe(rights: number): { ret: number; fdstat: wasi.Fdstat } {
  const fdstat = new wasi.Fdstat(wasi.FILETYPE_UNKNOWN, 0);
  fdstat.fs_rights_base = BigInt(rights);
  return { ret: wasi.ERRNO_SUCCESS, fdstat };
}

function pipeStatus(): { ret: number; filestat: wasi.Filestat } {
  return { ret: wasi.ERRNO_SUCCESS, filestat: new wasi.Filestat(0n, wasi.FILETYPE_UNKNOWN, 0n) };
}

function cannotSeek(): { ret: number; offset: bigint } {
  return { ret: wasi.ERRNO_SPIPE, offset: 0n };
}
