/**
 * Trains the network that reads digits and writes `weights.bin`; with `--check` it writes nothing and fails if the
 * committed weights are not what the training gives.
 */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { countOf, splitDigits } from "./training/data.js";
import { train } from "./training/epochs.js";
import { accuracy, encodeWeights, quantise } from "./training/quantise.js";
import { SETTINGS } from "./training/settings.js";

const file = fileURLToPath(new URL("weights.bin", import.meta.url));
const percent = (share: number) => `${(100 * share).toFixed(2)} %`;

const { training, validation, heldOut } = splitDigits();
console.log(
  `${countOf(training)} images to learn from, ${countOf(validation)} to choose by, ${countOf(heldOut)} held out`,
);
const network = train(training, {
  ...SETTINGS,
  report: (epoch, so) => {
    console.log(
      `epoch ${epoch} of ${SETTINGS.epochs}: ${percent(accuracy(quantise(so), validation))} of those to choose by`,
    );
  },
});
const weights = quantise(network);
console.log(`${percent(accuracy(weights, heldOut))} of those held out`);

const bytes = encodeWeights(weights);
const digestOf = (content: Uint8Array) => createHash("sha256").update(content).digest("hex");
console.log(`${bytes.length} bytes of weights, SHA-256 ${digestOf(bytes)}`);
if (process.argv.includes("--check")) {
  const committed = digestOf(readFileSync(file));
  if (committed !== digestOf(bytes)) {
    console.error(`weights.bin has SHA-256 ${committed}: it is not what this training gives.`);
    process.exitCode = 1;
  }
} else {
  writeFileSync(file, bytes);
}
