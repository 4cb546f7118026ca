/** Deploys suites and proves deployments. Apart from the rest of the library, because it brings the bytecode along. */
export * from "../deploy.js";
export * from "./checks.js";
export * from "./errors.js";
export * from "./estimate.js";
export * from "./networks.js";
export * from "./probe.js";
export * from "./run.js";
export * from "./verify.js";
