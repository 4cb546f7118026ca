const ascii = (text: string): number[] => [text.length, ...Buffer.from(text)];

/** A number as WebAssembly writes it, seven bits a byte. */
export function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value % 0x80) + 0x80, ...leb(Math.floor(value / 0x80))];
}

/** A section of a module. */
export function section(id: number, ...parts: (Uint8Array | number[])[]): Buffer {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return Buffer.concat([Buffer.from([id, ...leb(content.length)]), content]);
}

/** A module of sections. */
export function moduleOf(...sections: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat([Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]), ...sections]));
}

/**
 * A module of one megabyte with one function of 50,000 variables and 200,000 nested conditions: an engine that notes all
 * variables at each of them needs gigabytes.
 */
export function compileBomb(): Uint8Array {
  const depth = 200_000;
  const body = Buffer.concat([
    Buffer.from([1, ...leb(49_999), 0x7f]),
    Buffer.alloc(4 * depth, Buffer.from([0x41, 0, 0x04, 0x40])),
    Buffer.alloc(depth + 1, 0x0b),
  ]);
  return moduleOf(
    section(1, [1, 0x60, 0, 0]),
    section(3, [1, 0]),
    section(5, [1, 0, 1]),
    section(7, [2, ...ascii("memory"), 2, 0, ...ascii("_start"), 0, 0]),
    section(10, [1], leb(body.length), body),
  );
}
