import { expect } from "chai";
import { getCreateAddress, Transaction, Wallet } from "ethers";
import {
  BlockTooSmallError,
  LiveDeploymentError,
  MissingOpcodesError,
  ParameterError,
} from "../../../../src/protocol/deploy/errors.js";
import { CONTRACT_NAMES, formatDeployment } from "../../../../src/protocol/deployment.js";
import {
  DeploymentMismatchError,
  InsufficientFundsError,
  NodeError,
  ReadOnlyError,
  WrongChainError,
} from "../../../../src/protocol/errors.js";
import { DEFAULT_PARAMETERS } from "../../../../src/protocol/parameters.js";
import { connect } from "../../../../src/protocol/protocol.js";
import {
  at,
  CHAIN,
  COMPILER,
  deployed,
  freshDeployer,
  memoryStore,
  OWNER,
  providerOf,
  rpc,
  run,
  sentBy,
  TREASURY,
} from "../../../helpers/deployment.js";
import { type Interception, unreachable } from "../../../helpers/node.js";

describe("deploy", () => {
  it("puts every contract where the deployer's nonces say, and records them", async () => {
    const { deployment, events, store, wallet } = await deployed();
    for (const [nonce, name] of CONTRACT_NAMES.entries()) {
      expect(deployment.contracts[name].address, name).to.equal(getCreateAddress({ from: wallet.address, nonce }));
    }
    expect(deployment).to.deep.include({ chainId: 31337, deployer: wallet.address, firstNonce: 0, compiler: COMPILER });
    expect(deployment).to.deep.include({ owner: OWNER, treasury: TREASURY, parameters: DEFAULT_PARAMETERS });
    expect([...store.texts]).to.deep.equal([["31337.json", formatDeployment(deployment)]]);
    expect(await sentBy(wallet)).to.equal(CONTRACT_NAMES.length);
    expect(events.map(({ kind }) => kind)).to.deep.equal([
      "chain",
      "planned",
      ...CONTRACT_NAMES.flatMap(() => ["sent", "deployed"]),
      "recorded",
    ]);

    const { contracts } = await connect(providerOf(), deployment);
    expect(await contracts.taskManager.owner()).to.equal(OWNER);
    expect(await contracts.taskManager.treasury()).to.equal(TREASURY);
  });

  it("deploys with the parameters given, from a deployer that has sent transactions before", async () => {
    const wallet = await freshDeployer();
    await at(wallet).sendTransaction({ to: OWNER });
    const windows = { ...DEFAULT_PARAMETERS.windows, open: 7, maxReview: 99 };
    const parameters = {
      feeBps: 11,
      feeScale: 5n,
      maxRound: 494n,
      weightUnit: 7n,
      minStakePerSlot: 3n,
      price: { target: 7_000, speed: 20, clamp: 30 },
      windows,
    };
    const { deployment, error } = await run(at(wallet), memoryStore(), { parameters });
    if (deployment === undefined) throw error;
    expect(deployment.firstNonce).to.equal(1);
    const { taskManager, reputation, sourceRegistry } = (await connect(providerOf(), deployment)).contracts;
    expect(await taskManager.feeBps()).to.equal(11n);
    expect(await taskManager.MAX_ROUND()).to.equal(494n);
    expect([...(await taskManager.priceParameters())]).to.deep.equal([7_000n, 20n, 30n]);
    expect((await taskManager.windows()).open).to.equal(7n);
    expect((await taskManager.windows()).maxReview).to.equal(99n);
    expect(await reputation.FEE_SCALE()).to.equal(5n);
    expect(await sourceRegistry.MIN_STAKE_PER_SLOT()).to.equal(3n);
  });

  it("tells the addresses and the cost before anything is sent, and stops when it is told to", async () => {
    const wallet = await freshDeployer();
    const store = memoryStore();
    const stop = new Error("stop");
    const { events, error } = await run(at(wallet), store, { confirm: () => Promise.reject(stop) });
    expect(error).to.equal(stop);
    expect(await sentBy(wallet)).to.equal(0);
    expect(store.texts.size).to.equal(0);
    const planned = events.find((event) => event.kind === "planned");
    expect(planned?.places.map(({ address }) => address)).to.deep.equal(
      CONTRACT_NAMES.map((_, nonce) => getCreateAddress({ from: wallet.address, nonce })),
    );
    expect(planned?.cost).to.be.greaterThan(0n);
  });

  describe("refuses before anything is sent:", () => {
    const refusals: [what: string, error: unknown, options: Parameters<typeof run>[2], sentence: RegExp][] = [
      ["another chain", WrongChainError, { chainId: 1071n }, /chain 31337, not 1071/],
      [
        "an owner of zero",
        ParameterError,
        { governance: { owner: `0x${"0".repeat(40)}`, treasury: TREASURY } },
        /^owner is 0x0+;/,
      ],
      [
        "a treasury that is none",
        ParameterError,
        { governance: { owner: OWNER, treasury: "0xB0b" } },
        /^treasury is 0xB0b;/,
      ],
      ["a fee too high", ParameterError, { parameters: { ...DEFAULT_PARAMETERS, feeBps: 1001 } }, /^feeBps is 1001;/],
    ];
    for (const [what, type, options, sentence] of refusals) {
      it(what, async () => {
        const wallet = await freshDeployer();
        const store = memoryStore();
        const { error } = await run(at(wallet), store, options);
        expect(error).to.be.instanceOf(type).with.property("message").that.matches(sentence);
        expect(await sentBy(wallet)).to.equal(0);
        expect(store.texts.size).to.equal(0);
      });
    }

    it("a signer without a chain", async () => {
      const { error } = await run(new Wallet(`0x${"11".repeat(32)}`), memoryStore());
      expect(error).to.be.instanceOf(ReadOnlyError);
    });

    it("a node that does not answer", async () => {
      const wallet = await freshDeployer();
      const { error } = await run(
        at(wallet, () => Promise.reject(unreachable())),
        memoryStore(),
      );
      expect(error).to.be.instanceOf(NodeError);
      expect(await sentBy(wallet)).to.equal(0);
    });

    it("a balance of one wei less than it may cost, but not one of just that", async () => {
      const wallet = await freshDeployer(0n);
      const store = memoryStore();
      const first = await run(at(wallet), store);
      const cost = first.events.find((event) => event.kind === "planned")?.cost ?? 0n;
      expect(first.error).to.be.instanceOf(InsufficientFundsError);
      expect(first.error).to.include({ account: wallet.address, balance: 0n, needed: cost });
      expect(first.error?.message).to.contain(wallet.address).and.contain(String(cost));

      await rpc("hardhat_setBalance", wallet.address, `0x${(cost - 1n).toString(16)}`);
      expect((await run(at(wallet), store)).error).to.be.instanceOf(InsufficientFundsError);
      expect(await sentBy(wallet)).to.equal(0);
      expect(store.texts.size).to.equal(0);

      await rpc("hardhat_setBalance", wallet.address, `0x${cost.toString(16)}`);
      expect((await run(at(wallet), store)).error).to.equal(undefined);
    });

    it("a chain without an operation", async () => {
      const wallet = await freshDeployer();
      const store = memoryStore();
      const withoutChainId: Interception = (method, params, next) => {
        const [call] = params as [{ data?: string }];
        if (method === "eth_call" && call.data?.startsWith("0x46") === true) {
          return Promise.reject(Object.assign(new Error("invalid opcode: opcode 0x46 not defined"), { code: -32_000 }));
        }
        return next();
      };
      const { error } = await run(at(wallet, withoutChainId), store);
      expect(error).to.be.instanceOf(MissingOpcodesError).with.deep.property("missing", ["CHAINID"]);
      expect(await sentBy(wallet)).to.equal(0);
      expect(store.texts.size).to.equal(0);
    });

    it("a chain whose blocks are too small", async () => {
      const wallet = await freshDeployer();
      const small: Interception = async (method, _params, next) => {
        const answer = await next();
        return method === "eth_getBlockByNumber" ? { ...(answer as object), gasLimit: "0x400000" } : answer;
      };
      const { error } = await run(at(wallet, small), memoryStore());
      expect(error).to.be.instanceOf(BlockTooSmallError).and.include({ contract: "TaskManager", limit: 0x400000n });
      expect(await sentBy(wallet)).to.equal(0);
    });

    it("a plan that cannot be kept", async () => {
      const wallet = await freshDeployer();
      const full = new Error("the disk is full");
      const store = { ...memoryStore(), writePlan: () => Promise.reject(full) };
      expect((await run(at(wallet), store)).error).to.equal(full);
      expect(await sentBy(wallet)).to.equal(0);
    });
  });

  it("does not replace a deployment that is there, unless it is told to, and then keeps the old record", async () => {
    const { deployment: old, store } = await deployed();
    const wallet = await freshDeployer();
    const before = [...store.texts];
    const refused = await run(at(wallet), store);
    expect(refused.error).to.be.instanceOf(LiveDeploymentError).with.property("chainId", CHAIN);
    expect(refused.error?.message).to.contain(old.contracts.TaskManager.address);
    expect(await sentBy(wallet)).to.equal(0);
    expect([...store.texts]).to.deep.equal(before);

    const { deployment, events, error } = await run(at(wallet), store, { replace: true });
    if (deployment === undefined) throw error;
    const setAside = `31337.${old.contracts.TaskManager.address}.json`;
    expect(store.texts.get("31337.json")).to.equal(formatDeployment(deployment));
    expect(store.texts.get(setAside)).to.equal(formatDeployment(old));
    expect(events.at(-1)).to.deep.equal({ kind: "recorded", kept: "31337.json", setAside });
  });

  it("says when a record names a suite that is not there, and sets it aside", async () => {
    const { deployment: old, store } = await deployed();
    const gone = structuredClone(old);
    for (const [index, name] of CONTRACT_NAMES.entries()) {
      gone.contracts[name].address = getCreateAddress({ from: TREASURY, nonce: index });
    }
    await store.writeDeployment(gone);
    const { deployment, events } = await run(at(await freshDeployer()), store);
    const { address } = gone.contracts.TaskManager;
    expect(events[0]).to.deep.equal({ kind: "stale", taskManager: address });
    expect(store.texts.get("31337.json")).to.equal(formatDeployment(deployment ?? gone));
    expect(store.texts.get(`31337.${address}.json`)).to.equal(formatDeployment(gone));
  });

  it("does not record what a node shows otherwise than it was sent, and does when it is shown aright", async () => {
    const wallet = await freshDeployer();
    const store = memoryStore();
    const spoilt = getCreateAddress({ from: wallet.address, nonce: 2 });
    const lying: Interception = async (method, params, next) => {
      const answer = await next();
      if (method !== "eth_getCode" || String(params[0]).toLowerCase() !== spoilt.toLowerCase()) return answer;
      return `${String(answer).slice(0, -1)}${String(answer).endsWith("f") ? "e" : "f"}`;
    };
    const { error } = await run(at(wallet, lying), store);
    expect(error)
      .to.be.instanceOf(DeploymentMismatchError)
      .and.include({ contract: CONTRACT_NAMES[2], address: spoilt });
    expect(store.texts.has("31337.json")).to.equal(false);
    expect((await run(at(wallet), store)).error).to.equal(undefined);
    expect(await sentBy(wallet)).to.equal(CONTRACT_NAMES.length);
  });

  describe("pays as the chain understands:", () => {
    const withoutBaseFee: Interception = async (method, _params, next) => {
      const answer = await next();
      if (method !== "eth_getBlockByNumber") return answer;
      return { ...(answer as object), baseFeePerGas: undefined };
    };
    const cases = [
      ["eip1559 by itself", undefined, undefined, 2],
      ["legacy by itself, where blocks have no base fee", undefined, withoutBaseFee, 0],
      ["legacy when told to", "legacy", undefined, 0],
      ["eip1559 when told to", "eip1559", undefined, 2],
    ] as const;
    for (const [what, fees, intercept, type] of cases) {
      it(what, async () => {
        const types: (number | null)[] = [];
        const watching: Interception = (method, params, next) => {
          if (method === "eth_sendRawTransaction") types.push(Transaction.from(String(params[0])).type);
          return intercept === undefined ? next() : intercept(method, params, next);
        };
        const { error, events } = await run(at(await freshDeployer(), watching), memoryStore(), fees && { fees });
        expect(error).to.equal(undefined);
        expect(types).to.deep.equal(Array(CONTRACT_NAMES.length).fill(type));
        expect(events.find((event) => event.kind === "planned")?.type).to.equal(type);
      });
    }
  });
});
