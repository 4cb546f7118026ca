import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PAGE_BYTES } from "../../src/content/manifest.js";
import { HIDDEN_SHIFT } from "../digits/training/quantise.js";
import { WorkloadError } from "./errors.js";
import { ROOT, type WorkloadName } from "./places.js";

interface Output {
  write: (chunk: string | Uint8Array) => void;
}

/** The part of the compiler that is used. */
interface Compiler {
  main: (
    options: string[],
    host: {
      stdout: Output;
      stderr: Output;
      readFile: (path: string) => string | null;
      writeFile: (path: string, contents: string | Uint8Array) => void;
      listFiles: () => string[];
    },
  ) => Promise<{ error: Error | null }>;
}

/** The name is no literal, lest the compiler's own types be loaded: they change those of arrays in the whole program. */
const COMPILER: string = "assemblyscript/asc";

const decoder = new TextDecoder();

/** Sources that are no files, by their path: the weights of the digits as a part of their module. */
function generated(path: string): string | undefined {
  if (path !== "workloads/digits/assembly/weights.ts") return undefined;
  const weights = readFileSync(`${ROOT}workloads/digits/weights.bin`);
  // Few long numbers compile faster than many short ones.
  const words = Array.from(
    { length: weights.length / 8 },
    (_, word) => `0x${weights.readBigUInt64LE(word * 8).toString(16)}`,
  );
  return `export const HIDDEN_SHIFT = ${HIDDEN_SHIFT};\nexport const weights = memory.data<u64>([${words.join()}]);\n`;
}

function readSource(path: string): string | null {
  try {
    return generated(path) ?? readFileSync(join(ROOT, path), "utf8");
  } catch {
    // The compiler asks for what might be there.
    return null;
  }
}

/**
 * Compiles a workload. The same sources and the same compiler give the same bytes on every machine.
 *
 * @param memory Bytes of memory that the module may have, a multiple of a page.
 * @returns The module's bytes.
 * @throws {WorkloadError} if the compiler fails or warns.
 */
export async function compileWorkload(name: WorkloadName, memory: number): Promise<Uint8Array> {
  const { main } = (await import(COMPILER)) as Compiler;
  let module: Uint8Array | undefined;
  const messages: string[] = [];
  const collect: Output = {
    write: (chunk) => {
      messages.push(typeof chunk === "string" ? chunk : decoder.decode(chunk));
    },
  };
  const { error } = await main(
    [
      `workloads/${name}/assembly/index.ts`,
      ...["--outFile", "module.wasm", "--optimizeLevel", "3", "--runtime", "stub", "--exportStart", "_start"],
      ...["--maximumMemory", `${memory / PAGE_BYTES}`, "--use", "abort=workloads/lib/stdio/abort"],
    ],
    {
      stdout: collect,
      stderr: collect,
      readFile: readSource,
      writeFile: (_, contents) => {
        if (typeof contents !== "string") module = contents;
      },
      listFiles: () => [],
    },
  );
  if (error !== null || messages.length > 0 || module === undefined) {
    throw new WorkloadError(`${name} does not compile without a warning: ${messages.join("")}${error?.message ?? ""}`);
  }
  return module;
}
