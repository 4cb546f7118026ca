const DIAGNOSTICS = 16_384;

/** More was written than may be. */
export class Overflow extends Error {}

/** Bytes one after another, at most so many. */
export class Output {
  readonly #limit: number;
  #bytes = new Uint8Array(0);
  #size = 0;

  /** @param limit Most bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @throws {Overflow} if the limit is passed. */
  write(data: Uint8Array): void {
    const size = this.#size + data.length;
    if (size > this.#limit) throw new Overflow();
    if (size > this.#bytes.length) {
      // Twice as much each time, for a program may write byte by byte.
      const larger = new Uint8Array(Math.min(Math.max(size, 2 * this.#bytes.length, 4096), this.#limit));
      larger.set(this.#bytes.subarray(0, this.#size));
      this.#bytes = larger;
    }
    this.#bytes.set(data, this.#size);
    this.#size = size;
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#size);
  }
}

/** The end of what a program says; what goes wrong is said last. */
export class Diagnostics {
  readonly #bytes = new Uint8Array(2 * DIAGNOSTICS);
  #size = 0;

  write(data: Uint8Array): void {
    const end = data.subarray(Math.max(data.length - DIAGNOSTICS, 0));
    if (this.#size + end.length > this.#bytes.length) {
      this.#bytes.copyWithin(0, this.#size - DIAGNOSTICS, this.#size);
      this.#size = DIAGNOSTICS;
    }
    this.#bytes.set(end, this.#size);
    this.#size += end.length;
  }

  /** As text in which nothing but line ends and tabs controls a terminal. */
  text(): string {
    const end = this.#bytes.subarray(Math.max(this.#size - DIAGNOSTICS, 0), this.#size);
    return new TextDecoder().decode(end).replace(/[^\P{C}\n\t]/gu, "\ufffd");
  }
}
