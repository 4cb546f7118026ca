import type { IncomingMessage } from "node:http";
import { fileURLToPath } from "node:url";
import { openWebServer } from "../relay.js";
import { type Chain, fundedKeys, MNEMONIC } from "./chain.js";
import { startProcess } from "./process.js";

const PROGRAM = fileURLToPath(new URL("../../../node_modules/ganache/dist/node/cli.js", import.meta.url));

const ACCOUNTS = 30;

/** Ganache under London rules, whose EVM is nobody else's. */
export async function startGanache(): Promise<Chain> {
  const chainId = 1337n;
  const ganache = await startProcess(process.execPath, (port) => [
    ...[PROGRAM, "--server.host", "127.0.0.1", "--server.port", String(port), "--logging.quiet"],
    ...["--chain.hardfork", "london", "--chain.chainId", String(chainId), "--miner.blockTime", "1"],
    ...["--wallet.mnemonic", MNEMONIC, "--wallet.defaultBalance", "10000"],
    ...["--wallet.totalAccounts", String(ACCOUNTS)],
  ]);
  const front = await answerOnce(ganache.url);
  const url = `http://127.0.0.1:${front.port}`;
  const stop = async () => {
    await front.close();
    await ganache.stop();
  };
  const accounts = fundedKeys(ACCOUNTS);
  // What arrives while a block is made, after others of its key, is never mined.
  // Its estimates take a quarter of a second, in which nothing else moves, and never end if a signature is recovered, and
  // now and then if coin is sent to an account.
  return { url, direct: url, chainId, fees: "auto", gasLimit: 1_500_000n, oneAtATime: true, accounts, stop };
}

/** A request as far as it matters here; an answer has an `error` or not. */
interface Message {
  id: number;
  method?: string;
  params?: unknown[];
  error?: unknown;
}

/**
 * Stands before Ganache, which runs a transaction again when it is told of it again, whatever its nonce. Any other node
 * knows it, and so the second teller gets the answer of the first.
 */
async function answerOnce(upstream: string): ReturnType<typeof openWebServer> {
  const told = new Map<unknown, Promise<Message>>();
  const forward = async (message: Message): Promise<Message> => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(upstream, { method: "POST", headers, body: JSON.stringify(message) });
    return (await response.json()) as Message;
  };
  const answer = async (message: Message): Promise<Message> => {
    if (message.method !== "eth_sendRawTransaction") return forward(message);
    const raw = message.params?.[0];
    const first = told.get(raw) ?? forward(message);
    told.set(raw, first);
    try {
      const said = await first;
      // What it did not take may be told again.
      if (said.error !== undefined) told.delete(raw);
      return { ...said, id: message.id };
    } catch (error) {
      told.delete(raw);
      throw error;
    }
  };
  return openWebServer((request, response) => {
    bodyOf(request)
      .then(async (body) => {
        const messages = JSON.parse(body) as Message | Message[];
        const answers = Array.isArray(messages) ? await Promise.all(messages.map(answer)) : await answer(messages);
        response.setHeader("content-type", "application/json").end(JSON.stringify(answers));
      })
      .catch(() => request.socket.destroy());
  });
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
