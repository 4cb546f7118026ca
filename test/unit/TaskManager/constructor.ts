import { expect } from "chai";
import { getCreateAddress, parseEther, ZeroAddress } from "ethers";
import { longestObligation, type Windows } from "../../../src/protocol/parameters.js";
import {
  Escrow__factory,
  Deliveries__factory,
  Disputes__factory,
  Exits__factory,
  ProofBatch__factory,
  Quorums__factory,
  Settings__factory,
  Verdicts__factory,
  Views__factory,
  ProviderPool__factory,
  Reputation__factory,
  SourceRegistry__factory,
  TaskManager__factory,
  WindowsLib__factory,
} from "../../../typechain-types/index.js";
import type { TaskManagerLibraryAddresses } from "../../../typechain-types/factories/TaskManager__factory.js";
import { ethers, loadFixture } from "../../helpers/network.js";

const FEE_SCALE = parseEther("1");
const STRAY = `0x${"5a".repeat(20)}`;
const WINDOWS: Windows = {
  disclose: 11,
  cancelNotice: 12,
  maxLifetime: 130,
  maxReview: 14,
  seed: 15,
  panelMin: 16,
  openProvider: 17,
  open: 18,
  claim: 19,
};

/** Places in the sequence of deployments. */
const ESCROW = 8;
const REGISTRY = 9;
const POOL = 10;
const MANAGER = 12;

/** In the sequence of their deployments. */
const LIBRARIES = {
  Deliveries: Deliveries__factory,
  Disputes: Disputes__factory,
  Exits: Exits__factory,
  ProofBatch: ProofBatch__factory,
  Quorums: Quorums__factory,
  Settings: Settings__factory,
  Verdicts: Verdicts__factory,
  Views: Views__factory,
};

async function accounts() {
  const [deployer, owner, treasury] = await ethers.getSigners();
  if (deployer === undefined || owner === undefined || treasury === undefined) throw new Error("no accounts");
  return { deployer, owner, treasury };
}

/** Deploys everything but TaskManager, wired as told, and tells how to deploy that. */
async function deployLeaves(wiring: Partial<ReturnType<typeof straight>> = {}, unbonding = longestObligation(WINDOWS)) {
  const { deployer, owner, treasury } = await loadFixture(accounts);
  const nonce = await deployer.getNonce();
  const predicted = (place: number) => getCreateAddress({ from: deployer.address, nonce: nonce + place });
  const told = { ...straight(predicted), ...wiring };
  const linked: Record<string, string> = {};
  for (const [name, Factory] of Object.entries(LIBRARIES)) {
    const library = await new Factory(deployer).deploy();
    linked[`project/contracts/libraries/${name}.sol:${name}`] = await library.getAddress();
  }
  const escrow = await new Escrow__factory(deployer).deploy(told.escrowManager, told.escrowPool);
  const sourceRegistry = await new SourceRegistry__factory(deployer).deploy(1);
  const providerPool = await new ProviderPool__factory(deployer).deploy(
    told.poolManager,
    told.poolEscrow,
    told.poolRegistry,
    unbonding,
  );
  const reputation = await new Reputation__factory(deployer).deploy(told.reputationManager, FEE_SCALE);
  const factory = new TaskManager__factory(linked as unknown as TaskManagerLibraryAddresses, deployer);
  const config = {
    owner: owner.address,
    treasury: treasury.address,
    feeBps: 123,
    escrow: await escrow.getAddress(),
    sourceRegistry: await sourceRegistry.getAddress(),
    providerPool: await providerPool.getAddress(),
    reputation: await reputation.getAddress(),
    maxRound: 99n * FEE_SCALE - 1n,
    weightUnit: 7n,
    priceParameters: { target: 8_000, speed: 1_000, clamp: 250 },
    windows: WINDOWS,
  };
  const deploy = (changes: Partial<typeof config> = {}) => factory.deploy({ ...config, ...changes });
  return { config, deploy, errors: factory, manager: predicted(MANAGER) };
}

/** What the leaves are told in a suite that fits together. */
const straight = (predicted: (place: number) => string) => ({
  escrowManager: predicted(MANAGER),
  escrowPool: predicted(POOL),
  poolManager: predicted(MANAGER),
  poolEscrow: predicted(ESCROW),
  poolRegistry: predicted(REGISTRY),
  reputationManager: predicted(MANAGER),
});

describe("TaskManager constructor", () => {
  it("stores what it was given and tells the changeable part", async () => {
    const { config, deploy, manager } = await deployLeaves();
    const suite = await deploy();
    expect(await suite.getAddress()).to.equal(manager);
    expect(await suite.ESCROW()).to.equal(config.escrow);
    expect(await suite.SOURCE_REGISTRY()).to.equal(config.sourceRegistry);
    expect(await suite.PROVIDER_POOL()).to.equal(config.providerPool);
    expect(await suite.REPUTATION()).to.equal(config.reputation);
    expect(await suite.MAX_ROUND()).to.equal(config.maxRound);
    expect(await suite.WEIGHT_UNIT()).to.equal(config.weightUnit);
    expect(await suite.owner()).to.equal(config.owner);
    expect(await suite.treasury()).to.equal(config.treasury);
    expect(await suite.feeBps()).to.equal(123);
    expect(await suite.submissionsPaused()).to.equal(false);
    expect(await suite.priceParameters()).to.deep.equal([8_000n, 1_000n, 250n]);
    expect(await suite.windows()).to.deep.equal(Object.values(WINDOWS).map(BigInt));

    const deployment = suite.deploymentTransaction();
    await expect(deployment).to.emit(suite, "FeeSet").withArgs(123);
    await expect(deployment).to.emit(suite, "PriceParametersSet").withArgs(8_000, 1_000, 250);
    await expect(deployment).to.emit(suite, "TreasurySet").withArgs(config.treasury);
    await expect(deployment).to.emit(suite, "OwnershipTransferred").withArgs(ZeroAddress, config.owner);
  });

  describe("when a leaf points elsewhere", () => {
    for (const { told, leaf, expected } of [
      { told: "escrowManager", leaf: "escrow", expected: "manager" },
      { told: "escrowPool", leaf: "escrow", expected: "providerPool" },
      { told: "poolManager", leaf: "providerPool", expected: "manager" },
      { told: "poolEscrow", leaf: "providerPool", expected: "escrow" },
      { told: "poolRegistry", leaf: "providerPool", expected: "sourceRegistry" },
      { told: "reputationManager", leaf: "reputation", expected: "manager" },
    ] as const) {
      it(`refuses ${leaf} that was told another ${expected}`, async () => {
        const { config, deploy, errors, manager } = await deployLeaves({ [told]: STRAY });
        const found = ethers.getAddress(STRAY);
        await expect(deploy())
          .to.be.revertedWithCustomError(errors, "LeafMismatch")
          .withArgs(config[leaf], expected === "manager" ? manager : config[expected], found);
      });
    }
  });

  describe("when a clock has no time", () => {
    for (const clock of Object.keys(WINDOWS)) {
      it(`refuses ${clock} of zero and takes one second`, async () => {
        const { deploy } = await deployLeaves();
        const errors = new WindowsLib__factory();
        await expect(deploy({ windows: { ...WINDOWS, [clock]: 0 } })).to.be.revertedWithCustomError(
          errors,
          "ZeroWindow",
        );
        const suite = await deploy({ windows: { ...WINDOWS, [clock]: 1 } });
        expect((await suite.windows())[clock as keyof Windows]).to.equal(1);
      });
    }
  });

  describe("when stake could leave before it can be slashed", () => {
    // 130 + 11 + 14 + 15 + 17 + 18 + 19 = 224, and the longer of task and panel once more.
    for (const { panelMin, required } of [
      { panelMin: 129, required: 354 },
      { panelMin: 130, required: 354 },
      { panelMin: 131, required: 355 },
    ]) {
      it(`needs ${required} seconds of unbonding with panels of ${panelMin}`, async () => {
        const windows = { ...WINDOWS, panelMin };
        const short = await deployLeaves({}, required - 1);
        await expect(short.deploy({ windows }))
          .to.be.revertedWithCustomError(short.errors, "UnbondingTooShort")
          .withArgs(required - 1, required);
        const enough = await deployLeaves({}, required);
        const suite = await enough.deploy({ windows });
        expect((await suite.windows()).panelMin).to.equal(panelMin);
      });
    }
  });

  it("refuses a fee scale at which the largest weight costs no more than the largest round", async () => {
    const { deploy, errors } = await deployLeaves();
    const price = 99n * FEE_SCALE;
    await expect(deploy({ maxRound: price }))
      .to.be.revertedWithCustomError(errors, "FeeScaleTooSmall")
      .withArgs(price, price);
    await deploy({ maxRound: price - 1n });
  });

  for (const feeBps of [0, 9, 1001, 65536 + 10]) {
    it(`refuses a fee of ${feeBps} basis points`, async () => {
      const { deploy, errors } = await deployLeaves();
      await expect(deploy({ feeBps }))
        .to.be.revertedWithCustomError(errors, "FeeOutOfBounds")
        .withArgs(feeBps, 10, 1000);
    });
  }

  for (const feeBps of [10, 1000]) {
    it(`takes a fee of ${feeBps} basis points`, async () => {
      const { deploy } = await deployLeaves();
      expect(await (await deploy({ feeBps })).feeBps()).to.equal(feeBps);
    });
  }

  for (const [name, value, least, most] of [
    ["target", 4_999, 5_000, 9_500],
    ["target", 9_501, 5_000, 9_500],
    ["speed", 0, 10, 40_000],
    ["clamp", 1_001, 10, 1_000],
  ] as const) {
    it(`refuses a ${name} of ${value}`, async () => {
      const { config, deploy, errors } = await deployLeaves();
      await expect(deploy({ priceParameters: { ...config.priceParameters, [name]: value } }))
        .to.be.revertedWithCustomError(errors, "PriceParameterOutOfBounds")
        .withArgs(value, least, most);
    });
  }

  it("refuses a treasury of zero", async () => {
    const { deploy, errors } = await deployLeaves();
    await expect(deploy({ treasury: ZeroAddress })).to.be.revertedWithCustomError(errors, "ZeroAddress");
  });

  it("refuses an owner of zero", async () => {
    const { deploy, errors } = await deployLeaves();
    await expect(deploy({ owner: ZeroAddress }))
      .to.be.revertedWithCustomError(errors, "OwnableInvalidOwner")
      .withArgs(ZeroAddress);
  });
});
