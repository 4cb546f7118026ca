import { type AstNode, type Edit, spanOf, walk } from "./ast.js";

/** Arguments of one `abi.encode` that the compiler's older pipeline can hold beside other variables. */
const MOST = 5;

/** Types whose encoding does not depend on what is encoded before them. */
const STATIC = /^t_(u?int|bytes\d|address|bool|enum|contract|userDefinedValueType)/;

/**
 * Edits that split every long `abi.encode` into several, the same bytes in the end, because its arguments would
 * lie too deep in the stack.
 */
export function splitEncodings(ast: AstNode, source: string): Edit[] {
  const bytes = Buffer.from(source);
  const edits: Edit[] = [];
  walk(ast, (node) => {
    const callee = node.expression;
    const values = node.arguments ?? [];
    if (node.nodeType !== "FunctionCall" || callee?.expression?.name !== "abi" || callee.memberName !== "encode")
      return;
    const fixed = values.every(({ typeDescriptions }) => STATIC.test(typeDescriptions?.typeIdentifier ?? ""));
    if (values.length <= MOST || !fixed) return;
    const { start, end } = spanOf(callee);
    edits.push({ start, length: end - start, text: "bytes.concat(abi.encode" });
    for (let i = MOST; i < values.length; i += MOST) {
      const previous = values[i - 1];
      if (previous === undefined) continue;
      edits.push({ start: bytes.indexOf(",", spanOf(previous).end), length: 1, text: "), abi.encode(" });
    }
    edits.push({ start: spanOf(node).end - 1, length: 1, text: "))" });
  });
  return edits;
}
