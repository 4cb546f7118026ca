import { fork } from "node:child_process";
import { appendFile, chmod, mkdir, mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import {
  ContentMismatchError,
  ContentNotFoundError,
  type ContentStore,
  ContentTooLargeError,
  digestOf,
  StoreError,
} from "../../../src/content/index.js";
import { folderStore } from "../../../src/content/node.js";
import { caught } from "../../helpers/caught.js";

const CONTENT = Buffer.from("what is kept");
const DIGEST = digestOf(CONTENT);
const FILE = join(DIGEST.slice(2, 4), DIGEST.slice(2));

describe("folderStore on its folder", () => {
  let folder: string;
  let store: ContentStore;
  const files = async () =>
    (await readdir(folder, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1));

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "opengpu-content-"));
    store = folderStore(folder);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("has one file a content, named after its digest, for every later store", async () => {
    await store.put(CONTENT);
    await store.put(CONTENT);
    expect(await files()).to.deep.equal([FILE]);
    expect(await readFile(join(folder, FILE))).to.deep.equal(CONTENT);
    expect(Buffer.from(await folderStore(folder).get(DIGEST))).to.deep.equal(CONTENT);
  });

  for (const [how, damage] of [
    ["altered", (path: string) => writeFile(path, "what is KEPT")],
    ["cut off", (path: string) => truncate(path, 5)],
    ["emptied", (path: string) => truncate(path, 0)],
    ["longer", (path: string) => appendFile(path, "!")],
  ] as const) {
    it(`does not give what was ${how}, and repairs it`, async () => {
      await store.put(CONTENT);
      await damage(join(folder, FILE));
      const damaged = await readFile(join(folder, FILE));
      const error = await caught(store.get(DIGEST), ContentMismatchError);
      expect([error.digest, error.found]).to.deep.equal([DIGEST, digestOf(damaged)]);
      expect(error.message).to.include(folder).and.to.include(DIGEST);
      await store.put(CONTENT);
      expect(Buffer.from(await store.get(DIGEST))).to.deep.equal(CONTENT);
      expect(await files()).to.deep.equal([FILE]);
    });
  }

  it("neither reads nor writes more than it may", async () => {
    const small = folderStore(folder, { maxSize: 11 });
    const error = await caught(small.put(CONTENT), ContentTooLargeError);
    expect([error.digest, error.maximum]).to.deep.equal([DIGEST, 11]);
    expect(await files()).to.deep.equal([]);
    await store.put(CONTENT);
    await caught(small.get(DIGEST), ContentTooLargeError);
    await folderStore(folder, { maxSize: 12 }).get(DIGEST);
  });

  it("says what is wrong with a folder that is a file", async () => {
    const file = join(folder, "file");
    await writeFile(file, "");
    const wrong = folderStore(file);
    for (const attempt of [() => wrong.put(CONTENT), () => wrong.get(DIGEST), () => wrong.has(DIGEST)]) {
      const error = await caught(attempt(), StoreError);
      expect(error.digest).to.equal(DIGEST);
      expect(error.message)
        .to.include(file)
        .and.to.match(/ENOTDIR|EEXIST/);
    }
  });

  it("says what is wrong with a file that is a folder", async () => {
    await mkdir(join(folder, FILE), { recursive: true });
    expect(await store.has(DIGEST)).to.equal(false);
    expect((await caught(store.get(DIGEST), StoreError)).message).to.include("EISDIR");
    await caught(store.put(CONTENT), StoreError);
    expect(await files()).to.deep.equal([]);
  });

  // The superuser may write everywhere.
  (process.getuid?.() === 0 ? it.skip : it)("says that it may not write, and may still read", async () => {
    await store.put(CONTENT);
    await chmod(folder, 0o555);
    try {
      const error = await caught(store.put(Buffer.from("other")), StoreError);
      expect(error.message).to.include("EACCES");
      expect(Buffer.from(await store.get(DIGEST))).to.deep.equal(CONTENT);
    } finally {
      await chmod(folder, 0o755);
    }
  });

  for (const step of ["writeFile", "sync"] as const) {
    it(`leaves nothing half written when the disk is full at ${step}`, async () => {
      await store.put(CONTENT);
      const handle = await open(join(folder, FILE));
      const prototype = Object.getPrototypeOf(handle) as Record<typeof step, (...args: unknown[]) => Promise<void>>;
      await handle.close();
      const original = prototype[step];
      prototype[step] = async function (...args) {
        if (step === "writeFile") await original.call(this, (args[0] as Uint8Array).subarray(0, 2));
        throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
      };
      const other = Buffer.from("other");
      try {
        const error = await caught(store.put(other), StoreError);
        expect([error.digest, error.store]).to.deep.equal([digestOf(other), `The folder ${folder}`]);
        expect(error.message).to.include("ENOSPC");
      } finally {
        prototype[step] = original;
      }
      expect(await files()).to.deep.equal([FILE]);
      await caught(store.get(digestOf(other)), ContentNotFoundError);
      await store.put(other);
      expect(Buffer.from(await store.get(digestOf(other)))).to.deep.equal(other);
    });
  }

  it("is whole when a program that writes to it is killed", async () => {
    const script = fileURLToPath(new URL("../../helpers/putForever.ts", import.meta.url));
    const child = fork(script, [folder], { execArgv: ["--import", "tsx"], timeout: 60_000 });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    const last = await new Promise<string>((resolve) => {
      let puts = 0;
      child.on("message", (digest: string) => {
        puts += 1;
        if (puts < 5) return;
        child.kill("SIGKILL");
        resolve(digest);
      });
    });
    await ended;
    expect(await store.get(last)).to.have.length(1_000_000);
    for (const file of await files()) {
      if (!file.endsWith(".tmp")) expect(await store.get(`0x${file.slice(3)}`)).to.have.length(1_000_000);
    }
  });
});
