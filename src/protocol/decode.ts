import type { ParamType, Result } from "ethers";

/** Decoded values as plain objects and arrays, by their types: an empty list is a list, which ethers alone cannot know. */
export function argumentsOf(inputs: readonly ParamType[], values: Result): Record<string, unknown> {
  return Object.fromEntries(inputs.map((input, index) => [input.name, plain(input, values[index])]));
}

function plain(type: ParamType, value: unknown): unknown {
  if (type.isArray()) {
    const { arrayChildren } = type;
    return Array.from(value as Result, (item: unknown) => plain(arrayChildren, item));
  }
  return type.isTuple() ? argumentsOf(type.components, value as Result) : value;
}
