import loadWabt from "wabt";

const FEATURES = { threads: true, memory64: true, exceptions: true, multi_memory: true } as const;

/** A module from its text. What wabt itself takes for wrong is passed on, for the executor to judge. */
export async function wasm(text: string): Promise<Uint8Array> {
  const wabt = await loadWabt();
  const module = wabt.parseWat("test.wat", text, FEATURES);
  try {
    return module.toBinary({}).buffer;
  } finally {
    module.destroy();
  }
}

/** Functions of WASI that the modules of the tests import, with their types. */
const SIGNATURES = {
  fd_write: "(param i32 i32 i32 i32) (result i32)",
  fd_read: "(param i32 i32 i32 i32) (result i32)",
  fd_seek: "(param i32 i64 i32 i32) (result i32)",
  fd_prestat_get: "(param i32 i32) (result i32)",
  path_open: "(param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)",
  clock_time_get: "(param i32 i64 i32) (result i32)",
  clock_res_get: "(param i32 i32) (result i32)",
  random_get: "(param i32 i32) (result i32)",
  poll_oneoff: "(param i32 i32 i32 i32) (result i32)",
  sched_yield: "(result i32)",
  args_sizes_get: "(param i32 i32) (result i32)",
  args_get: "(param i32 i32) (result i32)",
  environ_sizes_get: "(param i32 i32) (result i32)",
  proc_exit: "(param i32)",
  proc_raise: "(param i32) (result i32)",
  sock_recv: "(param i32 i32 i32 i32 i32 i32) (result i32)",
} as const;

/**
 * A module that imports all functions above as `$name`, has one page of memory, and this body of `_start`. `$write` writes
 * so many bytes from so far on to standard output, `$show` a number as four bytes.
 *
 * @param more Further parts of the module, e.g. functions.
 */
export function program(body: string, more = "", memory = "1"): Promise<Uint8Array> {
  const imports = Object.entries(SIGNATURES)
    .map(([name, type]) => `(import "wasi_snapshot_preview1" "${name}" (func $${name} ${type}))`)
    .join("\n");
  return wasm(`(module
    ${imports}
    (memory (export "memory") ${memory})
    (func $write (param $from i32) (param $size i32)
      (i32.store (i32.const 60000) (local.get $from))
      (i32.store (i32.const 60004) (local.get $size))
      (drop (call $fd_write (i32.const 1) (i32.const 60000) (i32.const 1) (i32.const 60008))))
    (func $show (param $number i32)
      (i32.store (i32.const 60012) (local.get $number))
      (call $write (i32.const 60012) (i32.const 4)))
    ${more}
    (func (export "_start") ${body}))`);
}
