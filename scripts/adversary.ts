/** A provider that misbehaves, for demonstrations: it loses its stake, and nobody else loses anything. */
import { dirname, resolve } from "node:path";
import { isHexString, Wallet } from "ethers";
import { folderStore } from "../src/content/folderStore.js";
import { httpStore } from "../src/content/httpStore.js";
import { readText } from "../src/files/atomic.js";
import { fileIdentity } from "../src/files/identityFile.js";
import { type AdversaryEvent, BEHAVIOURS, type Behaviour, misbehave } from "../src/market/run/adversary.js";
import { parseDeployment } from "../src/protocol/deployment.js";
import { connect } from "../src/protocol/protocol.js";
import { connectNode } from "../src/protocol/provider.js";
import { parseConfig } from "../src/provider/config.js";
import { createCommand, main, ScriptError, UsageError, wholeNumber } from "./deployment/command.js";

const KEY = "OPENGPU_PROVIDER_KEY";

const command = createCommand(
  "adversary",
  "Takes part in rounds, or delivers, without doing the work, until it is interrupted.",
)
  .argument("<behaviour>", BEHAVIOURS.join(", "))
  .argument("<configuration>", "JSON file of a provider")
  .option("--every <number>", "take part in every so many-th task of its kind only", wholeNumber(1, 10_000), 1)
  .option("--turn <number>", "tasks that pass by first, fewer than these", wholeNumber(0, 9_999), 0)
  .addHelpText("after", `\nThe key comes from the environment variable ${KEY}.`);

async function textOf(path: string): Promise<string> {
  const text = await readText(path);
  if (text === undefined) throw new ScriptError(`There is no file ${path}.`);
  return text;
}

await main(async () => {
  command.parse();
  const [wanted = "", path = ""] = command.args;
  const { every, turn } = command.opts<{ every: number; turn: number }>();
  const behaviour = BEHAVIOURS.find((one): one is Behaviour => one === wanted);
  if (behaviour === undefined) {
    throw new UsageError(`There is no behaviour “${wanted}”, only ${BEHAVIOURS.join(", ")}.`);
  }
  const config = parseConfig(await textOf(path), path);
  const here = (relative: string) => resolve(dirname(path), relative);
  const deploymentFile = here(config.deployment);
  const deployment = parseDeployment(await textOf(deploymentFile), deploymentFile);
  const key = process.env[KEY] ?? "";
  if (!isHexString(key, 32)) throw new ScriptError(`${KEY} is no private key: it must be 32 bytes in hexadecimal.`);

  const stopping = new AbortController();
  const stop = () => {
    stopping.abort(new ScriptError("The adversary was stopped."));
    setTimeout(() => process.exit(), 2_000).unref();
  };
  for (const name of ["SIGINT", "SIGTERM", "disconnect"] as const) process.once(name, stop);
  const { signal } = stopping;
  const node = await connectNode(config.rpc, { chainId: BigInt(deployment.chainId) });
  try {
    const protocol = await connect(new Wallet(key, node), deployment, { patience: { interval: config.interval } });
    const identity = fileIdentity(here(`${config.folder}/identity.json`), protocol.domain);
    const report = (event: AdversaryEvent) => {
      if (process.send !== undefined && process.connected) process.send({ name: config.name, event }, () => undefined);
      else console.log(JSON.stringify(event));
    };
    const store = /^https?:/.test(config.store) ? httpStore(config.store) : folderStore(here(config.store));
    await misbehave({ protocol, deployment, config, identity, store, behaviour, every, turn, report, signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    node.destroy();
    if (process.connected) process.disconnect();
  }
});
