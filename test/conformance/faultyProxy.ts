import { expect } from "chai";
import { hasAnvil, startAnvil } from "../helpers/chains/anvil.js";
import type { Chain } from "../helpers/chains/chain.js";
import { startHardhat } from "../helpers/chains/hardhat.js";
import { type Fault, type FaultyProxy, startFaultyProxy } from "../helpers/faultyProxy.js";
import { SEED } from "../helpers/seeded.js";
import { describeConnections } from "./suite/connections.js";
import { describeChain } from "./suite/describeChain.js";

/** Probability of each fault for a request: of seven, one fails; of ten, one is late and one stale. */
const RATES: Record<Fault, number> = {
  ...{ dropBefore: 0.02, dropAfter: 0.02, dropWithin: 0.02 },
  ...{ tooMany: 0.02, unavailable: 0.02, badGateway: 0.02, page: 0.02 },
  ...{ delay: 0.1, duplicate: 0.05, stale: 0.1 },
};

let proxy: FaultyProxy | undefined;

async function start(): Promise<Chain> {
  const chain = await (hasAnvil ? startAnvil("eip1559") : startHardhat());
  const started = await startFaultyProxy({ upstream: chain.direct, seed: SEED, rates: RATES });
  proxy = started;
  const stop = async () => {
    await started.stop();
    await chain.stop();
  };
  return { ...chain, url: started.url, stop };
}

describeChain(`a node behind a faulty proxy (SEED=${SEED})`, start);

describe("the faulty proxy", () => {
  it("injected every fault", () => {
    const faults = proxy?.faults;
    console.log(`faults: ${JSON.stringify(faults)}`);
    for (const fault of Object.keys(RATES)) expect(faults, fault).to.have.property(fault).that.is.greaterThan(0);
  });
});

describeConnections(startHardhat);
