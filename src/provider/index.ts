/** Work for pay: the loop of a provider, its parts, and a whole provider from a configuration; Node only. */
export * from "./config.js";
export * from "./costs.js";
export * from "./debts.js";
export * from "./decide.js";
export * from "./effects.js";
export * from "./errors.js";
export * from "./honour.js";
export * from "./identity.js";
export * from "./inboxes.js";
export * from "./join.js";
export * from "./leave.js";
export * from "./loop.js";
export * from "./perform.js";
export * from "./preference.js";
export * from "./reservations.js";
export * from "./service.js";
export * from "./source.js";
