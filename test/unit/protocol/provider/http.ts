import { expect } from "chai";
import type { IncomingMessage, ServerResponse } from "node:http";
import { DocumentFormatError, NodeError, WrongChainError } from "../../../../src/protocol/errors.js";
import { parseNodeUrl } from "../../../../src/protocol/nodeUrl.js";
import { connectNode } from "../../../../src/protocol/provider.js";
import { openWebServer } from "../../../helpers/relay.js";

const SECRET = "0123456789abcdef";
interface Request {
  id: number;
  method: string;
}

/** Answers requests as a node of chain 1071 at block 16, one or a batch. */
const answerOf = ({ id, method }: Request) => ({
  jsonrpc: "2.0",
  id,
  result: method === "eth_chainId" ? "0x42f" : "0x10",
});

async function bodyOf(request: IncomingMessage): Promise<Request | Request[]> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return JSON.parse(text) as Request | Request[];
}

type Behaviour = (response: ServerResponse, body: Request | Request[], request: IncomingMessage) => void;

const healthy: Behaviour = (response, body) => {
  response.end(JSON.stringify(Array.isArray(body) ? body.map(answerOf) : answerOf(body)));
};
const status =
  (code: number, text = ""): Behaviour =>
  (response) => {
    response.statusCode = code;
    response.end(text);
  };

/** Runs a test against a web server; `asked` counts its requests. */
async function withServer(
  behave: Behaviour,
  test: (port: number, asked: () => number) => Promise<void>,
): Promise<void> {
  let asked = 0;
  const server = await openWebServer((request, response) => {
    asked++;
    void bodyOf(request).then((body) => {
      behave(response, body, request);
    });
  });
  try {
    await test(server.port, () => asked);
  } finally {
    await server.close();
  }
}

const failureOf = async (promise: Promise<unknown>): Promise<Error> => {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error("it did not fail");
};

describe("connectNode: HTTP", () => {
  it("connects to the chain that the node serves", async () => {
    await withServer(healthy, async (port) => {
      const provider = await connectNode(`http://127.0.0.1:${port}/v3/${SECRET}`, { chainId: 1071n });
      expect((await provider.getNetwork()).chainId).to.equal(1071n);
      expect(await provider.getBlockNumber()).to.equal(16);
      provider.destroy();
    });
  });

  it("refuses another chain", async () => {
    await withServer(healthy, async (port) => {
      const error = await failureOf(connectNode(`http://127.0.0.1:${port}`, { chainId: 1n }));
      expect(error).to.be.instanceOf(WrongChainError).and.include({ expected: 1n, found: 1071n });
    });
  });

  for (const [what, behaviour, said] of [
    ["401", status(401), "answered 401 Unauthorized, so it wants a key, or another"],
    [
      "403 although in JSON",
      status(403, '{"error":{"code":1,"message":"no"}}'),
      "answered 403 Forbidden, so it wants a key",
    ],
    ["404", status(404, "<html>not found</html>"), "answered 404 Not Found, so it is no node, or not under that path"],
    ["a web page", status(200, "<!doctype html><title>Welcome</title>"), "answered with a web page, so it is no node"],
    ["text", status(200, "hello"), "answered with no JSON-RPC, so it is no node"],
    ["other JSON", status(200, '{"hello":1}'), "answered with no JSON-RPC, so it is no node"],
    ["nothing", status(200), "answered with nothing, so it is no node"],
    ["no chain id", status(200, '{"id":0,"result":"latest"}'), 'answered "latest", which is no chain id'],
    [
      "an error",
      status(200, '{"id":0,"error":{"code":-32601,"message":"no such method"}}'),
      'answered {"code":-32601,"message":"no such method"}, which is no chain id',
    ],
  ] as const) {
    it(`says at once that it was answered ${what}, without the keys in the address`, async () => {
      await withServer(behaviour, async (port, asked) => {
        const url = `http://user:${SECRET}@127.0.0.1:${port}/v3/${SECRET}?key=${SECRET}`;
        const error = await failureOf(connectNode(url, { patience: 60_000 }));
        expect(error).to.be.instanceOf(NodeError).and.include({ request: "eth_chainId" });
        expect(error.message).to.include(`http://127.0.0.1:${port}/…?… ${said}`);
        expect(JSON.stringify([error.message, error.stack, error.cause])).to.not.include(SECRET);
        expect(asked()).to.equal(1);
      });
    });
  }

  for (const [code, text] of [
    [429, "Too Many Requests, so it allows fewer requests"],
    [503, "Service Unavailable"],
  ] as const) {
    it(`tries again after ${code}, and says so in the end`, async () => {
      let times = 2;
      await withServer(
        (...args) => {
          (times-- > 0 ? status(code) : healthy)(...args);
        },
        async (port) => {
          const provider = await connectNode(`http://127.0.0.1:${port}`);
          expect(await provider.getBlockNumber()).to.equal(16);
          provider.destroy();
        },
      );
      await withServer(status(code), async (port, asked) => {
        const error = await failureOf(connectNode(`http://127.0.0.1:${port}/${SECRET}`, { patience: 200 }));
        expect(error).to.be.instanceOf(NodeError);
        expect(error.message).to.equal(
          `The node did not answer eth_chainId: http://127.0.0.1:${port}/… answered ${code} ${text}. Check the address of the node and that it runs.`,
        );
        expect(asked()).to.be.greaterThan(1);
      });
    });
  }

  it("says that nothing is there", async () => {
    const { port, close } = await openWebServer(() => undefined);
    await close();
    const error = await failureOf(connectNode(`http://127.0.0.1:${port}/${SECRET}`, { patience: 150 }));
    expect(error).to.be.instanceOf(NodeError);
    expect(error.message).to.include(`http://127.0.0.1:${port}/… cannot be reached (ECONNREFUSED)`);
    expect(JSON.stringify([error.message, error.cause])).to.not.include(SECRET);
  });

  it("says that nothing answered in time", async () => {
    await withServer(
      () => undefined,
      async (port) => {
        const error = await failureOf(connectNode(`http://127.0.0.1:${port}`, { timeout: 100, patience: 150 }));
        expect(error).to.be.instanceOf(NodeError);
        expect(error.message).to.include(`http://127.0.0.1:${port} did not answer within 0.1 s`);
      },
    );
  });

  it("types failures of later requests, too", async () => {
    let behaviour: Behaviour = healthy;
    await withServer(
      (...args) => {
        behaviour(...args);
      },
      async (port) => {
        const provider = await connectNode(`http://127.0.0.1:${port}/${SECRET}`);
        behaviour = status(502, "<html>");
        const error = await failureOf(provider.getBlockNumber());
        expect(error).to.be.instanceOf(NodeError).and.include({ request: "eth_blockNumber" });
        expect(error.message).to.include(`http://127.0.0.1:${port}/… answered 502 Bad Gateway`);
        behaviour = status(400, '{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"execution aborted"}}');
        expect((await failureOf(provider.getBlockNumber())).message).to.include("execution aborted");
        provider.destroy();
      },
    );
  });

  it("sends the credentials of the address", async () => {
    let authorization: string | undefined;
    await withServer(
      (response, body, request) => {
        ({ authorization } = request.headers);
        healthy(response, body, request);
      },
      async (port) => {
        (await connectNode(`http://me:p%40ss@127.0.0.1:${port}`)).destroy();
        expect(authorization).to.equal(`Basic ${Buffer.from("me:p@ss").toString("base64")}`);
      },
    );
  });

  it("asks one by one where the node takes no batches", async () => {
    await withServer(
      (response, body, request) => {
        if (Array.isArray(body))
          status(200, '{"id":null,"error":{"code":-32600,"message":"no batches"}}')(response, body, request);
        else healthy(response, body, request);
      },
      async (port) => {
        const provider = await connectNode(`http://127.0.0.1:${port}`);
        const answers = await Promise.all([provider.getBlockNumber(), provider.send("eth_chainId", [])]);
        expect(answers).to.deep.equal([16, "0x42f"]);
        provider.destroy();
      },
    );
  });
});

describe("parseNodeUrl", () => {
  for (const [text, shown] of [
    ["https://rpc.example.org", "https://rpc.example.org"],
    ["https://rpc.example.org:8545/", "https://rpc.example.org:8545"],
    [`https://rpc.example.org/v3/${SECRET}`, "https://rpc.example.org/…"],
    [`wss://user:${SECRET}@rpc.example.org/?key=${SECRET}`, "wss://rpc.example.org?…"],
  ] as const) {
    it(`shows ${text} as ${shown}`, () => {
      expect(parseNodeUrl(text).shown).to.equal(shown);
    });
  }

  for (const text of [
    "",
    "localhost:8545",
    "127.0.0.1",
    "ftp://127.0.0.1",
    "http://",
    "http:// 127.0.0.1",
    "https:///path",
    "http://[::1",
    "http://127.0.0.1:99999",
    `ftp://me:${SECRET}@host/${SECRET}`,
    `http://me:${SECRET}@host:99999/${SECRET}`,
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => parseNodeUrl(text))
        .to.throw(DocumentFormatError, "it must be http://, https://, ws:// or wss:// with a host")
        .with.property("message")
        .that.does.not.include(SECRET);
    });
  }

  it("is what connectNode refuses by", async () => {
    expect(await failureOf(connectNode("localhost:8545"))).to.be.instanceOf(DocumentFormatError);
    const error = await failureOf(connectNode(`ws://me:${SECRET}@127.0.0.1:1`));
    expect(error).to.be.instanceOf(DocumentFormatError);
    expect(error.message).to.equal(
      "The node's address ws://127.0.0.1:1 is not usable: a WebSocket sends no name and password.",
    );
  });
});
