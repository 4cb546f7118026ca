/**
 * Runs one program in a thread or process of its own. From source, Node runs this file as it is, without the loader of
 * whoever starts it; so what it imports from the project is named by its real name and has types that can be erased.
 */
import { parentPort } from "node:worker_threads";
import { confine, PAGE, Refusal } from "./confine.ts";
import { engine, type Memory, type Program } from "./engine.ts";
import type { Assignment, Outcome, Report } from "./outcome.js";
import { createHost, WASI_MODULE } from "./wasi.ts";

const MAX_NAME = 60;

function execute(assignment: Assignment): Outcome {
  const { memory: limit } = assignment;
  let program: Program;
  const host = createHost(assignment);
  try {
    program = new engine.Module(confine(assignment.module, limit));
    checkInterface(program, host.imports);
  } catch (error) {
    if (error instanceof Refusal) return { kind: error.kind, problem: error.message };
    if (error instanceof engine.CompileError) return { kind: "module", problem: shown(error.message, 300) };
    throw error;
  }
  let memory: Memory | undefined;
  let initial = 0;
  const outcome = host.start(() => {
    const instance = new engine.Instance(program, { [WASI_MODULE]: host.imports });
    memory = instance.exports["memory"] as Memory;
    initial = memory.buffer.byteLength;
    return instance;
  });
  const size = memory?.buffer.byteLength ?? 0;
  // What could not be had cannot be seen, but a program that grew to the limit and broke off most likely wanted more.
  if (outcome.kind === "trap" && size > initial && size + PAGE > limit) {
    return { kind: "memory", problem: `broke off when it had grown to ${size} bytes (${outcome.reason})` };
  }
  return outcome;
}

/** Whether a module wants nothing but functions of WASI, and gives what is needed to run it. */
function checkInterface(program: Program, allowed: object): void {
  for (const { module: from, name, kind } of engine.Module.imports(program)) {
    if (kind !== "function" || from !== WASI_MODULE || !Object.hasOwn(allowed, name)) {
      throw new Refusal("module", `it imports the ${kind} ${shown(`${from}.${name}`, MAX_NAME)}, which there is not`);
    }
  }
  const kinds = new Map(engine.Module.exports(program).map(({ name, kind }) => [name, kind]));
  for (const [name, kind] of [
    ["memory", "memory"],
    ["_start", "function"],
  ] as const) {
    if (kinds.get(name) !== kind) throw new Refusal("module", `it does not export the ${kind} ${name}`);
  }
}

/** Text of somebody else's, short and without control characters. */
function shown(text: string, length: number): string {
  return text.slice(0, length).replace(/\p{C}/gu, "\ufffd");
}

function perform(assignment: Assignment): void {
  try {
    report(execute(assignment));
  } catch (error) {
    report({ kind: "machine", problem: error instanceof Error ? error.message : String(error) });
  }
}

function report(message: Report): void {
  if (parentPort === null) process.send?.(message);
  else parentPort.postMessage(message);
}

if (parentPort === null) process.once("message", perform);
else parentPort.once("message", perform);
report({ kind: "ready" });
