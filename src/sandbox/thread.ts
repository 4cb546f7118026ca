import { Worker } from "node:worker_threads";
import { type Carrier, ENGINE_HEAP, engineExhausted, type Listener } from "./carrier.js";
import { ExecutorError } from "./errors.js";
import type { Report } from "./outcome.js";

/** Starts the worker of a file in a thread of this process. */
export function startThread(file: URL, listener: Listener): Carrier {
  const worker = new Worker(file, {
    env: {},
    execArgv: [],
    stdin: false,
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: ENGINE_HEAP, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 },
  });
  const exited = new Promise<void>((resolve) => {
    worker.once("exit", (code) => {
      resolve();
      listener.failed(new ExecutorError(`its thread ended with status ${code}`));
    });
  });
  worker.on("message", (report: Report) => {
    listener.reported(report);
  });
  worker.on("error", (error: NodeJS.ErrnoException) => {
    const { code, message } = error;
    listener.failed(
      code === "ERR_WORKER_OUT_OF_MEMORY"
        ? engineExhausted(ENGINE_HEAP * 2 ** 20)
        : new ExecutorError(message, { cause: error }),
    );
  });
  return {
    send(assignment) {
      worker.postMessage(assignment);
    },
    async end() {
      await worker.terminate();
      await exited;
    },
  };
}
