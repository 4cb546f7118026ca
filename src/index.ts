/** The OpenGPU protocol: what a program imports. */
export * from "./client/index.js";
export * from "./content/manifest.js";
export * from "./protocol/index.js";
