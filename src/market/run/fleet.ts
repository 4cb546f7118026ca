import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { formatEther } from "ethers";
import { z } from "zod";
import { writeText } from "../../files/atomic.js";
import { formatDocument } from "../../protocol/deployment.js";
import { OpenGpuError } from "../../protocol/errors.js";
import type { ProviderConfigDocument } from "../../provider/config.js";
import type { ProviderPlan } from "./plans.js";

/** A provider's program, e.g. the script of this repository. */
export interface Program {
  readonly file: string;
  /** Options of Node. */
  readonly execArgv: readonly string[];
}

/** An event as a provider's program tells it; amounts as decimal strings. */
const eventSchema = z.object({
  kind: z.string(),
  at: z.number(),
  taskId: z.string().optional(),
  reason: z.string().optional(),
  provider: z.number().optional(),
  duration: z.number().optional(),
});
/** What a provider told of its work. Moments in unix milliseconds. */
export type FleetEvent = z.output<typeof eventSchema>;
const messageSchema = z.object({ event: eventSchema });

/** A provider's program ended although nobody ended it. */
export class ProviderEndedError extends OpenGpuError {
  override readonly name = "ProviderEndedError";

  /**
   * @param provider What the provider calls itself.
   * @param said What it said last.
   */
  constructor(provider: string, said: string) {
    super(`${provider} ended by itself${said === "" ? "" : `, saying: ${said}`}.`);
  }
}

/** A provider in a process of its own. */
export interface FleetProvider {
  readonly plan: ProviderPlan;
  /** Resolves with the provider's number when it takes tasks; rejects if it ends before. */
  readonly ready: Promise<number>;
  /** Resolves when it has ended, with an error if nobody ended it. */
  readonly ended: Promise<ProviderEndedError | undefined>;
  stop(): Promise<void>;
  /** Ends it as a crash would. */
  kill(): void;
}

export interface ProviderStart {
  plan: ProviderPlan;
  program: Program;
  /** Private key, hexadecimal. */
  key: string;
  /** Where its configuration, its identity and what it owes are. */
  folder: string;
  config: Omit<ProviderConfigDocument, "format" | "name" | "folder" | "stake" | "parallel" | "niceness">;
  report: (event: FleetEvent) => void;
}

/** A provider that does not stop is killed after so many milliseconds. */
const STOP_WITHIN = 10_000;
const MAX_SAID = 2_000;

/**
 * Starts a provider. It stops by itself when this process is gone.
 *
 * @throws {FileAccessError} if its configuration cannot be written.
 */
export async function startProvider(start: ProviderStart): Promise<FleetProvider> {
  const { plan, program, key, folder, report } = start;
  const config: ProviderConfigDocument = {
    format: "opengpu-provider/1",
    name: plan.name,
    folder: ".",
    stake: formatEther(plan.stake),
    parallel: plan.parallel,
    niceness: plan.niceness,
    ...start.config,
  };
  const file = join(folder, "provider.json");
  // An address of a node may hold a key.
  await writeText(file, formatDocument(config), 0o600);
  const { PATH, HOME, TMPDIR, SystemRoot } = process.env;
  const child = fork(program.file, argumentsOf(plan, file), {
    execArgv: [...program.execArgv],
    // Nothing of what else is in the environment: there may be other keys.
    env: { PATH, HOME, TMPDIR, SystemRoot, OPENGPU_PROVIDER_KEY: key },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  return watched(child, plan, report);
}

/** What a program is told: adversaries take turns, so that each round meets one of them at most. */
function argumentsOf({ behaviour, every = 1, turn = 0 }: ProviderPlan, file: string): string[] {
  return behaviour === undefined ? [file] : [behaviour, file, "--every", String(every), "--turn", String(turn)];
}

function watched(child: ChildProcess, plan: ProviderPlan, report: (event: FleetEvent) => void): FleetProvider {
  let said = "";
  let stopping = false;
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-MAX_SAID);
  });
  const ended = new Promise<ProviderEndedError | undefined>((resolve) => {
    const end = () => {
      resolve(stopping ? undefined : new ProviderEndedError(plan.name, said.trim()));
    };
    child.once("close", end);
    child.once("error", (error) => {
      said += error.message;
      if (child.pid === undefined) end();
    });
  });
  const ready = new Promise<number>((resolve, reject) => {
    void ended.then((error) => {
      reject(error ?? new ProviderEndedError(plan.name, "it was stopped"));
    });
    child.on("message", (message) => {
      const { data } = messageSchema.safeParse(message);
      if (data === undefined) return;
      report(data.event);
      if (data.event.kind === "ready") resolve(data.event.provider ?? 0);
    });
  });
  // Who waits for it is told; if nobody does, the end is reported elsewhere.
  ready.catch(() => undefined);
  return {
    plan,
    ready,
    ended,
    kill() {
      child.kill("SIGKILL");
    },
    async stop() {
      stopping = true;
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_WITHIN);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** Several providers as one. */
export interface Fleet {
  /** The names of the providers by their numbers, once all take tasks. Rejects if one ends before. */
  readonly names: Promise<Map<number, string>>;
  /** Aborted when no provider is left, with a {@link NoProvidersError}. */
  readonly deserted: AbortSignal;
  /** What was said of providers that ended by themselves. */
  readonly incidents: readonly string[];
  /** Stops all; resolves when no process is left. */
  stop(): Promise<void>;
}

/** All providers ended, so nobody is left to do the work. */
export class NoProvidersError extends OpenGpuError {
  override readonly name = "NoProvidersError";

  /** @param reason What became of the last of them. */
  constructor(reason: string) {
    super(`No provider is left. ${reason}`);
  }
}

/**
 * Watches over started providers.
 *
 * @param lost Told of a provider that ended by itself.
 */
export function fleetOf(providers: readonly FleetProvider[], lost: (name: string, reason: string) => void): Fleet {
  const deserting = new AbortController();
  const incidents: string[] = [];
  let left = providers.length;
  for (const { plan, ended } of providers) {
    void ended.then((error) => {
      if (error === undefined) return;
      incidents.push(error.message);
      lost(plan.name, error.message);
      if (--left === 0) deserting.abort(new NoProvidersError(error.message));
    });
  }
  const names = Promise.all(
    providers.map(async ({ plan, ready }): Promise<[number, string]> => [await ready, plan.name]),
  ).then((pairs) => new Map(pairs));
  names.catch(() => undefined);
  return {
    ...{ names, incidents },
    deserted: deserting.signal,
    async stop() {
      await Promise.all(providers.map((provider) => provider.stop()));
    },
  };
}
