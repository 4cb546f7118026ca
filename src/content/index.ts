/** Content by its digest, and the way of envelopes; runs in a browser. */
export * from "./digest.js";
export * from "./errors.js";
export type { HttpOptions } from "./http.js";
export * from "./httpInbox.js";
export * from "./httpStore.js";
export * from "./inbox.js";
export * from "./manifest.js";
export { type ContentStore, type GetOptions, memoryStore, type Stored } from "./store.js";
