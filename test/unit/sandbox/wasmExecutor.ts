import { execFile } from "node:child_process";
import { createCipheriv } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import { FieldFormatError, FieldRangeError } from "../../../src/protocol/errors.js";
import { pause } from "../../../src/protocol/retry.js";
import {
  createWasmExecutor,
  type Executor,
  ExecutorClosedError,
  ExecutorError,
  ExitError,
  InputLimitError,
  ModuleError,
  TimeLimitError,
  TrapError,
} from "../../../src/sandbox/index.js";
import { failure, jobOf, numbers, SEED_A, SEED_B, text } from "../../helpers/jobs.js";
import { program, wasm } from "../../helpers/wasm.js";

const FOREVER = "(loop $again (br $again))";
/** Copies input to output, 7 bytes at a time. */
const ECHO = `
  (local $size i32)
  (i32.store (i32.const 0) (i32.const 100))
  (i32.store (i32.const 4) (i32.const 7))
  (loop $more
    (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
    (local.set $size (i32.load (i32.const 8)))
    (call $write (i32.const 100) (local.get $size))
    (br_if $more (local.get $size)))
  (call $show (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
  (call $show (i32.load (i32.const 8)))`;
const complain = (size: number) =>
  `(i32.store (i32.const 0) (i32.const 1000)) (i32.store (i32.const 4) (i32.const ${size}))
   (drop (call $fd_write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8)))`;

/** What a promise is rejected with. */
const reasonOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

for (const boundary of ["process", "engine"] as const) {
  describe(`createWasmExecutor with the boundary of a ${boundary}`, () => {
    let executor: Executor;

    beforeEach(() => {
      executor = createWasmExecutor({ boundary });
    });
    afterEach(() => executor.close());

    it("says what it enforces", () => {
      expect(executor.enforces).to.deep.equal({
        limits: { memory: true, time: true, input: true, output: true },
        network: true,
        files: true,
        determinism: true,
        boundary,
      });
    });

    it("gives a program its input, to its end and not beyond", async () => {
      const input = Uint8Array.from({ length: 100 }, (_, index) => index);
      const { output, diagnostics, duration } = await executor.run(jobOf(await program(ECHO), { input }));
      expect([...output.subarray(0, 100)]).to.deep.equal([...input]);
      // Two more reads of nothing, both well.
      expect([...output.subarray(100)]).to.deep.equal(Array(8).fill(0));
      expect(diagnostics).to.equal("");
      expect(duration).to.be.greaterThan(0);
    });

    it("gives the same bytes for the same job", async () => {
      const module = await program(`${ECHO}
        (drop (call $random_get (i32.const 200) (i32.const 50))) (call $write (i32.const 200) (i32.const 50))`);
      const job = jobOf(module, { input: new TextEncoder().encode("to be or not to be") });
      const [first, second] = await Promise.all([executor.run(job), executor.run(job)]);
      expect(first.output).to.have.length(76).and.to.deep.equal(second.output);
    });

    it("gives what lies in a larger buffer, and nothing of what lies beside it", async () => {
      const buffer = new TextEncoder().encode("secret-input-secret");
      const { output } = await executor.run(jobOf(await program(ECHO), { input: buffer.subarray(7, 12) }));
      expect(text(output.subarray(0, 5))).to.equal("input");
      expect(output).to.have.length(13);
      expect(text(buffer)).to.equal("secret-input-secret");
    });

    it("gives arguments after the name, and no environment", async () => {
      const module = await program(`
        (call $show (call $args_sizes_get (i32.const 0) (i32.const 4)))
        (call $show (i32.load (i32.const 0)))
        (drop (call $args_get (i32.const 8) (i32.const 100)))
        (drop (call $environ_sizes_get (i32.const 0) (i32.const 8)))
        (call $show (i32.load (i32.const 0)))
        (call $write (i32.const 100) (i32.load (i32.const 4)))`);
      const { output } = await executor.run(jobOf(module, { args: ["--größe", ""] }));
      expect([...output.subarray(0, 12)]).to.deep.equal([0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0]);
      expect(text(output.subarray(12))).to.equal("source\0--größe\0\0");
    });

    it("gives a clock that stands", async () => {
      const read = (clock: number) => `
        (call $show (call $clock_time_get (i32.const ${clock}) (i64.const 0) (i32.const 0)))
        (call $show (i32.load (i32.const 0))) (call $show (i32.load (i32.const 4)))`;
      const module = await program(`(i64.store (i32.const 0) (i64.const -1)) ${[0, 1, 2, 3].map(read).join("")}`);
      for (let run = 0; run < 2; run++) expect(await numbers(executor, jobOf(module))).to.deep.equal(Array(12).fill(0));
    });

    it("gives random bytes that follow from the seed alone", async () => {
      const module = await program(`
        (drop (call $random_get (i32.const 0) (i32.const 5)))
        (drop (call $random_get (i32.const 5) (i32.const 0)))
        (drop (call $random_get (i32.const 5) (i32.const 3000)))
        (drop (call $random_get (i32.const 3005) (i32.const 95)))
        (call $write (i32.const 0) (i32.const 3100))`);
      for (const seed of [SEED_A, SEED_B]) {
        const { output } = await executor.run(jobOf(module, { seed, limits: { output: 4_000 } }));
        const cipher = createCipheriv("chacha20", Buffer.from(seed.slice(2), "hex"), Buffer.alloc(16));
        expect(Buffer.from(output).toString("hex")).to.equal(cipher.update(Buffer.alloc(3_100)).toString("hex"));
      }
    });

    it("runs a start section before the program", async () => {
      const module = await program(
        "(call $show (global.get $set))",
        `(global $set (mut i32) (i32.const 1))
        (func $first (global.set $set (i32.const 2))) (start $first)`,
      );
      expect(await numbers(executor, jobOf(module))).to.deep.equal([2]);
    });

    it("takes status 0 for a good end, and any other for a bad one", async () => {
      const exit = (code: number) =>
        program(`(call $show (i32.const 5)) (call $proc_exit (i32.const ${code})) (call $show (i32.const 6))`);
      expect(await numbers(executor, jobOf(await exit(0)))).to.deep.equal([5]);
      for (const code of [1, 137, 4_294_967_295]) {
        expect((await failure(executor.run(jobOf(await exit(code))), ExitError)).code).to.equal(code);
      }
    });

    it("passes on the end of what a program says, without what controls a terminal", async () => {
      const said = "first\\n\\1b[2Jlast\\tword\\n";
      const module = await program(
        `${complain(20)} (call $proc_exit (i32.const 3))`,
        `(data (i32.const 1000) "${said}")`,
      );
      const error = await failure(executor.run(jobOf(module)), ExitError);
      expect(error.diagnostics).to.match(/^first\n\ufffd\[2Jlast\tword\n/);
      expect(error.message).to.include("status 3").and.to.include("last\tword");

      const flood = await program(`
        (local $times i32)
        (loop $more
          ${complain(60_000 - 1_000)}
          (local.set $times (i32.add (local.get $times) (i32.const 1)))
          (br_if $more (i32.lt_u (local.get $times) (i32.const 50))))
        (i32.store8 (i32.const 1000) (i32.const 0x21)) ${complain(1)}`);
      const { diagnostics } = await executor.run(jobOf(flood));
      expect(diagnostics).to.have.length.within(1_000, 40_000);
      expect(diagnostics.endsWith("!")).to.equal(true);
    });

    it("has no place to seek in input and output", async () => {
      const module = await program(
        "(call $show (call $fd_seek (i32.const 1) (i64.const 0) (i32.const 0) (i32.const 0)))",
      );
      expect(await numbers(executor, jobOf(module))).to.deep.equal([70]);
    });

    it("refuses what is no program", async () => {
      const whole = await program("(call $show (i32.const 1))");
      for (const [module, problem] of [
        [new Uint8Array(), "not WebAssembly"],
        [new TextEncoder().encode("#!/bin/sh\necho no"), "not WebAssembly"],
        [whole.subarray(0, 40), "cut off"],
        [await wasm(`(module (func (export "_start")))`), "no memory"],
        [await wasm(`(module (memory 1) (func (export "_start")))`), "export the memory memory"],
        [await wasm(`(module (memory (export "memory") 1))`), "export the function _start"],
        [await wasm(`(module (memory (export "memory") 1) (global (export "_start") i32 (i32.const 0)))`), "_start"],
      ] as const) {
        const error = await failure(executor.run(jobOf(module)), ModuleError);
        expect(error.problem).to.include(problem);
      }
      const last = whole.slice();
      last[last.length - 1] = 0xff;
      await failure(executor.run(jobOf(last)), ModuleError);
    });

    it("refuses a module, an input or arguments that are too large, before it runs anything", async () => {
      const small = createWasmExecutor({ maxModule: 10 });
      const error = await failure(small.run(jobOf(new Uint8Array(11))), ModuleError);
      expect(error.message).to.include("11 bytes").and.to.include("10");
      const module = await program("");
      const input = await failure(executor.run(jobOf(module, { input: new Uint8Array(1_001) })), InputLimitError);
      expect([input.size, input.limit]).to.deep.equal([1_001, 1_000]);
      const both = { input: new Uint8Array(990), args: ["123456789"] };
      await executor.run(jobOf(module, both));
      await failure(executor.run(jobOf(module, { ...both, args: ["1234567890"] })), InputLimitError);
      await failure(executor.run(jobOf(module, { args: ["a\0b"] })), ModuleError);
    });

    it("refuses limits and seeds that are none", async () => {
      const module = await program("");
      for (const limits of [{ memory: -1 }, { time: Number.NaN }, { output: 0.5 }, { time: Infinity }, { input: -1 }]) {
        expect(await reasonOf(executor.run(jobOf(module, { limits })))).to.be.instanceOf(FieldRangeError);
      }
      expect(await reasonOf(executor.run(jobOf(module, { seed: "0x12" })))).to.be.instanceOf(FieldFormatError);
    });

    it("ends a job that runs, or that waits, when it is told to", async () => {
      const one = createWasmExecutor({ boundary, parallel: 1 });
      const endless = jobOf(await program(FOREVER));
      const [first, second] = [new AbortController(), new AbortController()];
      const running = reasonOf(one.run(endless, first.signal));
      const waiting = reasonOf(one.run(endless, second.signal));
      const last = numbers(one, jobOf(await program("(call $show (i32.const 9))")));
      second.abort();
      expect(await waiting).to.equal(second.signal.reason);
      first.abort(new Error("enough"));
      expect(await running).to.equal(first.signal.reason);
      expect(await last).to.deep.equal([9]);
      expect(await reasonOf(one.run(endless, first.signal))).to.equal(first.signal.reason);
      await one.close();
    });

    it("runs the worker of another file, and counts what that takes to begin", async () => {
      const folder = await mkdtemp(join(tmpdir(), "worker-"));
      const file = pathToFileURL(join(folder, "late.mjs"));
      const worker = new URL("../../../src/sandbox/wasmWorker.ts", import.meta.url);
      await writeFile(file, `setTimeout(() => import(${JSON.stringify(worker)}), 300);`);
      const late = createWasmExecutor({ boundary, worker: file });
      // Its own time does not begin before it does.
      const { output, duration } = await late.run(jobOf(await program(ECHO), { input: Uint8Array.of(1, 2, 3, 4) }));
      expect([...output.subarray(0, 4)]).to.deep.equal([1, 2, 3, 4]);
      expect(duration).to.be.at.least(300);
      await late.close();
      await rm(folder, { recursive: true });
    });

    it("says that there is no worker where there is none", async () => {
      const none = createWasmExecutor({ boundary, worker: new URL("none.js", import.meta.url) });
      await failure(none.run(jobOf(await program(""))), ExecutorError);
      await none.close();
    });

    it("runs no more jobs at once than it may, in their sequence", async () => {
      const one = createWasmExecutor({ boundary, parallel: 1 });
      const ended: string[] = [];
      const note = (name: string) => () => void ended.push(name);
      const endless = jobOf(await program(FOREVER), { limits: { time: 500 } });
      const quick = jobOf(await program(""));
      await Promise.all([
        failure(one.run(endless), TimeLimitError).then(note("endless")),
        one.run(quick).then(note("first")),
        failure(one.run(jobOf(await program("(unreachable)"))), TrapError).then(note("trap")),
        one.run(quick).then(note("last")),
      ]);
      expect(ended).to.deep.equal(["endless", "first", "trap", "last"]);
      await one.close();
    });

    it("ends everything when it is closed, and runs nothing afterwards", async () => {
      const two = createWasmExecutor({ boundary, parallel: 2 });
      const endless = jobOf(await program(FOREVER));
      const first = failure(two.run(endless), ExecutorClosedError);
      // When this has ended, the first one runs.
      await two.run(jobOf(await program("")));
      const others = Array.from({ length: 3 }, () => failure(two.run(endless), ExecutorClosedError));
      await two.close();
      await Promise.all([first, ...others]);
      await failure(two.run(endless), ExecutorClosedError);
      await two.close();
    });

    it("keeps no program from ending that has run jobs and closed nothing", async () => {
      const script = fileURLToPath(new URL("../../helpers/runJobs.ts", import.meta.url));
      const run = promisify(execFile);
      const { stdout, stderr } = await run(process.execPath, ["--import", "tsx", script, boundary], {
        timeout: 60_000,
      });
      expect(stdout).to.equal("TimeLimitError 4\n");
      expect(stderr).to.equal("");
    });
  });
}

(process.platform === "linux" ? describe : describe.skip)("A process of createWasmExecutor", () => {
  /** Numbers of the processes that this one has started for jobs. */
  const workers = async (): Promise<number[]> => {
    const children = await readFile(`/proc/self/task/${process.pid}/children`, "utf8");
    const numbers = children.split(" ").filter(Boolean).map(Number);
    const commands = await Promise.all(numbers.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
    return numbers.filter((_, index) => commands[index]?.includes("wasmWorker") === true);
  };

  it("is gone when its job is, has nothing of the environment, and is missed when it is killed", async () => {
    const executor = createWasmExecutor({ parallel: 1 });
    expect(await workers()).to.deep.equal([]);
    const killed = failure(executor.run(jobOf(await program(FOREVER))), ExecutorError);
    let pid: number | undefined;
    while (pid === undefined) {
      await pause(20);
      [pid] = await workers();
    }
    expect(await readFile(`/proc/${pid}/environ`, "utf8")).not.to.match(/PATH|HOME/);
    process.kill(pid, "SIGKILL");
    expect((await killed).message).to.include("SIGKILL");
    expect(await numbers(executor, jobOf(await program("(call $show (i32.const 4))")))).to.deep.equal([4]);
    await executor.close();
    expect(await workers()).to.deep.equal([]);
  });
});
