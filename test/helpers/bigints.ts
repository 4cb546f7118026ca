// Mocha's workers report failures as JSON, which knows no bigint: without this a failing comparison of two of them
// hides every result of its file.
Object.defineProperty(BigInt.prototype, "toJSON", {
  value(this: bigint) {
    return `${this}n`;
  },
  configurable: true,
});
