/** Memory is counted in pages of so many bytes. */
export const PAGE = 65_536;
/** Most entries of one table. Programs of C, C++ or Rust have one table with an entry for each function they point to. */
const MAX_ENTRIES = 100_000;
const MAX_TABLES = 16;
/** There are fewer than 50 functions of WASI; nothing else may be imported. */
const MAX_IMPORTS = 1_000;
const MAX_EXPORTS = 10_000;

const SECTION = { custom: 0, type: 1, import: 2, table: 4, memory: 5, export: 7, dataCount: 12 } as const;
const FUNCTION_TYPE = 0x60;
/** i32, i64, f32, f64, v128, funcref, externref. */
const VALUE_TYPES = new Set([0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0x6f]);
const REFERENCE_TYPES = new Set([0x70, 0x6f]);

/** A module that must not be run. */
export class Refusal extends Error {
  readonly kind: "module" | "memory";

  constructor(kind: "module" | "memory", problem: string) {
    super(problem);
    this.kind = kind;
  }
}

/**
 * A module that can have no more than so much memory, made from any bytes. Memory and tables get a maximum, custom
 * sections are left out, and whatever could take memory in other ways is refused: garbage-collected types, exceptions,
 * shared and 64-bit memories. All else is copied as it is, for the engine to judge.
 *
 * @param module Bytes that nobody has looked at.
 * @param memory Most memory, bytes.
 * @throws {Refusal}
 */
export function confine(module: Uint8Array, memory: number): Uint8Array<ArrayBuffer> {
  const view = new DataView(module.buffer, module.byteOffset, module.byteLength);
  if (module.length < 8 || view.getUint32(0) !== 0x0061736d) throw new Refusal("module", "it is not WebAssembly");
  const version = view.getUint32(4, true);
  if (version !== 1) throw new Refusal("module", `its WebAssembly version is ${version}, not 1`);
  const parts = [module.subarray(0, 8)];
  const reader = new Reader(module, 8);
  const found = new Set<number>();
  while (!reader.atEnd()) {
    const id = reader.byte();
    const content = reader.bytes(reader.number());
    if (id === SECTION.custom) continue;
    if (id > SECTION.dataCount) throw new Refusal("module", `it has a section of the unknown kind ${id}`);
    if (found.has(id)) throw new Refusal("module", `it has two sections of kind ${id}`);
    found.add(id);
    const section = new Reader(content, 0);
    if (id === SECTION.type) checkTypes(section);
    if (id === SECTION.import) atMost("imports", section.number(), MAX_IMPORTS);
    if (id === SECTION.export) atMost("exports", section.number(), MAX_EXPORTS);
    const confined =
      id === SECTION.memory ? memorySection(section, memory) : id === SECTION.table ? tableSection(section) : content;
    parts.push(Uint8Array.from([id, ...encoded(confined.length)]), confined);
  }
  if (!found.has(SECTION.memory)) throw new Refusal("module", "it has no memory of its own");
  return joined(parts);
}

/** Whether all types are those of functions on plain values, so that no objects can be made. */
function checkTypes(section: Reader): void {
  for (let types = section.number(); types > 0; types--) {
    const form = section.byte();
    if (form !== FUNCTION_TYPE) throw new Refusal("module", "it has garbage-collected types");
    // Parameters, then results.
    checkValues(section);
    checkValues(section);
  }
}

function checkValues(section: Reader): void {
  for (let values = section.number(); values > 0; values--) {
    if (!VALUE_TYPES.has(section.byte())) throw new Refusal("module", "it has types that are not plain values");
  }
}

function memorySection(section: Reader, limit: number): Uint8Array {
  const count = section.number();
  if (count !== 1) throw new Refusal("module", `it has ${count} memories, not 1`);
  const cap = Math.min(Math.floor(limit / PAGE), PAGE);
  const { initial, maximum } = range("memory", section);
  if (initial > cap) throw new Refusal("memory", `begins with ${initial * PAGE} bytes`);
  return Uint8Array.from([1, 1, ...encoded(initial), ...encoded(Math.min(maximum ?? cap, cap))]);
}

function tableSection(section: Reader): Uint8Array {
  const count = section.number();
  atMost("tables", count, MAX_TABLES);
  const bytes = encoded(count);
  for (let table = 0; table < count; table++) {
    const type = section.byte();
    if (!REFERENCE_TYPES.has(type)) throw new Refusal("module", "it has a table that is not plain");
    const { initial, maximum } = range("table", section);
    atMost("table entries", initial, MAX_ENTRIES);
    bytes.push(type, 1, ...encoded(initial), ...encoded(Math.min(maximum ?? MAX_ENTRIES, MAX_ENTRIES)));
  }
  return Uint8Array.from(bytes);
}

/** Initial and largest size; 32-bit and unshared, whatever else the engine may know. */
function range(what: string, section: Reader): { initial: number; maximum: number | undefined } {
  const flags = section.byte();
  if (flags > 1) throw new Refusal("module", `its ${what} is shared, 64-bit or otherwise not plain`);
  return { initial: section.number(), maximum: flags === 1 ? section.number() : undefined };
}

function atMost(what: string, count: number, most: number): void {
  if (count > most) throw new Refusal("module", `it has ${count} ${what}, more than ${most}`);
}

/** Reads what numbers and bytes of a module are made of. */
class Reader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new Refusal("module", "it is cut off");
    return byte;
  }

  bytes(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw new Refusal("module", "it is cut off");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** An unsigned number of 32 bits, seven in a byte. */
  number(): number {
    let value = 0;
    for (let digit = 0; digit < 5; digit++) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** (7 * digit);
      if (byte < 0x80 && value < 2 ** 32) return value;
    }
    throw new Refusal("module", "it has a number of more than 32 bits");
  }
}

function encoded(value: number): number[] {
  const bytes = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) + 0x80);
  return [...bytes, value];
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
