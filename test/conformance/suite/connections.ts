import { expect } from "chai";
import { Wallet } from "ethers";
import {
  DeploymentMismatchError,
  DocumentFormatError,
  NodeError,
  WrongChainError,
} from "../../../src/protocol/errors.js";
import { connect } from "../../../src/protocol/protocol.js";
import { connectNode } from "../../../src/protocol/provider.js";
import type { Chain } from "../../helpers/chains/chain.js";
import { freePort } from "../../helpers/chains/process.js";
import { type Fault, startFaultyProxy } from "../../helpers/faultyProxy.js";
import { SEED } from "../../helpers/seeded.js";
import { failureOf } from "./expect.js";

/** Faults after which there is no answer that a program could use. */
const FATAL = ["dropBefore", "dropAfter", "dropWithin", "tooMany", "unavailable", "badGateway", "page"] as const;
const HARMLESS = ["delay", "duplicate", "stale"] as const;
/** Milliseconds; a node that never answers right is given up after it. */
const PATIENCE = 1_500;

/**
 * What connecting through a faulty proxy ends with.
 *
 * @param start Starts the chain behind it.
 */
export function describeConnections(start: () => Promise<Chain>): void {
  describe(`connecting through a faulty proxy (SEED=${SEED})`, function () {
    this.timeout(60_000);
    let chain: Chain;
    const stops: (() => Promise<void>)[] = [];
    before(async () => {
      chain = await start();
    });
    afterEach(async () => {
      for (const stop of stops.splice(0)) await stop();
    });
    after(() => chain.stop());

    const through = async (rates: Partial<Record<Fault, number>>): Promise<string> => {
      const proxy = await startFaultyProxy({ upstream: chain.url, seed: SEED, rates });
      stops.push(proxy.stop);
      return proxy.url;
    };
    const connected = async (url: string, chainId = chain.chainId, patience = 20_000) => {
      const provider = await connectNode(url, { chainId, patience });
      stops.push(() => {
        provider.destroy();
        return Promise.resolve();
      });
      return provider;
    };

    for (const fault of FATAL) {
      it(`gives up with a NodeError if every request ends in ${fault}`, async () => {
        const url = await through({ [fault]: 1 });
        const error = await failureOf(connectNode(url, { patience: PATIENCE }));
        expect(error).to.be.instanceOf(NodeError);
        expect(error).to.include({ request: "eth_chainId" });
        expect((error as NodeError).message).to.include(new URL(url).host);
      });

      // A page where a node should be is told at once: the address is wrong more often than a proxy is broken.
      if (fault === "page") continue;
      it(`gets through if half of all requests end in ${fault}`, async () => {
        const provider = await connected(await through({ [fault]: 0.5 }));
        expect((await provider.getNetwork()).chainId).to.equal(chain.chainId);
      });
    }

    for (const fault of HARMLESS) {
      it(`connects whatever there is of ${fault}`, async () => {
        const provider = await connected(await through({ [fault]: 1 }));
        expect((await provider.getNetwork()).chainId).to.equal(chain.chainId);
      });
    }

    it("tells another chain from the one that was asked for, at once", async () => {
      const error = await failureOf(connected(await through({ dropAfter: 0.3 }), 5n));
      expect(error).to.be.instanceOf(WrongChainError);
      expect(error).to.include({ expected: 5n, found: chain.chainId });
    });

    it("tells that a suite is not there", async () => {
      const provider = await connected(await through({ dropAfter: 0.1, unavailable: 0.1, duplicate: 0.5 }));
      const nobody = Wallet.createRandom().address;
      const at = { address: nobody };
      const location = {
        chainId: chain.chainId,
        contracts: { Escrow: at, SourceRegistry: at, ProviderPool: at, Reputation: at, TaskManager: at },
      };
      const error = await failureOf(connect(provider, location));
      expect(error).to.be.instanceOf(DeploymentMismatchError);
      expect(error).to.include({ address: nobody });
    });

    it("waits for a node that is behind the deployment, then says so", async () => {
      const provider = await connected(chain.url);
      const at = { address: Wallet.createRandom().address, block: 1_000_000 };
      const location = {
        chainId: chain.chainId,
        contracts: { Escrow: at, SourceRegistry: at, ProviderPool: at, Reputation: at, TaskManager: at },
      };
      const error = await failureOf(connect(provider, location, { patience: { requests: PATIENCE } }));
      expect(error).to.be.instanceOf(NodeError);
      expect((error as NodeError).message).to.contain("before the deployment in block 1000000");
    });

    it("refuses what is no address, and gives up where nothing listens", async () => {
      expect(await failureOf(connectNode("127.0.0.1:8545"))).to.be.instanceOf(DocumentFormatError);
      const url = `http://127.0.0.1:${await freePort()}`;
      expect(await failureOf(connectNode(url, { patience: PATIENCE }))).to.be.instanceOf(NodeError);
    });
  });
}
