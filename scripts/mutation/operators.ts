import { type AstNode, type Edit, type Span, spanOf } from "./ast.js";
import { NUMBER_SWAPS, SWAPS, YUL_SWAPS } from "./swaps.js";

/** One way to change a node. */
export interface Change extends Edit {
  /** Name of the operator, e.g. `lt-le`. */
  readonly operator: string;
}

const typeOf = (node?: AstNode): string => node?.typeDescriptions?.typeIdentifier ?? "";
const isZero = (node: AstNode | undefined): boolean => typeOf(node) === "t_rational_0_by_1";

const replace = (operator: string, { start, end }: Span, text: string): Change => ({
  operator,
  start,
  length: end - start,
  text,
});

/** Finds and changes the mutable places of one source. */
export class Mutator {
  readonly #bytes: Buffer;

  constructor(source: string) {
    this.#bytes = Buffer.from(source);
  }

  /** Text between two places. */
  text({ start, end }: Span): string {
    return this.#bytes.toString("utf8", start, end);
  }

  /** All changes of a node itself, not of those below it. */
  changesOf(node: AstNode, parents: readonly AstNode[]): Change[] {
    switch (node.nodeType) {
      case "BinaryOperation":
        return this.#binary(node);
      case "Assignment":
        return this.#swap(node.operator?.slice(0, -1), node.leftHandSide, node.rightHandSide, "=");
      case "UnaryOperation":
        return this.#unary(node);
      case "Literal":
        return this.#literal(node);
      case "Conditional":
        return [
          replace("ternary-then", spanOf(node), `(${this.#textOf(node.trueExpression)})`),
          replace("ternary-else", spanOf(node), `(${this.#textOf(node.falseExpression)})`),
        ];
      case "IfStatement":
        return this.#negation(node.condition);
      case "ExpressionStatement":
        return this.#statement(node, parents);
      case "EmitStatement":
        return [this.#removal("remove-emit", node)];
      case "RevertStatement":
        return [this.#removal("remove-revert", node)];
      case "Return":
        return this.#zeros(node.expression?.components ?? [node.expression]);
      case "FunctionCall":
        return node.kind === "structConstructorCall" ? this.#zeros(node.arguments ?? []) : [];
      case "FunctionDefinition":
        return (node.modifiers ?? [])
          .filter(({ kind }) => kind === "modifierInvocation")
          .map((modifier) => replace("remove-modifier", spanOf(modifier), ""));
      case "YulFunctionCall":
        return this.#yulCall(node);
      case "YulExpressionStatement":
      case "YulAssignment":
        return [replace("remove-assembly", spanOf(node), "{}")];
      default:
        return [];
    }
  }

  #textOf(node: AstNode | undefined): string {
    return node === undefined ? "" : this.text(spanOf(node));
  }

  #binary(node: AstNode): Change[] {
    const { operator, leftExpression: left, rightExpression: right } = node;
    const changes = this.#swap(operator, left, right);
    const numbers = [left, right].some((side) => /^t_u?int/.test(typeOf(side)));
    // Beside zero, the orders of unsigned numbers say the same as equality or nothing at all.
    if (!numbers || isZero(left) || isZero(right)) return changes;
    return [...changes, ...this.#swap(operator, left, right, "", NUMBER_SWAPS)];
  }

  #unary(node: AstNode): Change[] {
    const { operator = "", subExpression } = node;
    const span = spanOf(node);
    if (operator === "!" || operator === "~" || operator === "-") {
      return [replace(operator === "!" ? "remove-not" : "remove-complement", span, this.#textOf(subExpression))];
    }
    return (SWAPS[operator] ?? []).map(([name, text]) => replace(name, span, this.text(span).replace(operator, text)));
  }

  /** Other operators between two operands; `suffix` is what follows the operator and stays. */
  #swap(operator?: string, left?: AstNode, right?: AstNode, suffix = "", swaps = SWAPS): Change[] {
    if (operator === undefined || left === undefined || right === undefined) return [];
    const { end } = spanOf(left);
    const between = this.text({ start: end, end: spanOf(right).start });
    // A comment may stand between, with anything in it.
    const bare = between.replace(/\/\/.*|\/\*[^]*?\*\//g, (comment) => " ".repeat(Buffer.byteLength(comment)));
    const start = end + bare.indexOf(operator + suffix);
    return (swaps[operator] ?? []).map(([name, text]) => replace(name, { start, end: start + operator.length }, text));
  }

  #literal(node: AstNode): Change[] {
    const span = spanOf(node);
    const text = this.text(span);
    if (node.kind === "number") return [replace("plus-one", span, `(${text} + 1)`)];
    if (node.kind === "bool") return [replace("flip", span, text === "true" ? "false" : "true")];
    return [];
  }

  /** Conditions that are neither compared nor combined, which other operators change already. */
  #negation(condition?: AstNode): Change[] {
    if (condition === undefined) return [];
    if (!["Identifier", "FunctionCall", "MemberAccess", "IndexAccess"].includes(condition.nodeType)) return [];
    return [replace("negate", spanOf(condition), `!${this.#textOf(condition)}`)];
  }

  #statement(node: AstNode, parents: readonly AstNode[]): Change[] {
    const { expression } = node;
    // A loop that does not advance never ends; to step the other way shows as much.
    if (expression?.nodeType === undefined || parents.at(-1)?.loopExpression === node) return [];
    if (expression.nodeType !== "FunctionCall") {
      const writes = ["Assignment", "UnaryOperation"].includes(expression.nodeType);
      return writes ? [this.#removal("remove-write", node)] : [];
    }
    const { name = "", memberName = "" } = expression.expression ?? {};
    if (["require", "assert", "revert"].includes(name)) return [this.#removal("remove-require", node)];
    return [this.#removal(["push", "pop"].includes(memberName) ? "remove-write" : "remove-call", node)];
  }

  #removal(operator: string, node: AstNode): Change {
    const { start, end } = spanOf(node);
    const semicolon = /^\s*;/.exec(this.text({ start: end, end: this.#bytes.length }))?.[0] ?? "";
    return replace(operator, { start, end: end + semicolon.length }, "{}");
  }

  /** Values that are handed on, each replaced by the zero of its type. */
  #zeros(values: readonly (AstNode | null | undefined)[]): Change[] {
    return values.flatMap((value) => {
      const zero = value?.nodeType === "Literal" ? undefined : zeroOf(value);
      return value == null || zero === undefined ? [] : [replace("zero", spanOf(value), zero)];
    });
  }

  #yulCall(node: AstNode): Change[] {
    const { functionName, arguments: values = [] } = node;
    const name = functionName?.name ?? "";
    const other = YUL_SWAPS[name];
    const changes =
      functionName === undefined || other === undefined
        ? []
        : [replace(`${name}-${other}`, spanOf(functionName), other)];
    if (!["lt", "gt", "eq"].includes(name)) return changes;
    const literals = values.filter(({ nodeType }) => nodeType === "YulLiteral");
    return [...changes, ...literals.map((each) => replace("plus-one", spanOf(each), `add(${this.#textOf(each)}, 1)`))];
  }
}

/** The zero of a value's type, if it has one that can be written down. */
function zeroOf(value: AstNode | null | undefined): string | undefined {
  const type = value?.typeDescriptions?.typeString ?? "";
  if (/^u?int\d+$/.test(type)) return `${type}(0)`;
  if (/^(address|bytes\d+)$/.test(type)) return `${type}(0)`;
  if (type === "bool") return "false";
  const enumeration = /^enum (.+)$/.exec(type)?.[1];
  if (enumeration !== undefined) return `${enumeration}(0)`;
  return /userDefinedValueType/.test(typeOf(value ?? undefined)) ? `${type}.wrap(0)` : undefined;
}
