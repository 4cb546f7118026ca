import { readdirSync, readFileSync } from "node:fs";
import { type AstNode, walk } from "./ast.js";

/** A contract that can be deployed, as the build left it. */
export interface Contract {
  readonly name: string;
  /** Its source as the compiler knows it. */
  readonly source: string;
  /** Creation code with placeholders for libraries. */
  readonly bytecode: string;
  readonly settings: Settings;
}

export interface Settings {
  readonly remappings?: readonly string[];
  readonly [key: string]: unknown;
}

interface Artifact {
  readonly contractName: string;
  readonly inputSourceName: string;
  readonly buildInfoId: string;
  readonly bytecode: string;
}

interface BuildInfo {
  readonly input: { readonly sources: Record<string, { readonly content: string }>; readonly settings: Settings };
  readonly userSourceNameMap: Record<string, string>;
}

interface BuildOutput {
  readonly output: { readonly sources: Record<string, { readonly ast: AstNode }> };
}

const ARTIFACTS = new URL("../../artifacts/", import.meta.url);
const readJson = (path: string): unknown => JSON.parse(readFileSync(new URL(path, ARTIFACTS), "utf8"));

/** What the last build compiled, and from what. */
export class Project {
  readonly sources = new Map<string, string>();
  readonly contracts: Contract[] = [];
  /** Paths in the project, as the compiler knows them. */
  readonly paths = new Map<string, string>();
  readonly #asts = new Map<string, AstNode>();

  constructor() {
    const infos = new Map<string, BuildInfo>();
    for (const path of readdirSync(ARTIFACTS, { recursive: true, encoding: "utf8" })) {
      if (!path.startsWith("contracts/") || !path.endsWith(".json")) continue;
      const { contractName, inputSourceName, buildInfoId, bytecode } = readJson(path) as Artifact;
      const info = infos.get(buildInfoId) ?? this.#load(buildInfoId);
      infos.set(buildInfoId, info);
      if (bytecode === "0x") continue;
      this.contracts.push({ name: contractName, source: inputSourceName, bytecode, settings: info.input.settings });
    }
  }

  #load(id: string): BuildInfo {
    const info = readJson(`build-info/${id}.json`) as BuildInfo;
    const { output } = readJson(`build-info/${id}.output.json`) as BuildOutput;
    for (const [source, { content }] of Object.entries(info.input.sources)) this.sources.set(source, content);
    for (const [source, { ast }] of Object.entries(output.sources)) this.#asts.set(source, ast);
    for (const [path, source] of Object.entries(info.userSourceNameMap)) this.paths.set(source, path);
    return info;
  }

  /** Text of a source. */
  textOf(source: string): string {
    const text = this.sources.get(source);
    if (text === undefined) throw new Error(`${source} is not among what was built`);
    return text;
  }

  /** Syntax tree of a source. */
  astOf(source: string): AstNode {
    const ast = this.#asts.get(source);
    if (ast === undefined) throw new Error(`${source} has no syntax tree in the build's output`);
    return ast;
  }

  /** A source and all that it imports. */
  closureOf(...roots: string[]): Set<string> {
    const found = new Set<string>(roots);
    for (const source of found) {
      walk(this.astOf(source), ({ nodeType, absolutePath }) => {
        if (nodeType === "ImportDirective" && absolutePath !== undefined) found.add(absolutePath);
      });
    }
    return found;
  }
}
