/** More bytes came than may. */
export class Overflow extends Error {}

/** Gathers bytes that come piece by piece, at most so many. */
export class Gathering {
  readonly #limit: number;
  #bytes = new Uint8Array(0);
  #size = 0;

  /** @param limit Most bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @throws {Overflow} if the limit is passed. */
  write(piece: Uint8Array): void {
    const size = this.#size + piece.length;
    if (size > this.#limit) throw new Overflow();
    if (size > this.#bytes.length) {
      // Twice as much each time, for they may come one by one.
      const larger = new Uint8Array(Math.min(Math.max(size, 2 * this.#bytes.length, 4_096), this.#limit));
      larger.set(this.#bytes.subarray(0, this.#size));
      this.#bytes = larger;
    }
    this.#bytes.set(piece, this.#size);
    this.#size = size;
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#size);
  }
}
