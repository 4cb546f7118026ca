import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import {
  cidOf,
  ContentNotFoundError,
  type ContentStore,
  ContentTooLargeError,
  digestOf,
  httpStore,
  memoryStore,
} from "../../../src/content/index.js";
import { folderStore, serveContent } from "../../../src/content/node.js";
import { FieldFormatError } from "../../../src/protocol/errors.js";
import { caught } from "../../helpers/caught.js";
import { Random, SEED } from "../../helpers/seeded.js";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** How each store is opened, with what closes it. */
const stores: Record<string, () => Promise<{ store: ContentStore; close: () => Promise<void> }>> = {
  memoryStore: () => Promise.resolve({ store: memoryStore(), close: () => Promise.resolve() }),
  folderStore: async () => {
    const folder = await mkdtemp(join(tmpdir(), "opengpu-content-"));
    return { store: folderStore(join(folder, "store")), close: () => rm(folder, { recursive: true }) };
  },
  httpStore: async () => {
    const server = await serveContent({ store: memoryStore() });
    return { store: httpStore(server.url), close: () => server.close() };
  },
};

for (const [name, openStore] of Object.entries(stores)) {
  describe(name, () => {
    let store: ContentStore;
    let close: () => Promise<void>;

    beforeEach(async () => {
      ({ store, close } = await openStore());
    });
    afterEach(() => close());

    it("gives what was put", async () => {
      for (const content of [bytes("hello"), new Uint8Array(), new Uint8Array(200_000).fill(7)]) {
        const digest = digestOf(content);
        expect(await store.has(digest)).to.equal(false);
        expect(await store.put(content)).to.deep.equal({ digest, cid: cidOf(digest), size: content.length });
        expect(await store.has(digest)).to.equal(true);
        expect(Buffer.from(await store.get(digest))).to.deep.equal(Buffer.from(content));
      }
    });

    it("takes digests in any case", async () => {
      const { digest } = await store.put(bytes("case"));
      const other = `0x${digest.slice(2).toUpperCase()}`;
      expect(await store.has(other)).to.equal(true);
      expect(Buffer.from(await store.get(other)).toString()).to.equal("case");
    });

    it("gives and keeps copies", async () => {
      const content = bytes("content");
      const { digest } = await store.put(content);
      content.fill(0);
      const first = await store.get(digest);
      first.fill(1);
      expect(Buffer.from(await store.get(digest)).toString()).to.equal("content");
    });

    it("does not have what was not put", async () => {
      const digest = digestOf(bytes("never"));
      const error = await caught(store.get(digest), ContentNotFoundError);
      expect(error.digest).to.equal(digest);
      expect(error.message).to.include(digest).and.to.include(cidOf(digest));
    });

    it("gives no more bytes than are wanted", async () => {
      const { digest } = await store.put(bytes("12345"));
      expect(await store.get(digest, { maxSize: 5 })).to.have.length(5);
      const error = await caught(store.get(digest, { maxSize: 4 }), ContentTooLargeError);
      expect([error.digest, error.maximum]).to.deep.equal([digest, 4]);
    });

    it("refuses what is no digest, and what is a path", async () => {
      for (const digest of ["", "0x", "../../../etc/passwd", `0x${"/".repeat(64)}`, `0x${"../".repeat(21)}a`]) {
        await caught(store.get(digest), FieldFormatError);
        await caught(store.has(digest), FieldFormatError);
      }
    });

    it("breaks off when it is told to", async () => {
      const { digest } = await store.put(bytes("stop"));
      const reason = new Error("enough");
      expect(await caught(store.get(digest, { signal: AbortSignal.abort(reason) }), Error)).to.equal(reason);
    });

    it(`keeps what many put at once (SEED=${SEED})`, async () => {
      const random = new Random(SEED);
      const contents = Array.from({ length: 5 }, () => Buffer.alloc(random.whole(1, 50_000), random.word()));
      const puts = Array.from({ length: 40 }, (_, index) => store.put(contents[index % 5] ?? Buffer.alloc(0)));
      const stored = await Promise.all(puts);
      for (const [index, { digest, size }] of stored.entries()) {
        expect(size).to.equal(contents[index % 5]?.length);
        expect(Buffer.from(await store.get(digest))).to.deep.equal(contents[index % 5]);
      }
    });
  });
}
