/** Operators that take a neighbour's place, with the names of the mutations. */
export const SWAPS: Readonly<Record<string, readonly (readonly [name: string, text: string])[]>> = {
  "<": [
    ["lt-le", "<="],
    ["lt-ge", ">="],
  ],
  "<=": [
    ["le-lt", "<"],
    ["le-gt", ">"],
  ],
  ">": [
    ["gt-ge", ">="],
    ["gt-le", "<="],
  ],
  ">=": [
    ["ge-gt", ">"],
    ["ge-lt", "<"],
  ],
  "==": [["eq-ne", "!="]],
  "!=": [["ne-eq", "=="]],
  "&&": [["and-or", "||"]],
  "||": [["or-and", "&&"]],
  "+": [["add-sub", "-"]],
  "-": [["sub-add", "+"]],
  "*": [["mul-div", "/"]],
  "/": [["div-mul", "*"]],
  "%": [["mod-div", "/"]],
  "**": [["exp-mul", "*"]],
  "<<": [["shl-shr", ">>"]],
  ">>": [["shr-shl", "<<"]],
  "&": [["bitand-bitor", "|"]],
  "|": [["bitor-bitand", "&"]],
  "^": [["bitxor-bitand", "&"]],
  "++": [["inc-dec", "--"]],
  "--": [["dec-inc", "++"]],
};

/** On numbers, equality also has the orders as neighbours. */
export const NUMBER_SWAPS: typeof SWAPS = {
  "==": [
    ["eq-ge", ">="],
    ["eq-le", "<="],
  ],
  "!=": [
    ["ne-gt", ">"],
    ["ne-lt", "<"],
  ],
};

/** The same in assembly, where a function is its own name. */
export const YUL_SWAPS: Readonly<Record<string, string>> = {
  gt: "lt",
  lt: "gt",
  and: "or",
  or: "and",
  add: "sub",
  sub: "add",
  shl: "shr",
  shr: "shl",
};
