import { execFile } from "node:child_process";
import { arch, cpus, release, totalmem, type } from "node:os";
import { promisify } from "node:util";
import type { Machine } from "./result.js";

/** What asks a driver may take, milliseconds. */
const WITHIN = 5_000;

/** Describes this machine. */
export async function describeMachine(): Promise<Machine> {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim().replace(/\s+/g, " ") ?? "unknown",
    cores: processors.length,
    memory: totalmem(),
    system: `${type()} ${release()} ${arch()}`,
    node: process.versions.node,
    gpu: await nvidiaGpus(),
  };
}

/** The kinds of accelerators as NVIDIA's driver names them; `none` if there is no driver or no device. */
async function nvidiaGpus(): Promise<string> {
  const question = ["--query-gpu=name", "--format=csv,noheader"];
  try {
    const { stdout } = await promisify(execFile)("nvidia-smi", question, { timeout: WITHIN });
    const names = stdout.split("\n").map((name) => name.trim());
    return [...new Set(names.filter((name) => name !== ""))].join(", ") || "none";
  } catch {
    return "none";
  }
}
