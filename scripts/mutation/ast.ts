/** The part of solc's syntax tree that mutation reads. */
export interface AstNode {
  readonly nodeType: string;
  /** `start:length:file`, in bytes. */
  readonly src: string;
  readonly absolutePath?: string;
  readonly name?: string;
  readonly kind?: string;
  readonly operator?: string;
  readonly memberName?: string;
  readonly typeDescriptions?: { readonly typeIdentifier?: string | null; readonly typeString?: string | null };
  readonly arguments?: readonly AstNode[];
  readonly components?: readonly (AstNode | null)[];
  readonly modifiers?: readonly AstNode[];
  readonly condition?: AstNode;
  readonly expression?: AstNode | null;
  readonly falseExpression?: AstNode;
  readonly functionName?: AstNode;
  readonly leftExpression?: AstNode;
  readonly leftHandSide?: AstNode;
  readonly loopExpression?: AstNode | null;
  readonly rightExpression?: AstNode;
  readonly rightHandSide?: AstNode;
  readonly subExpression?: AstNode;
  readonly trueExpression?: AstNode;
}

/** A replacement of bytes of a source. */
export interface Edit {
  readonly start: number;
  readonly length: number;
  readonly text: string;
}

export interface Span {
  readonly start: number;
  readonly end: number;
}

export function spanOf({ src }: AstNode): Span {
  const [start = 0, length = 0] = src.split(":").map(Number);
  return { start, end: start + length };
}

const isNode = (value: unknown): value is AstNode =>
  typeof value === "object" && value !== null && "nodeType" in value && "src" in value;

/** Visits `node` and all below it; `parents` are the nodes around it, the innermost last. */
export function walk(
  node: AstNode,
  visit: (node: AstNode, parents: readonly AstNode[]) => void,
  parents: AstNode[] = [],
): void {
  visit(node, parents);
  parents.push(node);
  for (const value of Object.values(node) as unknown[]) {
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (isNode(child)) walk(child, visit, parents);
    }
  }
  parents.pop();
}

/** The source with all edits made; they must not overlap. */
export function edited(source: string, edits: readonly Edit[]): string {
  const bytes = Buffer.from(source);
  const parts: Buffer[] = [];
  let done = 0;
  for (const { start, length, text } of edits.toSorted((a, b) => a.start - b.start)) {
    parts.push(bytes.subarray(done, start), Buffer.from(text));
    done = start + length;
  }
  return Buffer.concat([...parts, bytes.subarray(done)]).toString();
}
