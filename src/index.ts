/** The OpenGPU protocol: what a program imports. */
export * from "./client/index.js";
export * from "./protocol/index.js";
