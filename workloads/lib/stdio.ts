// Standard input and output of a WASI preview1 command, and nothing else of WASI.
import { fd_read, fd_write, proc_exit } from "./wasi_snapshot_preview1";

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;

/** One vector, an address and a length, and behind it how many bytes were moved. */
const vector = memory.data(12, 4);
const done = vector + 8;

/** Ends the program with a message on standard error. */
export function fail(message: string): void {
  const start = heap.alloc(message.length + 1);
  for (let place = 0; place < message.length; place += 1) store<u8>(start + place, <u8>message.charCodeAt(place));
  store<u8>(start + message.length, 0x0a);
  send(STDERR, start, message.length + 1);
  proc_exit(1);
  unreachable();
}

/** What the compiler calls where an assertion of its library fails. */
export function abort(_message: string | null, _file: string | null, _line: u32, _column: u32): void {
  fail("The program failed.");
}

function send(descriptor: i32, start: usize, length: i32): bool {
  while (length > 0) {
    store<usize>(vector, start);
    store<i32>(vector, length, 4);
    store<i32>(done, 0);
    const error = fd_write(descriptor, vector, 1, done);
    const sent = load<i32>(done);
    if (error != 0 || sent <= 0 || sent > length) return false;
    start += sent;
    length -= sent;
  }
  return true;
}

/** Writes bytes to standard output. */
export function write(start: usize, length: i32): void {
  if (!send(STDOUT, start, length)) fail("Standard output cannot be written.");
}

/** Address of the first byte that was read. */
export let input: usize = 0;

/**
 * Reads all of standard input into memory, from `input` on.
 *
 * @param limit How many bytes it may have; the program ends if it has more.
 * @returns How many it has.
 */
export function readAll(limit: i32): i32 {
  input = heap.alloc(limit + 1);
  let length = 0;
  while (length <= limit) {
    store<usize>(vector, input + length);
    store<i32>(vector, limit + 1 - length, 4);
    store<i32>(done, 0);
    const error = fd_read(STDIN, vector, 1, done);
    const read = load<i32>(done);
    if (error != 0 || read < 0 || read > limit + 1 - length) fail("Standard input cannot be read.");
    if (read == 0) return length;
    length += read;
  }
  fail(`The input has more than ${limit} bytes.`);
  return 0;
}
