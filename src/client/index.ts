export * from "./acceptOpening.js";
export * from "./journal.js";
export * from "./recoverOrder.js";
export * from "./submitOrder.js";
