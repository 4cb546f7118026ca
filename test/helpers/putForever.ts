/** Puts a megabyte after the other into a folder, and says each digest, until it is killed. */
import { folderStore } from "../../src/content/node.js";

const store = folderStore(process.argv[2] ?? "");
for (let index = 0; ; index++) {
  const { digest } = await store.put(Buffer.alloc(1_000_000, String(index)));
  process.send?.(digest);
}
