import { type AstNode, type Edit, edited, type Span, spanOf, walk } from "./ast.js";
import { type Change, Mutator } from "./operators.js";
import type { Project } from "./project.js";

/** A change of the contracts that the tests should notice. */
export interface Mutant {
  /** `file:line:column:operator`. */
  readonly id: string;
  readonly description: string;
  /** Path in the project. */
  readonly file: string;
  /** The source as the compiler knows it. */
  readonly source: string;
  /** Contract or library, and function, in which it is; empty outside of any. */
  readonly place: { readonly contract: string; readonly definition: string };
  readonly edit: Edit;
}

/** All that is mutated: the contracts, the libraries, the types that have code, the verifiers. */
const MUTATED = /^contracts\/((libraries|types|verifiers)\/)?[^/]+\.sol$/;

/** Nodes in which nothing that runs can be. */
const SKIPPED = new Set(["ArrayTypeName", "EventDefinition", "ErrorDefinition", "StructDefinition"]);

/** Bytes of code that a description shows at most around a change. */
const CONTEXT = 100;

/** Every mutant of a project, in the order of the sources. */
export function mutantsOf(project: Project): Mutant[] {
  const files = [...project.paths].filter(([, file]) => MUTATED.test(file));
  files.sort(([, a], [, b]) => (a < b ? -1 : 1));
  const mutants = files.flatMap(([source, file]) => mutantsIn(project, source, file));
  const ids = new Set(mutants.map(({ id }) => id));
  if (ids.size !== mutants.length) throw new Error("two mutants have the same id");
  return mutants;
}

function mutantsIn(project: Project, source: string, file: string): Mutant[] {
  const text = project.textOf(source);
  const mutator = new Mutator(text);
  const lines = lineStarts(text);
  const mutants: Mutant[] = [];
  walk(project.astOf(source), (node, parents) => {
    if (parents.some(({ nodeType }) => SKIPPED.has(nodeType))) return;
    const nodes = [...parents, node];
    for (const change of mutator.changesOf(node, parents)) {
      const line = lines.findLastIndex((start) => start <= change.start);
      const column = change.start - (lines[line] ?? 0) + 1;
      mutants.push({
        id: `${file}:${line + 1}:${column}:${change.operator}`,
        description: describe(mutator, nodes, change),
        file,
        source,
        place: placeOf(nodes),
        edit: { start: change.start, length: change.length, text: change.text },
      });
    }
  });
  return mutants.sort((a, b) => a.edit.start - b.edit.start);
}

function lineStarts(text: string): number[] {
  const bytes = Buffer.from(text);
  const starts = [0];
  bytes.forEach((byte, i) => {
    if (byte === 10) starts.push(i + 1);
  });
  return starts;
}

function placeOf(nodes: readonly AstNode[]): Mutant["place"] {
  const nameOf = (...types: string[]) => nodes.findLast(({ nodeType }) => types.includes(nodeType));
  const definition = nameOf("FunctionDefinition", "ModifierDefinition");
  return {
    contract: nameOf("ContractDefinition")?.name ?? "",
    definition: definition?.name === "" ? (definition.kind ?? "") : (definition?.name ?? ""),
  };
}

/** What was and what is instead, on one line, with as much around it as helps to find it. */
function describe(mutator: Mutator, nodes: readonly AstNode[], change: Change): string {
  const changed: Span = { start: change.start, end: change.start + change.length };
  if (["", "{}"].includes(change.text)) return `without ${squeezed(mutator.text(changed))}`;
  const spans = nodes.filter(({ nodeType }) => nodeType !== "Block").map(spanOf);
  const around = spans.find(({ start, end }) => end - start <= CONTEXT) ?? spans.at(-1) ?? changed;
  const edit = { start: change.start - around.start, length: change.length, text: change.text };
  const text = mutator.text(around);
  return `${squeezed(text)} → ${squeezed(edited(text, [edit]))}`;
}

const squeezed = (code: string): string => code.replace(/\s+/g, " ").trim();
