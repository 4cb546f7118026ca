import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Carrier, ENGINE_HEAP, ENGINE_MEMORY, engineExhausted, type Listener } from "./carrier.js";
import { ExecutorError } from "./errors.js";
import type { Report } from "./outcome.js";

const KIBIBYTE = 1024;
/** What Node reserves at its start and mostly never uses, which the system counts all the same. */
const RESERVED = 576 * 2 ** 20;
const MAX_COMPLAINT = 4_096;
const SHELL = "/bin/sh";
/** Memory and processor time are limited before Node begins. */
const CONFINED = 'ulimit -c 0; ulimit -d "$1" && ulimit -t "$2" && shift 2 && exec "$@"';

/** What a process may use, beside what its engine needs. */
export interface ProcessLimits {
  /** Most memory of the program, bytes. */
  memory: number;
  /** Bytes of program, input and output. */
  data: number;
  /** Wall-clock time of the program, milliseconds. */
  time: number;
}

/**
 * Starts the worker of a file in a process of its own. Where there is a POSIX shell, the system limits the memory of the process, and
 * its processor time, so that it ends even if this process is killed.
 */
export function startProcess(file: URL, { memory, data, time }: ProcessLimits, listener: Listener): Carrier {
  const node = ["--v8-pool-size=2", `--max-old-space-size=${ENGINE_HEAP}`, "--stack-size=3900"];
  const kibibytes = Math.ceil((RESERVED + ENGINE_MEMORY + memory + 4 * data) / KIBIBYTE);
  // Wall-clock time on four processors, and some for the start.
  const seconds = 4 * Math.ceil(time / 1000) + 30;
  const program = [...node, fileURLToPath(file)];
  const confined = ["-c", CONFINED, "sh", String(kibibytes), String(seconds), process.execPath, ...program];
  const [command, args] = existsSync(SHELL) ? [SHELL, confined] : [process.execPath, program];
  const child = spawn(command, args, {
    env: {},
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    serialization: "advanced",
    windowsHide: true,
  });
  let complaint = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    complaint = (complaint + text).slice(0, MAX_COMPLAINT);
  });
  const ended = new Promise<void>((resolve) => {
    child.once("error", (error) => {
      // Nothing was started, so nothing will close.
      if (child.pid === undefined) resolve();
      listener.failed(new ExecutorError(`no process could be started (${error.message})`, { cause: error }));
    });
    child.once("close", (code, signal) => {
      resolve();
      listener.failed(
        /out of memory|heap limit|cannot allocate/i.test(complaint)
          ? engineExhausted(ENGINE_MEMORY)
          : new ExecutorError(`its process ended with ${signal ?? `status ${String(code)}`}`),
      );
    });
  });
  child.on("message", (report: Report) => {
    listener.reported(report);
  });
  return {
    send(assignment) {
      sendTo(child, assignment, listener);
    },
    async end() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

function sendTo(child: ChildProcess, message: object, listener: Listener): void {
  child.send(message, (error) => {
    if (error !== null)
      listener.failed(new ExecutorError(`its process took no job (${error.message})`, { cause: error }));
  });
}
