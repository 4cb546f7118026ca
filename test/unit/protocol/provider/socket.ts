import { expect } from "chai";
import { network } from "hardhat";
import { NodeError, WrongChainError } from "../../../../src/protocol/errors.js";
import { watch } from "../../../../src/protocol/events.js";
import { connect } from "../../../../src/protocol/protocol.js";
import { connectNode } from "../../../../src/protocol/provider.js";
import { persist } from "../../../../src/protocol/retry.js";
import { SocketProvider } from "../../../../src/protocol/socketProvider.js";
import { waitForTask } from "../../../../src/protocol/waits.js";
import { deploySuite } from "../../../../src/protocol/deploy.js";
import { locationOf } from "../../../helpers/protocol.js";
import { openRelay, openWebServer, type Relay } from "../../../helpers/relay.js";
import { inShort, take } from "../../../helpers/watching.js";

const failureOf = async (promise: Promise<unknown>): Promise<Error> => {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error("it did not fail");
};

describe("connectNode: WebSocket", () => {
  let relay: Relay;
  let url: string;
  let stop: () => Promise<void>;

  before(async () => {
    const server = await network.createServer("default", "127.0.0.1", 0);
    const { port } = await server.listen();
    relay = await openRelay(port);
    url = `ws://127.0.0.1:${relay.port}`;
    stop = async () => {
      await relay.close();
      await server.close();
    };
  });
  after(() => stop());

  const withProvider = async (
    options: Parameters<typeof connectNode>[1],
    test: (provider: SocketProvider) => Promise<void>,
  ) => {
    const provider = await connectNode(url, options);
    if (!(provider instanceof SocketProvider)) throw new Error("another kind of provider");
    try {
      await test(provider);
    } finally {
      provider.destroy();
    }
  };
  const nextHead = (provider: SocketProvider) =>
    new Promise<number>((resolve) => {
      const end = provider.onHead((number) => {
        end();
        resolve(number);
      });
    });

  it("asks and is told of new blocks", () =>
    withProvider({ chainId: 31337n }, async (provider) => {
      expect((await provider.getNetwork()).chainId).to.equal(31337n);
      const number = await provider.getBlockNumber();
      const head = nextHead(provider);
      await provider.send("evm_mine", []);
      expect(await head).to.equal(number + 1);
    }));

  it("passes on what the node refuses", () =>
    withProvider({}, async (provider) => {
      expect((await failureOf(provider.send("no_method", []))).message).to.include("no_method");
    }));

  it("refuses another chain and closes", async () => {
    const error = await failureOf(connectNode(url, { chainId: 1n }));
    expect(error).to.be.instanceOf(WrongChainError).and.include({ expected: 1n, found: 31337n });
  });

  it("comes back after a cut, with a subscription", () =>
    withProvider({}, async (provider) => {
      const made = relay.made;
      relay.cut();
      const number = await persist("eth_blockNumber", () => provider.getBlockNumber(), 5_000);
      expect(relay.made).to.equal(made + 1);
      const head = nextHead(provider);
      await provider.send("evm_mine", []);
      expect(await head).to.equal(number + 1);
    }));

  it("fails what was under way when the line is cut, so that it can be asked again", () =>
    withProvider({}, async (provider) => {
      relay.hold();
      const failure = failureOf(provider.getBlockNumber());
      await new Promise((resolve) => setTimeout(resolve, 50));
      relay.cut();
      const error = await failure;
      expect(error).to.be.instanceOf(NodeError).and.include({ request: "eth_blockNumber" });
      expect(error.message).to.include(`the connection to ${url} broke`);
      expect(await persist("eth_blockNumber", () => provider.getBlockNumber(), 5_000)).to.be.a("number");
    }));

  it("gives a silent line up and makes a new one", () =>
    withProvider({ timeout: 150 }, async (provider) => {
      const made = relay.made;
      relay.hold();
      const error = await failureOf(provider.getBlockNumber());
      expect(error).to.be.instanceOf(NodeError);
      expect(error.message).to.include(`${url} did not answer within 0.15 s`);
      expect(await persist("eth_blockNumber", () => provider.getBlockNumber(), 5_000)).to.be.a("number");
      expect(relay.made).to.equal(made + 1);
    }));

  it("fails while the node is away, and at once after destroy()", () =>
    withProvider({}, async (provider) => {
      relay.refuse(true);
      relay.cut();
      try {
        expect(await failureOf(persist("eth_blockNumber", () => provider.getBlockNumber(), 300))).to.be.instanceOf(
          NodeError,
        );
      } finally {
        relay.refuse(false);
      }
      provider.destroy();
      expect((await failureOf(provider.getBlockNumber())).message).to.include("destroyed");
    }));

  it("says that nothing is there, or no node", async () => {
    const { port, close } = await openWebServer((_request, response) => response.end("hello"));
    const address = `ws://127.0.0.1:${port}/secret`;
    try {
      const error = await failureOf(connectNode(address, { patience: 200 }));
      expect(error).to.be.instanceOf(NodeError);
      expect(error.message).to.include(`ws://127.0.0.1:${port}/… cannot be reached or speaks no WebSocket`);
    } finally {
      await close();
    }
    const error = await failureOf(connectNode(address, { patience: 200 }));
    expect(error).to.be.instanceOf(NodeError);
    expect(error.message).to.not.include("secret");
  });

  it("carries a watcher over cuts without a gap or a duplicate", () =>
    withProvider({}, async (provider) => {
      const [deployer, owner, treasury] = await Promise.all([0, 1, 2].map((index) => provider.getSigner(index)));
      if (!deployer || !owner || !treasury) throw new Error("three accounts needed");
      const suite = await deploySuite(deployer, { owner: owner.address, treasury: treasury.address });
      // Long intervals: only what the node tells wakes the watcher in time.
      const patience = { requests: 5_000, interval: 200_000 };
      const location = { ...(await locationOf(suite)), chainId: 31337n };
      const protocol = await connect(provider, location, { patience });
      const iterator = watch(protocol, { events: ["escrow.Deposited"] });
      const found = take(iterator, 12);
      for (let round = 0; round < 12; round++) {
        await persist("a deposit", () => suite.escrow.deposit({ value: round + 1 }), 1);
        if (round % 3 === 2) {
          relay.cut();
          await persist("eth_blockNumber", () => provider.getBlockNumber(), 5_000);
        }
      }
      expect(inShort(await found)).to.deep.equal(Array.from({ length: 12 }, (_, index) => `+Deposited ${index + 1}`));
      await iterator.return();
      const task = await waitForTask(protocol, `0x${"12".repeat(32)}`, "None", { timeout: 5_000 });
      expect(task.state).to.equal(0n);
    }));
});
