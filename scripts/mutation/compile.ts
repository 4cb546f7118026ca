import { createRequire } from "node:module";
import { type Edit, edited } from "./ast.js";
import { splitEncodings } from "./encodings.js";
import type { Mutant } from "./mutants.js";
import type { Contract, Project, Settings } from "./project.js";

interface Output {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[];
  readonly contracts?: Record<
    string,
    Record<string, { readonly evm: { readonly bytecode: { readonly object: string } } }>
  >;
}

/** Creation code by contract. */
export type Bytecodes = Map<Contract, string>;

/** What the compiler says of a source that does not compile. */
export class CompileError extends Error {
  override readonly name = "CompileError";
  /** Whether the code is right, but has more variables at once than this pipeline or optimiser can hold. */
  get tooDeep(): boolean {
    return /too deep/.test(this.message);
  }
}

/** Joins functions, so that their parameters need not be on the stack, and keeps no values for later. */
const SPARING = { enabled: true, details: { yul: true, yulDetails: { optimizerSteps: "hgfoxiu:" } } };

const solc = createRequire(import.meta.url)("solc") as { compile(input: string): string };

/**
 * Compiles contracts with a mutant in them. The older pipeline without optimiser takes a tenth of the time of what is
 * deployed; where it cannot hold all variables, the build's own settings take over.
 */
export class Compiler {
  /** Contracts that need the build's settings. */
  readonly slow = new Set<Contract>();
  /** What the older pipeline makes of the unchanged contracts. */
  readonly quick: Bytecodes = new Map();
  readonly #project: Project;
  readonly #splits = new Map<string, Edit[]>();

  constructor(project: Project) {
    this.#project = project;
    for (const contract of project.contracts) {
      try {
        for (const entry of this.quickly([contract])) this.quick.set(...entry);
      } catch (error) {
        if (!(error instanceof CompileError) || !error.tooDeep) throw error;
        this.slow.add(contract);
      }
    }
  }

  /** Compiles as fast as possible, all at once. */
  quickly(contracts: readonly Contract[], mutant?: Mutant): Bytecodes {
    const settings = { evmVersion: "paris", metadata: { bytecodeHash: "none" }, optimizer: { enabled: false } };
    return this.#compile(contracts, { ...settings, viaIR: false }, (source) => this.#splitsOf(source), mutant);
  }

  /** Compiles as for a deployment, or nearly so where the mutant would not compile otherwise. */
  fully(contract: Contract, mutant: Mutant): string {
    const build = (settings: Settings) => this.#compile([contract], settings, () => [], mutant).get(contract) ?? "";
    try {
      return build(contract.settings);
    } catch (error) {
      if (!(error instanceof CompileError) || !error.tooDeep) throw error;
      return build({ ...contract.settings, optimizer: SPARING });
    }
  }

  #compile(
    contracts: readonly Contract[],
    settings: Settings,
    editsOf: (source: string) => readonly Edit[],
    mutant?: Mutant,
  ): Bytecodes {
    const sources: Record<string, { content: string }> = {};
    for (const source of this.#project.closureOf(...contracts.map((contract) => contract.source))) {
      const text = this.#project.textOf(source);
      const edits = editsOf(source);
      sources[source] = { content: edited(text, mutant?.source === source ? merged(edits, mutant.edit) : edits) };
    }
    const outputSelection: Record<string, Record<string, string[]>> = {};
    for (const { source, name } of contracts) (outputSelection[source] ??= {})[name] = ["evm.bytecode.object"];
    const remappings = [...new Set(contracts.flatMap((contract) => contract.settings.remappings ?? []))];
    const input = { language: "Solidity", sources, settings: { ...settings, remappings, outputSelection } };
    const output = JSON.parse(solc.compile(JSON.stringify(input))) as Output;
    const errors = output.errors?.filter(({ severity }) => severity === "error") ?? [];
    if (errors.length !== 0) throw new CompileError(errors.map((error) => error.formattedMessage).join("\n"));
    return new Map(
      contracts.map((contract) => {
        const object = output.contracts?.[contract.source]?.[contract.name]?.evm.bytecode.object ?? "";
        return [contract, `0x${object}`];
      }),
    );
  }

  #splitsOf(source: string): Edit[] {
    const known = this.#splits.get(source) ?? splitEncodings(this.#project.astOf(source), this.#project.textOf(source));
    this.#splits.set(source, known);
    return known;
  }
}

/** The mutant's edit and all that it does not swallow. */
function merged(edits: readonly Edit[], edit: Edit): Edit[] {
  const end = edit.start + edit.length;
  return [...edits.filter(({ start, length }) => start < edit.start || start + length > end), edit];
}
