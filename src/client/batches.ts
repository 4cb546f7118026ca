import { z } from "zod";
import { OutputFormatError, SplitError } from "./errors.js";

/** Bytes of an image, one a pixel of its 28 by 28. */
export const IMAGE_BYTES = 784;
/** Most images that the workload `digits` takes in one job. */
export const MOST_IMAGES = 10_000;
const COUNT_BYTES = 4;
const LABELS = 10;

const DIGIT = `a whole number from 0 to ${LABELS - 1}`;
const SCORES = `a list of ${LABELS} scores`;

const outputSchema = z.strictObject({ predictions: z.array(z.unknown(), "a list") }, "an object");
const predictionSchema = z.strictObject(
  {
    label: z
      .int(DIGIT)
      .min(0, DIGIT)
      .max(LABELS - 1, DIGIT),
    // Counted before they are looked at: a list made to harm may be long.
    scores: z
      .array(z.unknown(), SCORES)
      .length(LABELS, SCORES)
      .pipe(z.array(z.int32("a whole number of 32 bits"))),
  },
  "an object",
);

/**
 * Splits images into inputs of the workload `digits`, in their sequence; the last may have fewer.
 *
 * @param pixels Images one after the other, {@link IMAGE_BYTES} each.
 * @param batch Images of one input.
 * @throws {SplitError} if these are no images, or the workload does not take so many.
 */
export function splitImages(pixels: Uint8Array, { batch }: { batch: number }): Uint8Array[] {
  if (!Number.isInteger(batch) || batch < 1 || batch > MOST_IMAGES) {
    throw new SplitError("batch", batch, `a whole number from 1 to ${MOST_IMAGES}`);
  }
  if (pixels.length === 0 || pixels.length % IMAGE_BYTES !== 0) {
    throw new SplitError("pixels.length", pixels.length, `a multiple of ${IMAGE_BYTES}, and not 0`);
  }
  const inputs: Uint8Array[] = [];
  for (let at = 0; at < pixels.length; at += batch * IMAGE_BYTES) {
    const images = pixels.subarray(at, at + batch * IMAGE_BYTES);
    const input = new Uint8Array(COUNT_BYTES + images.length);
    new DataView(input.buffer).setUint32(0, images.length / IMAGE_BYTES, true);
    input.set(images, COUNT_BYTES);
    inputs.push(input);
  }
  return inputs;
}

/** How many images an input of {@link splitImages} has, and so how many predictions its output must have. */
export function countImages(input: Uint8Array): number {
  return (input.length - COUNT_BYTES) / IMAGE_BYTES;
}

/**
 * Reads an output of the workload `digits`.
 *
 * @param expected How many images its input had.
 * @returns What digit each image shows, in the sequence of the images.
 * @throws {OutputFormatError} naming the first thing that is wrong.
 */
export function readPredictions(output: Uint8Array, expected: number): number[] {
  const { predictions } = parsed(outputSchema, jsonOf(output), []);
  if (predictions.length !== expected) throw refusal("predictions.length", predictions.length, `${expected}`);
  return predictions.map((prediction, index) => parsed(predictionSchema, prediction, ["predictions", index]).label);
}

function jsonOf(output: Uint8Array): unknown {
  let text: string | undefined;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(output);
    return JSON.parse(text);
  } catch (error) {
    throw refusal("its text", text ?? "bytes that are no text", "JSON in UTF-8", { cause: error });
  }
}

/** A value in the form of a schema, whose messages say what a field must be. */
function parsed<S extends z.ZodType>(schema: S, value: unknown, at: readonly PropertyKey[]): z.output<S> {
  const { success, data, error } = schema.safeParse(value, { reportInput: true });
  if (success) return data;
  const [issue] = error.issues;
  const field = [...at, ...(issue?.path ?? [])].join(".");
  if (issue?.code === "unrecognized_keys") {
    throw refusal(`a field of ${field === "" ? "it" : field}`, issue.keys[0], "one that the workload writes");
  }
  throw refusal(field === "" ? "it" : field, issue?.input, issue?.message ?? "of another form", { cause: error });
}

const refusal = (field: string, value: unknown, expected: string, options?: ErrorOptions) =>
  new OutputFormatError("The output", field, value, expected, options);
