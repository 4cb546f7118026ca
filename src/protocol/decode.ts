import { isError, type ParamType, type Result } from "ethers";

/** Decoded values as plain objects and arrays, by their types: an empty list is a list, which ethers alone cannot know. */
export function argumentsOf(inputs: readonly ParamType[], values: Result): Record<string, unknown> {
  return Object.fromEntries(inputs.map((input, index) => [input.name, plain(input, valueAt(values, index, input))]));
}

/**
 * The value at a place. The contracts keep what callers name a text whatever its bytes are, and a log that cannot be
 * read must not end who reads the others: what is no UTF-8 becomes U+FFFD.
 */
function valueAt(values: Result, index: number, { type }: ParamType): unknown {
  try {
    return values[index] as unknown;
  } catch (error) {
    const bytes = type === "string" ? bytesIn(error) : undefined;
    if (bytes === undefined) throw error;
    return new TextDecoder().decode(bytes);
  }
}

/** The bytes that ethers could not read as a text: its error is that of the field, within that of the whole. */
function bytesIn(error: unknown): Uint8Array | undefined {
  let inner: unknown = error;
  while (inner instanceof Error && "error" in inner) inner = inner.error;
  return isError(inner, "INVALID_ARGUMENT") && inner.value instanceof Uint8Array ? inner.value : undefined;
}

function plain(type: ParamType, value: unknown): unknown {
  if (type.isArray()) {
    const { arrayChildren } = type;
    return Array.from(value as Result, (item: unknown) => plain(arrayChildren, item));
  }
  return type.isTuple() ? argumentsOf(type.components, value as Result) : value;
}
