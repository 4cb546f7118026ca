import { expect } from "chai";
import { AbstractSigner, type Provider, type Signer, type TransactionRequest, type TypedDataDomain } from "ethers";
import { deploySuite } from "../../../src/protocol/deploy.js";
import { PredictionLostError } from "../../../src/protocol/errors.js";
import { DEFAULT_PARAMETERS, longestObligation } from "../../../src/protocol/parameters.js";
import { ethers } from "../../helpers/network.js";

/** A signer whose key something else uses too: before its transaction number `place`, another one is sent. */
class SharedSigner extends AbstractSigner {
  private sent = 0;

  constructor(
    private readonly signer: Signer,
    private readonly place: number,
  ) {
    super(signer.provider);
  }

  getAddress = () => this.signer.getAddress();
  signTransaction = (tx: TransactionRequest) => this.signer.signTransaction(tx);
  signMessage = (message: string | Uint8Array) => this.signer.signMessage(message);
  signTypedData = (domain: TypedDataDomain, types: Parameters<Signer["signTypedData"]>[1], value: object) =>
    this.signer.signTypedData(domain, types, value);
  connect = (provider: Provider | null) => new SharedSigner(this.signer.connect(provider), this.place);

  override async sendTransaction(tx: TransactionRequest) {
    if (this.sent++ === this.place) await this.signer.sendTransaction({ to: await this.getAddress() });
    return this.signer.sendTransaction(tx);
  }
}

async function roles() {
  const [deployer, owner, treasury] = await ethers.getSigners();
  if (!deployer || !owner || !treasury) throw new Error("three accounts needed");
  return { deployer, governance: { owner: owner.address, treasury: treasury.address } };
}

describe("deploySuite", () => {
  it("deploys parts that point at each other, with the parameters given", async () => {
    const { deployer, governance } = await roles();
    const { escrow, sourceRegistry, providerPool, reputation, taskManager } = await deploySuite(deployer, governance);

    expect(await escrow.TASK_MANAGER()).to.equal(await taskManager.getAddress());
    expect(await escrow.PROVIDER_POOL()).to.equal(await providerPool.getAddress());
    expect(await providerPool.TASK_MANAGER()).to.equal(await taskManager.getAddress());
    expect(await providerPool.ESCROW()).to.equal(await escrow.getAddress());
    expect(await providerPool.SOURCE_REGISTRY()).to.equal(await sourceRegistry.getAddress());
    expect(await reputation.TASK_MANAGER()).to.equal(await taskManager.getAddress());
    expect(await taskManager.ESCROW()).to.equal(await escrow.getAddress());
    expect(await taskManager.SOURCE_REGISTRY()).to.equal(await sourceRegistry.getAddress());
    expect(await taskManager.PROVIDER_POOL()).to.equal(await providerPool.getAddress());
    expect(await taskManager.REPUTATION()).to.equal(await reputation.getAddress());

    const { feeBps, feeScale, maxRound, weightUnit, minStakePerSlot, windows } = DEFAULT_PARAMETERS;
    expect(await taskManager.owner()).to.equal(governance.owner);
    expect(await taskManager.treasury()).to.equal(governance.treasury);
    expect(await taskManager.feeBps()).to.equal(feeBps);
    expect(await taskManager.MAX_ROUND()).to.equal(maxRound);
    expect(await taskManager.WEIGHT_UNIT()).to.equal(weightUnit);
    expect(await reputation.FEE_SCALE()).to.equal(feeScale);
    expect(await sourceRegistry.MIN_STAKE_PER_SLOT()).to.equal(minStakePerSlot);
    expect(await providerPool.UNBONDING_PERIOD()).to.equal(longestObligation(windows));
    const deployed = await taskManager.windows();
    for (const [name, seconds] of Object.entries(windows)) {
      expect(deployed[name as keyof typeof windows], name).to.equal(seconds);
    }
  });

  it("prices the largest weight above the largest round", () => {
    expect(99n * DEFAULT_PARAMETERS.feeScale > DEFAULT_PARAMETERS.maxRound).to.equal(true);
  });

  for (let place = 1; place < 7; place++) {
    it(`says that the prediction was lost when a transaction comes before number ${place + 1}`, async () => {
      const { deployer, governance } = await roles();
      const signer = new SharedSigner(deployer, place);
      const error: unknown = await deploySuite(signer, governance).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(PredictionLostError);
      const { predicted, actual } = error as PredictionLostError;
      expect(predicted).to.not.equal(actual);
    });
  }
});
