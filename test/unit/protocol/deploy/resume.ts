import { expect } from "chai";
import { getCreateAddress, type Wallet } from "ethers";
import { PlanMismatchError } from "../../../../src/protocol/deploy/errors.js";
import { parsePlan } from "../../../../src/protocol/deploy/plan.js";
import { CONTRACT_NAMES, type Deployment } from "../../../../src/protocol/deployment.js";
import { NodeError, PredictionLostError, TimeoutError } from "../../../../src/protocol/errors.js";
import { DEFAULT_PARAMETERS } from "../../../../src/protocol/parameters.js";
import { connect } from "../../../../src/protocol/protocol.js";
import {
  at,
  freshDeployer,
  IMPATIENCE,
  memoryStore,
  OWNER,
  providerOf,
  rpc,
  run,
  sentBy,
  TREASURY,
} from "../../../helpers/deployment.js";
import { type Interception, unreachable } from "../../../helpers/node.js";

/** A node that dies with the transaction number `number`, before or after it took it. */
function dying(number: number, isTaken: boolean): Interception {
  let sent = 0;
  return async (method, _params, next) => {
    if (sent > number) throw unreachable();
    if (method === "eth_sendRawTransaction" && sent++ === number) {
      if (isTaken) await next();
      throw unreachable();
    }
    return next();
  };
}

/** A node before which another program uses the deployer's key, at the transaction number `number`. */
function shared(wallet: Wallet, number: number): Interception {
  let sent = 0;
  return async (method, _params, next) => {
    if (method === "eth_sendRawTransaction" && sent++ === number) await at(wallet).sendTransaction({ to: OWNER });
    return next();
  };
}

async function expectWhole(deployment: Deployment, { address }: Wallet, firstNonce: number): Promise<void> {
  for (const [index, name] of CONTRACT_NAMES.entries()) {
    expect(deployment.contracts[name].address).to.equal(getCreateAddress({ from: address, nonce: firstNonce + index }));
  }
  const { contracts } = await connect(providerOf(), deployment);
  expect(await contracts.taskManager.treasury()).to.equal(TREASURY);
}

const planIn = ({ texts }: ReturnType<typeof memoryStore>) => parsePlan(texts.get("31337.plan.json") ?? "");

describe("deploy, interrupted", () => {
  for (const isTaken of [false, true]) {
    for (let number = 0; number < CONTRACT_NAMES.length; number++) {
      it(`goes on when the node died ${isTaken ? "after taking" : "before taking"} transaction ${number + 1}`, async () => {
        const wallet = await freshDeployer();
        const store = memoryStore();
        const first = await run(at(wallet, dying(number, isTaken)), store);
        expect(first.error).to.be.instanceOf(NodeError);
        const done = number + (isTaken ? 1 : 0);
        expect(await sentBy(wallet)).to.equal(done);
        expect(store.texts.has("31337.json")).to.equal(false);

        const { deployment, events, error } = await run(at(wallet), store);
        if (deployment === undefined) throw error;
        expect(events[1]).to.deep.equal({ kind: "resumed", done });
        expect(events.filter(({ kind }) => kind === "sent")).to.have.length(CONTRACT_NAMES.length - done);
        expect(await sentBy(wallet)).to.equal(CONTRACT_NAMES.length);
        expect([...store.texts.keys()]).to.deep.equal(["31337.json"]);
        await expectWhole(deployment, wallet, 0);
      });
    }
  }

  it("waits for a transaction that is still on its way", async () => {
    const wallet = await freshDeployer();
    const store = memoryStore();
    await rpc("evm_setAutomine", false);
    try {
      const first = await run(at(wallet), store, { patience: { ...IMPATIENCE, mining: 100 } });
      expect(first.error).to.be.instanceOf(TimeoutError);
      const [firstPlace] = CONTRACT_NAMES;
      const [hash] = planIn(store).transactions[firstPlace] ?? [];
      let looks = 0;
      const slow: Interception = async (method, params, next) => {
        if (method === "eth_getTransactionByHash" && params[0] === hash && ++looks === 3) {
          await rpc("evm_setAutomine", true);
          await rpc("hardhat_mine", "0x1");
        }
        return next();
      };
      const { deployment, error } = await run(at(wallet, slow), store);
      if (deployment === undefined) throw error;
      expect(looks).to.equal(3);
      expect(deployment.contracts[firstPlace].transaction).to.equal(hash);
      expect(await sentBy(wallet)).to.equal(CONTRACT_NAMES.length);
      await expectWhole(deployment, wallet, 0);
    } finally {
      await rpc("evm_setAutomine", true);
    }
  });

  it("begins at the first place on a chain that forgot all of it", async () => {
    const wallet = await freshDeployer();
    const store = memoryStore();
    const snapshot = await rpc("evm_snapshot");
    await run(at(wallet, dying(4, true)), store);
    expect(Object.keys(planIn(store).transactions)).to.have.length(5);
    await rpc("evm_revert", snapshot);
    const { deployment, events, error } = await run(at(wallet), store);
    if (deployment === undefined) throw error;
    expect(events[1]).to.deep.equal({ kind: "resumed", done: 0 });
    await expectWhole(deployment, wallet, 0);
  });

  for (const number of [0, 1, 6, 7]) {
    it(`says that the prediction was lost when another program took nonce ${number}, then begins anew`, async () => {
      const wallet = await freshDeployer();
      const store = memoryStore();
      const first = await run(at(wallet, shared(wallet, number)), store);
      expect(first.error).to.be.instanceOf(PredictionLostError);
      const contract = CONTRACT_NAMES[number];
      const predicted = getCreateAddress({ from: wallet.address, nonce: number });
      expect(first.error).to.include({ contract, predicted });
      expect(await sentBy(wallet)).to.equal(number + 1);
      expect(store.texts.has("31337.json")).to.equal(false);

      const { deployment, events, error } = await run(at(wallet), store);
      if (deployment === undefined) throw error;
      expect(events[1]).to.deep.equal({ kind: "lost", contract, predicted });
      expect(deployment.firstNonce).to.equal(number + 1);
      expect(await sentBy(wallet)).to.equal(number + 1 + CONTRACT_NAMES.length);
      await expectWhole(deployment, wallet, number + 1);
    });
  }

  it("begins anew when another program used the key between two runs", async () => {
    const wallet = await freshDeployer();
    const store = memoryStore();
    await run(at(wallet, dying(3, false)), store);
    await at(wallet).sendTransaction({ to: OWNER });
    const { deployment, events, error } = await run(at(wallet), store);
    if (deployment === undefined) throw error;
    expect(events[1]).to.include({ kind: "lost", contract: CONTRACT_NAMES[3] });
    await expectWhole(deployment, wallet, 4);
  });

  it("takes the record for done when only the plan was left behind", async () => {
    const wallet = await freshDeployer();
    const store = memoryStore();
    const cut = new Error("cut");
    const first = await run(at(wallet), { ...store, removePlan: () => Promise.reject(cut) });
    expect(first.error).to.equal(cut);
    expect([...store.texts.keys()].sort()).to.deep.equal(["31337.json", "31337.plan.json"]);
    const { deployment, error } = await run(at(wallet), store);
    if (deployment === undefined) throw error;
    await expectWhole(deployment, wallet, 0);
    expect(await sentBy(wallet)).to.equal(CONTRACT_NAMES.length);
    expect([...store.texts.keys()]).to.deep.equal(["31337.json"]);
  });

  describe("does not go on with other choices:", () => {
    const { price, windows } = DEFAULT_PARAMETERS;
    const cases: [what: string, options: Parameters<typeof run>[2], planned: string, asked: string][] = [
      ["owner", { governance: { owner: TREASURY, treasury: TREASURY } }, OWNER, TREASURY],
      ["treasury", { governance: { owner: OWNER, treasury: OWNER } }, TREASURY, OWNER],
      ["feeBps", { parameters: { ...DEFAULT_PARAMETERS, feeBps: 251 } }, "250", "251"],
      ["maxRound", { parameters: { ...DEFAULT_PARAMETERS, maxRound: 1n } }, "100000000000000000000", "1"],
      [
        "price.speed",
        { parameters: { ...DEFAULT_PARAMETERS, price: { ...price, speed: 11 } } },
        String(price.speed),
        "11",
      ],
      ["windows.claim", { parameters: { ...DEFAULT_PARAMETERS, windows: { ...windows, claim: 1 } } }, "86400", "1"],
    ];
    for (const [what, options, planned, asked] of cases) {
      it(what, async () => {
        const wallet = await freshDeployer();
        const store = memoryStore();
        await run(at(wallet, dying(2, true)), store);
        const before = [...store.texts];
        const { error } = await run(at(wallet), store, options);
        expect(error).to.be.instanceOf(PlanMismatchError).with.deep.property("differences", [{ what, planned, asked }]);
        expect(error?.message).to.contain(`${what} ${planned}, not ${asked}`).and.contain("--restart");
        expect(await sentBy(wallet)).to.equal(3);
        expect([...store.texts]).to.deep.equal(before);
      });
    }

    it("another deployer", async () => {
      const [wallet, other] = [await freshDeployer(), await freshDeployer()];
      const store = memoryStore();
      await run(at(wallet, dying(2, true)), store);
      const { error } = await run(at(other), store);
      expect(error).to.be.instanceOf(PlanMismatchError);
      expect(error?.message).to.contain(`deployer ${wallet.address}, not ${other.address}`);
      expect(await sentBy(other)).to.equal(0);
    });

    it("another build", async () => {
      const wallet = await freshDeployer();
      const store = memoryStore();
      await run(at(wallet, dying(2, true)), store);
      await store.writePlan({ ...planIn(store), build: `0x${"5a".repeat(32)}` });
      const { error } = await run(at(wallet), store);
      expect(error).to.be.instanceOf(PlanMismatchError).with.nested.property("differences[0].what", "build");
      expect(await sentBy(wallet)).to.equal(3);
    });

    it("but begins anew with them when it is told to", async () => {
      const wallet = await freshDeployer();
      const store = memoryStore();
      await run(at(wallet, dying(2, true)), store);
      const governance = { owner: TREASURY, treasury: TREASURY };
      const { deployment, error } = await run(at(wallet), store, { governance, restart: true });
      if (deployment === undefined) throw error;
      expect(deployment.owner).to.equal(TREASURY);
      await expectWhole(deployment, wallet, 3);
    });
  });
});
