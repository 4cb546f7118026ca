import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { FileAccessError } from "../../../src/files/errors.js";
import { FolderInUseError, lockFolder } from "../../../src/files/lock.js";
import { caught } from "../../helpers/caught.js";

describe("lockFolder", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "lock-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("takes a folder, also one that is not there yet, and gives it back", async () => {
    const place = join(folder, "deep");
    const unlock = await lockFolder(place);
    expect(await readdir(place)).to.deep.equal(["lock"]);
    await unlock();
    expect(await readdir(place)).to.deep.equal([]);
    await (
      await lockFolder(place)
    )();
  });

  it("does not take a folder in which another process works, and takes it when that is gone", async () => {
    const other = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"]);
    const { pid = 0 } = other;
    await writeFile(join(folder, "lock"), String(pid));
    const error = await caught(lockFolder(folder), FolderInUseError);
    expect(error.pid).to.equal(pid);
    expect(error.message).to.contain(folder).and.contain(String(pid));
    other.kill("SIGKILL");
    await once(other, "close");
    await (
      await lockFolder(folder)
    )();
  });

  it("takes a folder whose lock was cut off by a crash", async () => {
    await writeFile(join(folder, "lock"), "");
    await (
      await lockFolder(folder)
    )();
  });

  it("says when the folder cannot be written to", async () => {
    await writeFile(join(folder, "file"), "");
    const error = await caught(lockFolder(join(folder, "file")), FileAccessError);
    expect(error.message).to.contain(join(folder, "file"));
  });
});
