/** Runs two jobs, and has no reason to go on when they have ended. */
import { fileURLToPath } from "node:url";
import { createWasmExecutor } from "../../src/sandbox/index.js";
import { jobOf } from "./jobs.js";
import { program } from "./wasm.js";

// The test runner loads all files of the folder; this one is a program of its own.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const executor = createWasmExecutor({ boundary: process.argv[2] === "engine" ? "engine" : "process" });
  const [endless, quick] = await Promise.allSettled([
    executor.run(jobOf(await program("(loop $again (br $again))"), { limits: { time: 300 } })),
    executor.run(jobOf(await program("(call $show (i32.const 1))"))),
  ]);
  console.log(
    endless.status === "rejected" ? (endless.reason as Error).name : "ended",
    quick.status === "fulfilled" ? quick.value.output.length : "failed",
  );
}
