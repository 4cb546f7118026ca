/** Content in folders and the server that offers it; Node only. */
export * from "./folderStore.js";
export * from "./server.js";
