/** Runs two jobs, and has no reason to go on when they have ended. */
import { createWasmExecutor } from "../../src/sandbox/index.js";
import { jobOf } from "./jobs.js";
import { program } from "./wasm.js";

const executor = createWasmExecutor({ boundary: process.argv[2] === "engine" ? "engine" : "process" });
const [endless, quick] = await Promise.allSettled([
  executor.run(jobOf(await program("(loop $again (br $again))"), { limits: { time: 300 } })),
  executor.run(jobOf(await program("(call $show (i32.const 1))"))),
]);
console.log(
  endless.status === "rejected" ? (endless.reason as Error).name : "ended",
  quick.status === "fulfilled" ? quick.value.output.length : "failed",
);
