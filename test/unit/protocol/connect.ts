import { expect } from "chai";
import { keccak256, VoidSigner, Wallet } from "ethers";
import type { SuiteLocation } from "../../../src/protocol/deployment.js";
import { deploySuite } from "../../../src/protocol/deploy.js";
import { DeploymentMismatchError, NodeError, ReadOnlyError, WrongChainError } from "../../../src/protocol/errors.js";
import { connect, withSigner } from "../../../src/protocol/protocol.js";
import { submit } from "../../../src/protocol/actions/submit.js";
import { rejection } from "../../helpers/caught.js";
import { ethers, loadFixture, networkHelpers } from "../../helpers/network.js";
import { IMPATIENCE, locationOf, protocolOf, readerOf } from "../../helpers/protocol.js";
import { type Relay, startRelay } from "../../helpers/rpcRelay.js";
import { deployMarket, reviewOrder } from "../../helpers/suite.js";

describe("protocol.connect", () => {
  const setUp = async () => {
    const market = await loadFixture(deployMarket);
    return { market, location: await locationOf(market) };
  };
  /** A suite's location with one contract elsewhere, or with another hash of its code. */
  const with_ = (
    location: SuiteLocation,
    name: keyof SuiteLocation["contracts"],
    change: { address?: string; codeHash?: string },
  ): SuiteLocation => ({
    ...location,
    contracts: { ...location.contracts, [name]: { ...location.contracts[name], ...change } },
  });
  const connecting = (location: SuiteLocation) =>
    rejection(connect(ethers.provider, location, { patience: IMPATIENCE }));

  it("reads with a provider and sends with a signer", async () => {
    const { market } = await setUp();
    const reader = await readerOf(market);
    expect(await reader.contracts.sourceRegistry.sourceCount()).to.equal(1n);
    expect(reader).not.to.have.property("sender");
    const protocol = await protocolOf(market, market.client);
    expect(protocol.sender.address).to.equal(market.client.address);
    expect(protocol.domain).to.deep.equal(market.domain);
  });

  it("gives the same connection to another signer", async () => {
    const { market } = await setUp();
    const client = await withSigner(await readerOf(market), market.client);
    const { taskId } = await submit(client, { order: await reviewOrder(market) });
    expect((await market.taskManager.getTask(taskId)).state).to.equal(1n);
  });

  it("accepts the hash of the code that is there", async () => {
    const { market, location } = await setUp();
    const codeHash = keccak256(await ethers.provider.getCode(market.escrow));
    const { address } = location.contracts.Escrow;
    await connect(ethers.provider, with_(location, "Escrow", { address, codeHash }), { patience: IMPATIENCE });
  });

  it("waits for a node that is before the deployment", async () => {
    const { location } = await setUp();
    const block = (await ethers.provider.getBlockNumber()) + 2;
    const recorded = {
      ...location,
      contracts: { ...location.contracts, Escrow: { ...location.contracts.Escrow, block } },
    };
    const patience = { ...IMPATIENCE, requests: 300 };
    const error = await rejection(connect(ethers.provider, recorded, { patience }));
    expect(error).to.be.instanceOf(NodeError);
    expect((error as Error).message).to.include(`block ${block}`);
    const patient = connect(ethers.provider, recorded, { patience: IMPATIENCE });
    await networkHelpers.mine(2);
    expect((await patient).head.number).to.be.at.least(block);
  });

  it("refuses a node of another chain", async () => {
    const { location } = await setUp();
    const error = await connecting({ ...location, chainId: 1071 });
    expect(error).to.be.instanceOf(WrongChainError);
    expect(error).to.include({ expected: 1071n, found: 31337n });
  });

  it("refuses a signer without a provider", async () => {
    const { location } = await setUp();
    expect(await rejection(connect(new Wallet(`0x${"01".repeat(32)}`), location))).to.be.instanceOf(ReadOnlyError);
    expect(await rejection(connect(new VoidSigner(`0x${"01".repeat(20)}`), location))).to.be.instanceOf(ReadOnlyError);
  });

  it("refuses a deployment that names an address without a contract", async () => {
    const { market, location } = await setUp();
    const error = await connecting(with_(location, "Reputation", { address: market.stranger.address }));
    expect(error).to.be.instanceOf(DeploymentMismatchError);
    expect(error).to.include({ contract: "Reputation", address: market.stranger.address });
    expect((error as Error).message).to.include("no contract at that address");
  });

  it("refuses a deployment whose code is not what it says", async () => {
    const { location } = await setUp();
    const codeHash = `0x${"ab".repeat(32)}`;
    const error = await connecting(with_(location, "TaskManager", { codeHash }));
    expect(error).to.be.instanceOf(DeploymentMismatchError);
    expect((error as Error).message).to.include(codeHash);
  });

  it("refuses a deployment that mixes up contracts, or names those of another suite", async () => {
    const { market, location } = await setUp();
    const governance = { owner: market.owner.address, treasury: market.treasury.address };
    const other = (await locationOf(await deploySuite(market.deployer, governance))).contracts;
    const names = ["Escrow", "SourceRegistry", "ProviderPool", "Reputation", "TaskManager"] as const;
    for (const name of names) {
      const foreign = await connecting(with_(location, name, other[name]));
      expect(foreign, `foreign ${name}`).to.be.instanceOf(DeploymentMismatchError);
      const next = names[(names.indexOf(name) + 1) % names.length] ?? "Escrow";
      const mixed = await connecting(with_(location, name, location.contracts[next]));
      expect(mixed, `${next} as ${name}`).to.be.instanceOf(DeploymentMismatchError);
    }
  });

  describe("with a node that fails", () => {
    let relay: Relay;
    beforeEach(async () => {
      relay = await startRelay();
    });
    afterEach(() => relay.stop());

    it("says that the node does not answer, in bounded time", async () => {
      const { location } = await setUp();
      const provider = await relay.connect();
      relay.fault = () => "drop";
      const error = await rejection(connect(provider, location, { patience: { ...IMPATIENCE, requests: 300 } }));
      expect(error).to.be.instanceOf(NodeError);
    });

    it("is not misled by a node that fails now and then", async () => {
      const { location } = await setUp();
      const provider = await relay.connect();
      let requests = 0;
      relay.fault = () => (requests++ % 3 === 0 ? "drop" : undefined);
      const protocol = await connect(provider, location, { patience: { ...IMPATIENCE, requests: 10_000 } });
      expect(protocol.chainId).to.equal(31337n);
      expect(requests).to.be.greaterThan(3);
    });
  });
});
