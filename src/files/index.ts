/** What a program on Node keeps in files. The rest of the library runs in a browser too. */
export * from "./debtBook.js";
export * from "./deploymentStore.js";
export * from "./errors.js";
export * from "./identityFile.js";
export * from "./lock.js";
export * from "./orderJournal.js";
