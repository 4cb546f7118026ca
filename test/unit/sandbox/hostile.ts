import { expect } from "chai";
import { builtWorker } from "../../../scripts/market/worker.js";
import {
  createWasmExecutor,
  type Executor,
  MemoryLimitError,
  ModuleError,
  OutputLimitError,
  TimeLimitError,
  TrapError,
} from "../../../src/sandbox/index.js";
import { failure, jobOf, LIMITS, numbers } from "../../helpers/jobs.js";
import { compileBomb } from "../../helpers/compileBomb.js";
import { program, wasm } from "../../helpers/wasm.js";

const FOREVER = "(loop $again (br $again))";
const SHORT = { time: 700 };
const PAGES = LIMITS.memory / 65_536;
/** Grows memory page by page until that fails. */
const GROW = "(loop $more (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))";
const start = `(func (export "_start"))`;

for (const boundary of ["process", "engine"] as const) {
  describe(`A hostile program in the boundary of a ${boundary}`, () => {
    let executor: Executor;
    const fails = async <E extends Error>(
      module: Uint8Array | Promise<Uint8Array>,
      kind: abstract new (...args: never[]) => E,
      other: Parameters<typeof jobOf>[1] = {},
    ): Promise<E> => failure(executor.run(jobOf(await module, other)), kind);

    before(async () => {
      executor = createWasmExecutor({ boundary, worker: await builtWorker() });
    });
    after(() => executor.close());

    afterEach("the executor goes on", async () => {
      expect(await numbers(executor, jobOf(await program("(call $show (i32.const 7))")))).to.deep.equal([7]);
    });

    describe("time", () => {
      it("loops for ever", async () => {
        expect((await fails(program(FOREVER), TimeLimitError, { limits: SHORT })).limit).to.equal(700);
      });

      it("loops for ever in its start section", async () => {
        const module = program("", `(func $first ${FOREVER}) (start $first)`);
        await fails(module, TimeLimitError, { limits: SHORT });
      });

      it("catches what ends it and loops", async () => {
        const body = "(loop $again (try (do (call $proc_exit (i32.const 0))) (catch_all)) (br $again))";
        await fails(program(body), TimeLimitError, { limits: SHORT });
      });

      it("sleeps for an hour", async () => {
        const module = program(`
          (i64.store (i32.const 0) (i64.const 0x0102030405060708))
          (i32.store (i32.const 16) (i32.const 1))
          (i64.store (i32.const 24) (i64.const 3600000000000))
          (call $show (call $poll_oneoff (i32.const 0) (i32.const 100) (i32.const 1) (i32.const 200)))
          (call $show (i32.load (i32.const 200)))
          (call $show (i32.load (i32.const 100)))
          (call $show (call $sched_yield))`);
        expect(await numbers(executor, jobOf(await module))).to.deep.equal([0, 1, 0x05060708, 0]);
      });

      it("waits for a thousand million things", async () => {
        const module = program(
          "(drop (call $poll_oneoff (i32.const 0) (i32.const 0) (i32.const 1000000000) (i32.const 0)))",
        );
        expect((await fails(module, TrapError)).reason).to.include("1000000000");
      });
    });

    describe("memory", () => {
      it("grows to its limit and not beyond", async () => {
        const module = await program(`${GROW} (call $show (memory.size))`);
        expect(await numbers(executor, jobOf(module))).to.deep.equal([PAGES]);
        expect(await numbers(executor, jobOf(module, { limits: { memory: 5 * 65_536 - 1 } }))).to.deep.equal([4]);
      });

      it("breaks off when it gets no more", async () => {
        const error = await fails(program(`${GROW} (unreachable)`), MemoryLimitError);
        expect(error.limit).to.equal(LIMITS.memory);
        expect(error.message).to.include(String(LIMITS.memory)).and.to.include("unreachable");
      });

      it("breaks off at a limit of its own", async () => {
        await fails(program(`${GROW} (unreachable)`, "", "1 3"), TrapError);
        expect(
          await numbers(executor, jobOf(await program(`${GROW} (call $show (memory.size))`, "", "1 3"))),
        ).to.deep.equal([3]);
      });

      it("begins with more than it may have", async () => {
        const error = await fails(program("", "", "60000"), MemoryLimitError);
        expect(error.message)
          .to.include(String(60_000 * 65_536))
          .and.to.include(String(LIMITS.memory));
        await fails(program("", "", String(PAGES + 1)), MemoryLimitError);
        expect(
          await numbers(executor, jobOf(await program("(call $show (memory.size))", "", String(PAGES)))),
        ).to.deep.equal([PAGES]);
      });

      it("has a table that is huge", async () => {
        expect((await fails(program("", "(table 10000000 funcref)"), ModuleError)).message).to.include("10000000");
        await fails(program("", "(table 100 funcref)".repeat(17)), ModuleError);
      });

      it("grows a table", async () => {
        const module = await program(
          `(loop $more (br_if $more (i32.ne (table.grow 0 (ref.null func) (i32.const 10000)) (i32.const -1))))
          (call $show (table.size 0))`,
          "(table 0 4000000000 funcref)",
        );
        expect(await numbers(executor, jobOf(module))).to.deep.equal([100_000]);
      });

      it("writes beyond its memory", async () => {
        expect((await fails(program("(i32.store (i32.const -8) (i32.const 1))"), TrapError)).reason).to.include(
          "out of bounds",
        );
        expect((await fails(program("", `(data (i32.const 65535) "ab")`), TrapError)).reason).to.include(
          "data segment",
        );
      });

      it("calls itself without end", async () => {
        const error = await fails(program("(call $deep)", "(func $deep (call $deep) (call $deep))"), TrapError);
        expect(error.reason).to.equal("its calls are nested too deeply");
        const host = "(func $deep (drop (call $sched_yield)) (call $deep) (call $deep))";
        expect((await fails(program("(call $deep)", host), TrapError)).reason).to.equal(
          "its calls are nested too deeply",
        );
      });

      if (boundary === "process") {
        // A thread cannot be kept from it: see the option `boundary`.
        (process.platform === "linux" ? it : it.skip)("makes its compilation take gigabytes", async () => {
          const error = await fails(compileBomb(), MemoryLimitError);
          expect(error.message).to.include("compile");
        });
      }
    });

    describe("output", () => {
      const WRITE_MORE = "(loop $more (call $write (i32.const 0) (i32.const 100)) (br $more))";

      it("writes without end", async () => {
        expect((await fails(program(WRITE_MORE), OutputLimitError)).limit).to.equal(LIMITS.output);
      });

      it("catches that it was stopped", async () => {
        const body = `(try (do ${WRITE_MORE}) (catch_all)) (try (do (call $write (i32.const 0) (i32.const 1))) (catch_all))`;
        await fails(program(body), OutputLimitError);
      });

      it("writes as much as it may, and one byte more", async () => {
        const exactly = await executor.run(jobOf(await program("(call $write (i32.const 0) (i32.const 1000))")));
        expect(exactly.output).to.deep.equal(new Uint8Array(1000));
        await fails(program("(call $write (i32.const 0) (i32.const 1001))"), OutputLimitError);
      });

      it("writes what is not in its memory", async () => {
        for (const [from, size] of [
          [70_000, 4],
          [65_530, 100],
          [-16, 4],
          [0, -1],
        ]) {
          const error = await fails(
            program(`(call $write (i32.const ${from ?? 0}) (i32.const ${size ?? 0}))`),
            TrapError,
          );
          expect(error.reason).to.equal("it gave fd_write what is not in its memory");
        }
        const vectors = "(drop (call $fd_write (i32.const 1) (i32.const -8) (i32.const 1) (i32.const 0)))";
        await fails(program(vectors), TrapError);
        const written = "(drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 0) (i32.const -2)))";
        await fails(program(written), TrapError);
      });

      it("writes from a thousand million places", async () => {
        const module = program(
          "(drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1000000000) (i32.const 0)))",
        );
        expect((await fails(module, TrapError)).reason).to.include("1000000000");
      });
    });

    describe("authority", () => {
      it("imports what there is not", async () => {
        for (const [importing, named] of [
          ['(import "env" "system" (func))', "function env.system"],
          ['(import "wasi_snapshot_preview1" "exec" (func))', "function wasi_snapshot_preview1.exec"],
          ['(import "wasi_snapshot_preview1" "toString" (func))', "toString"],
          ['(import "wasi_snapshot_preview1" "__proto__" (func))', "__proto__"],
          ['(import "wasi_unstable" "fd_write" (func))', "wasi_unstable"],
          ['(import "wasi_snapshot_preview1" "fd_write" (global i32))', "global"],
          ['(import "env" "table" (table 1 funcref))', "table env.table"],
        ] as const) {
          const error = await fails(wasm(`(module ${importing} (memory (export "memory") 1) ${start})`), ModuleError);
          expect(error.message).to.include(named);
        }
      });

      it("imports a memory", async () => {
        await fails(
          wasm(`(module (import "env" "memory" (memory 1)) (export "memory" (memory 0)) ${start})`),
          ModuleError,
        );
        await fails(wasm(`(module (import "env" "m" (memory 1)) (memory (export "memory") 1) ${start})`), ModuleError);
      });

      it("names an import at great length, or with what controls a terminal", async () => {
        const module = wasm(
          `(module (import "env" "\\1b[2J${"x".repeat(200_000)}" (func)) (memory (export "memory") 1) ${start})`,
        );
        const { message } = await fails(module, ModuleError);
        expect(message).to.have.length.below(300);
        expect(message).not.to.match(/[\u0000-\u001f]/);
      });

      it("opens files and sockets", async () => {
        const body = `
          (call $show (call $path_open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0)
            (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 100)))
          (call $show (call $path_open (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0)
            (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 100)))
          (call $show (call $fd_prestat_get (i32.const 3) (i32.const 100)))
          (call $show (call $sock_recv (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))`;
        // No such descriptor; no folder; no such descriptor; not supported.
        expect(await numbers(executor, jobOf(await program(body)))).to.deep.equal([8, 54, 8, 58]);
      });

      it("calls WASI before it was started", async () => {
        const module = program("", "(func $first (call $write (i32.const 0) (i32.const 1))) (start $first)");
        // The module's own helper stores to memory first, which it may.
        expect((await fails(module, TrapError)).reason).to.equal("it called WASI before it was started");
      });

      it("calls WASI with things instead of numbers", async () => {
        const module = wasm(`(module
          (import "wasi_snapshot_preview1" "fd_write" (func $write (param funcref i32 i32 i32) (result i32)))
          (memory (export "memory") 1)
          (elem declare func $main)
          (func $main (export "_start") (drop (call $write (ref.func $main) (i32.const 0) (i32.const 0) (i32.const 0)))))`);
        expect((await fails(module, TrapError)).reason).to.include("no number");
      });

      it("wants another kind of number back", async () => {
        const module = wasm(`(module
          (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i64)))
          (memory (export "memory") 1)
          (func (export "_start") (drop (call $yield))))`);
        await fails(module, TrapError);
      });
    });

    it("leaves something for the next run", async () => {
      const module = await program(
        `(call $show (global.get $count)) (call $show (i32.load (i32.const 8)))
        (global.set $count (i32.const 1)) (i32.store (i32.const 8) (i32.const 2))`,
        "(global $count (mut i32) (i32.const 0))",
      );
      for (let run = 0; run < 2; run++) expect(await numbers(executor, jobOf(module))).to.deep.equal([0, 0]);
    });

    it("traps", async () => {
      for (const [body, reason] of [
        ["(unreachable)", "unreachable"],
        ["(drop (i32.div_s (i32.const 1) (i32.const 0)))", "divide by zero"],
        ["(drop (call $proc_raise (i32.const 9)))", "it raised signal 9"],
        ["(throw $e)", "it threw what it did not catch"],
      ] as const) {
        if (body === "(throw $e)") await fails(program(body, "(tag $e)"), ModuleError);
        else expect((await fails(program(body), TrapError)).reason).to.equal(reason);
      }
    });
  });
}
