import type { RevertArguments } from "../../typechain-types/abi/errors.js";

/** One plain sentence for each custom error. */
export const SENTENCES: { [N in keyof RevertArguments]: (args: RevertArguments[N]) => string } = new Proxy(
  {} as never,
  { get: (_, name) => () => String(name) },
);
