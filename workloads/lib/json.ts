// Reads JSON of objects, plain strings and whole numbers, which is all that an input here may contain.
import { fail } from "./stdio";

let position: usize = 0;
let end: usize = 0;

/** Starts to read at an address. */
export function openJson(start: usize, length: i32): void {
  position = start;
  end = start + length;
}

function peek(): i32 {
  while (position < end) {
    const code = load<u8>(position);
    if (code != 0x20 && code != 0x0a && code != 0x0d && code != 0x09) return code;
    position += 1;
  }
  return -1;
}

function take(code: i32): bool {
  if (peek() != code) return false;
  position += 1;
  return true;
}

function need(code: i32): void {
  if (!take(code)) fail(`The input is not the JSON that is expected: a ${String.fromCharCode(code)} is missing.`);
}

/** Ends the program if anything but white space follows. */
export function closeJson(): void {
  if (peek() != -1) fail("The input has something behind its JSON.");
}

/** Enters an object. */
export function enterObject(): void {
  need(0x7b);
}

/**
 * The next name of the object, or an empty text where the object ends.
 *
 * @param first Whether none was read before.
 */
export function nextName(first: bool): string {
  if (take(0x7d)) return "";
  if (!first) need(0x2c);
  const name = readText();
  if (name.length == 0) fail("The input has a field without a name.");
  need(0x3a);
  return name;
}

/** A text of printable ASCII characters without escapes. */
export function readText(): string {
  need(0x22);
  const start = position;
  while (position < end && load<u8>(position) != 0x22) {
    const code = load<u8>(position);
    if (code < 0x20 || code > 0x7e || code == 0x5c) fail("The input has a text that is not plain ASCII.");
    position += 1;
  }
  const text = String.UTF8.decodeUnsafe(start, position - start);
  if (position == end) fail("The input ends within a text.");
  position += 1;
  return text;
}

/** A whole number of a field, from `least` to `most`; any other ends the program. */
export function readWhole(field: string, least: i64, most: i64): i64 {
  const negative = take(0x2d);
  const start = position;
  let value: i64 = 0;
  while (position < end) {
    const digit = <i64>load<u8>(position) - 0x30;
    if (digit < 0 || digit > 9) break;
    if (position - start == 15) fail(`${field} is too long a number.`);
    value = value * 10 + digit;
    position += 1;
  }
  const digits = position - start;
  const next = position < end ? <i32>load<u8>(position) : 0;
  if (digits == 0 || next == 0x2e || next == 0x65 || next == 0x45) fail(`${field} is no whole number.`);
  if (digits > 1 && load<u8>(start) == 0x30) fail(`${field} begins with a zero.`);
  if (negative) value = -value;
  if (value < least || value > most) fail(`${field} is ${value}; it must be from ${least} to ${most}.`);
  return value;
}
