import { readFile } from "node:fs/promises";
import { CONTRACT_NAMES, type Deployment } from "../../src/protocol/deployment.js";
import { ScriptError } from "./command.js";

interface BuildInfo {
  readonly solcLongVersion: string;
  readonly input: {
    readonly settings: {
      readonly evmVersion: string;
      readonly viaIR: boolean;
      readonly optimizer: { readonly enabled: boolean; readonly runs: number };
    };
  };
}

/** How the contracts of a suite were compiled, as the last build says. */
export async function compilerOf(): Promise<Deployment["compiler"]> {
  // Loading it takes longer than all else that most scripts do before they find what is wrong.
  const { artifacts } = await import("hardhat");
  const infos = await Promise.all(
    CONTRACT_NAMES.map(async (name) => {
      const id = await artifacts.getBuildInfoId(name);
      const path = id === undefined ? undefined : await artifacts.getBuildInfoPath(id);
      if (path === undefined) throw new ScriptError(`The build has no ${name}; run npm run build.`);
      return [name, JSON.parse(await readFile(path, "utf8")) as BuildInfo] as const;
    }),
  );
  const [, first] = infos[0] ?? [];
  if (first === undefined) throw new ScriptError("The build is empty; run npm run build.");
  const { evmVersion, viaIR } = first.input.settings;
  const optimizerRuns = Object.fromEntries(infos.map(([name, { input }]) => [name, input.settings.optimizer.runs]));
  return { version: first.solcLongVersion, evmVersion, viaIR, optimizerRuns };
}
