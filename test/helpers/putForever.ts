/** Puts a megabyte after the other into a folder, and says each digest, until it is killed. */
import { fileURLToPath } from "node:url";
import { folderStore } from "../../src/content/node.js";

// The test runner loads all files of the folder; this one is a program of its own.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const store = folderStore(process.argv[2] ?? "");
  for (let index = 0; ; index++) {
    const { digest } = await store.put(Buffer.alloc(1_000_000, String(index)));
    process.send?.(digest);
  }
}
