import type { Contract } from "./project.js";

const PLACEHOLDER = /__\$[0-9a-f]{34}\$__/g;

/** A creation code, to be found at the head of a transaction's data. */
interface Pattern {
  readonly contract: Contract;
  /** Places of the placeholders in it. */
  readonly links: readonly { readonly at: number; readonly placeholder: string }[];
  /** What stands between them. */
  readonly parts: readonly { readonly at: number; readonly text: string }[];
}

function patternOf(contract: Contract): Pattern {
  const links = [...contract.bytecode.matchAll(PLACEHOLDER)].map(({ index, 0: placeholder }) => ({
    at: index,
    placeholder,
  }));
  let at = 0;
  const parts = contract.bytecode.split(PLACEHOLDER).map((text) => {
    const part = { at, text };
    at += text.length + 40;
    return part;
  });
  return { contract, links, parts };
}

interface Transaction {
  readonly to?: string | null;
  readonly data?: string;
  readonly input?: string;
}

const isTransaction = (value: unknown): value is Transaction =>
  typeof value === "object" && value !== null && ("data" in value || "input" in value);

/** Watches JSON-RPC requests for deployments of the project's contracts, and deploys other code in their place. */
export class Deployments {
  /** Contracts that were deployed since this was last cleared. */
  readonly seen = new Set<Contract>();
  /** Creation codes to use in place of those of the build, with the same placeholders. */
  replacements: ReadonlyMap<Contract, string> = new Map();
  readonly #patterns: readonly Pattern[];

  constructor(contracts: readonly Contract[]) {
    this.#patterns = contracts.map(patternOf);
  }

  /** Parameters of a request, with the code replaced if they deploy one. */
  replacedIn(params: unknown): unknown {
    if (!Array.isArray(params)) return params;
    const [transaction, ...rest] = params as unknown[];
    if (!isTransaction(transaction) || (transaction.to ?? "") !== "") return params;
    const data = transaction.data ?? transaction.input ?? "";
    const found = this.#patterns.find(({ parts }) => parts.every(({ at, text }) => data.startsWith(text, at)));
    if (found === undefined) return params;
    this.seen.add(found.contract);
    const replacement = this.replacements.get(found.contract);
    if (replacement === undefined) return params;
    const addresses = new Map(found.links.map(({ at, placeholder }) => [placeholder, data.slice(at, at + 40)]));
    const linked = replacement.replace(PLACEHOLDER, (placeholder) => addresses.get(placeholder) ?? placeholder);
    const replaced = linked + data.slice(found.contract.bytecode.length);
    return [{ ...transaction, [transaction.data === undefined ? "input" : "data"]: replaced }, ...rest];
  }
}
