const DIAGNOSTICS = 16_384;

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
