/** A provider as its configuration file describes it, until it is interrupted. */
import { setPriority } from "node:os";
import { dirname, resolve } from "node:path";
import { formatEther, isHexString, type JsonRpcApiProvider, Wallet } from "ethers";
import { httpStore } from "../src/content/httpStore.js";
import { folderStore } from "../src/content/folderStore.js";
import { readText } from "../src/files/atomic.js";
import { fileDebts } from "../src/files/debtBook.js";
import { fileIdentity } from "../src/files/identityFile.js";
import { lockFolder } from "../src/files/lock.js";
import { parseDeployment } from "../src/protocol/deployment.js";
import { read, readBatch } from "../src/protocol/batch.js";
import { connect, type Protocol } from "../src/protocol/protocol.js";
import { connectNode } from "../src/protocol/provider.js";
import { parseConfig } from "../src/provider/config.js";
import { leaveSeats } from "../src/provider/join.js";
import { serve, type ServiceEvent } from "../src/provider/service.js";
import { createWasmExecutor } from "../src/sandbox/wasmExecutor.js";
import { createCommand, main, ScriptError } from "./deployment/command.js";
import { builtWorker } from "./market/worker.js";

const KEY = "OPENGPU_PROVIDER_KEY";
/** Who is told to stop ends within so many milliseconds. */
const STOP_WITHIN = 5_000;

const command = createCommand("provider", "Competes for tasks as a configuration file says, until it is interrupted.")
  .argument("<configuration>", "JSON file; the README describes it")
  .option("--drain", "see through what is owed, take nothing new, and end")
  .option("--leave", "leave the pools of the configuration, when no reservation is held there any more, and end")
  .addHelpText("after", `\nThe key comes from the environment variable ${KEY}.`);

async function textOf(path: string): Promise<string> {
  const text = await readText(path);
  if (text === undefined) throw new ScriptError(`There is no file ${path}.`);
  return text;
}

/** The key from the environment. No error shows it. */
function keyOf(): string {
  const text = process.env[KEY] ?? "";
  if (text === "") throw new ScriptError(`There is no key to work with. Set the environment variable ${KEY}.`);
  const key = text.startsWith("0x") ? text : `0x${text}`;
  if (!isHexString(key, 32)) throw new ScriptError(`${KEY} is no private key: it must be 32 bytes in hexadecimal.`);
  return key;
}

/** Sources of which the provider holds reservations, without which it cannot leave their pools. */
async function heldIn(protocol: Protocol, provider: number, sources: readonly { source: number }[]): Promise<number[]> {
  const { values } = await readBatch(
    protocol,
    sources.map(({ source }) => read("providerPool", "getMembership", provider, source)),
  );
  return sources.flatMap(({ source }, index) => ((values[index]?.reserved ?? 0n) === 0n ? [] : [source]));
}

/** Tells a person of an event, or the program that started this one. */
function tell(name: string, event: ServiceEvent): void {
  if (process.send !== undefined && process.connected) {
    const plain = Object.fromEntries(
      Object.entries(event).map(([name, value]) => [name, typeof value === "bigint" ? value.toString() : value]),
    );
    // Whoever started it may be gone, which is no reason to fall.
    process.send({ name, event: plain }, () => undefined);
    return;
  }
  const task = "taskId" in event ? event.taskId.slice(0, 10) : "";
  const detail =
    "price" in event
      ? `for ${formatEther(event.price)}`
      : "reason" in event
        ? event.reason
        : event.kind === "joined"
          ? `source ${event.source}, whose example took ${Math.round(event.duration)} ms`
          : "provider" in event
            ? `provider ${event.provider}`
            : "duration" in event
              ? `in ${Math.round(event.duration)} ms`
              : "seat" in event
                ? `seat ${event.seat}`
                : "amount" in event
                  ? `${formatEther(event.amount)} lost: ${event.how.toLowerCase()}`
                  : "";
  console.log(`${new Date(event.at).toISOString()}  ${event.kind.padEnd(11)}  ${[task, detail].join(" ").trim()}`);
}

await main(async () => {
  command.parse();
  const [path = ""] = command.args;
  const { leave = false, drain = false } = command.opts<{ leave?: boolean; drain?: boolean }>();
  const config = parseConfig(await textOf(path), path);
  const here = (relative: string) => resolve(dirname(path), relative);
  const deploymentFile = here(config.deployment);
  const deployment = parseDeployment(await textOf(deploymentFile), deploymentFile);
  const key = keyOf();
  if (config.niceness > 0) setPriority(config.niceness);

  const stopping = new AbortController();
  const stop = () => {
    stopping.abort(new ScriptError("The provider was stopped."));
    // It may be waiting for a node that is gone; what it owes is on the disk.
    setTimeout(() => process.exit(), STOP_WITHIN).unref();
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  // Whoever started it is gone.
  process.once("disconnect", stop);
  const { signal } = stopping;

  const worker = await builtWorker();
  const unlock = await lockFolder(here(config.folder));
  const executor = createWasmExecutor({ parallel: config.parallel, maxModule: config.ceiling.module, worker });
  let node: JsonRpcApiProvider | undefined;
  try {
    node = await connectNode(config.rpc, { chainId: BigInt(deployment.chainId) });
    const patience = { interval: config.interval };
    const protocol = await connect(new Wallet(key, node), deployment, { patience });
    const debts = fileDebts(here(`${config.folder}/debts`), protocol.domain, ({ message }) => {
      console.error(message);
    });
    const identity = fileIdentity(here(`${config.folder}/identity.json`), protocol.domain);
    const store = /^https?:/.test(config.store) ? httpStore(config.store) : folderStore(here(config.store));
    if (leave) {
      const provider = config.provider ?? (await identity.read())?.provider;
      if (provider === undefined)
        throw new ScriptError(`${here(config.folder)} knows of no provider that could leave.`);
      const left = await leaveSeats(
        protocol,
        provider,
        config.sources.map(({ source }) => source),
      );
      const remaining = await heldIn(protocol, provider, config.sources);
      if (remaining.length > 0) {
        console.log(
          `Provider ${provider} holds reservations of ${remaining.join(", ")}; it leaves when they are fulfilled.`,
        );
        const seen = (event: ServiceEvent) => {
          tell(config.name, event);
          if (event.kind === "left") left.push(event.source);
        };
        await serve({ protocol, deployment, config, identity, debts, store, executor, report: seen, leave, signal });
      }
      const owed = await debts.open();
      console.log(`Provider ${provider} left ${left.length === 0 ? "no pool" : `the pools of ${left.join(", ")}`}.`);
      if (owed.length > 0)
        console.log(`It still owes ${owed.length} results; run it with --drain to see them through.`);
      return;
    }
    const report = (event: ServiceEvent) => {
      tell(config.name, event);
    };
    try {
      await serve({ protocol, deployment, config, identity, debts, store, executor, report, drain, signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  } finally {
    await executor.close();
    await unlock();
    node?.destroy();
    if (process.connected) process.disconnect();
  }
});
