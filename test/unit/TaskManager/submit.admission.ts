import { expect } from "chai";
import { parseEther, ZeroAddress, ZeroHash } from "ethers";
import { type Order, packOrder, Verification } from "../../../src/protocol/order.js";
import { startPrice, State, withBits } from "../../helpers/manager.js";
import { loadFixture, time } from "../../helpers/network.js";
import { CAP, deployMarket, FLOOR, type Market, proofOrder, reviewOrder, WINDOWS } from "../../helpers/suite.js";

const CLIMB = CAP - startPrice(CAP);
const MAX_ROUND = parseEther("100");

interface Case {
  title: string;
  changes: Partial<Order>;
  /** The same order just inside the bound. */
  fits?: Partial<Order>;
  proof?: boolean;
  error: string;
  args: unknown[];
}

const CASES: Case[] = [
  {
    title: "an input digest of zero",
    changes: { inputDigest: ZeroHash },
    fits: { inputDigest: `0x${"0".repeat(63)}1` },
    error: "ZeroInputDigest",
    args: [],
  },
  { title: "a client key of zero", changes: { clientKey: ZeroHash }, error: "ZeroClientKey", args: [] },
  {
    title: "a cap below the floor",
    changes: { maxReward: FLOOR - 1n },
    fits: { maxReward: FLOOR },
    error: "CapBelowFloor",
    args: [FLOOR - 1n, FLOOR],
  },
  { title: "no cap", changes: { maxReward: 0n }, error: "CapBelowFloor", args: [0, FLOOR] },
  {
    title: "a cap above the maximum",
    changes: { maxReward: MAX_ROUND + 1n, bond: MAX_ROUND },
    fits: { maxReward: MAX_ROUND, bond: MAX_ROUND },
    error: "CapAboveMaximum",
    args: [MAX_ROUND + 1n, MAX_ROUND],
  },
  {
    title: "a review period above the maximum",
    changes: { reviewPeriod: WINDOWS.maxReview + 1 },
    fits: { reviewPeriod: WINDOWS.maxReview },
    error: "ReviewTooLong",
    args: [WINDOWS.maxReview + 1, WINDOWS.maxReview],
  },
  {
    title: "no environment",
    changes: { environments: 0 },
    fits: { environments: 1 },
    error: "EnvironmentsNotOffered",
    args: [0, 3],
  },
  {
    title: "another environment",
    changes: { environments: 4 },
    error: "EnvironmentsNotOffered",
    args: [4, 3],
  },
  {
    title: "one environment too many",
    changes: { environments: 7, minGpuMemory: 8 },
    fits: { environments: 3, minGpuMemory: 8 },
    error: "EnvironmentsNotOffered",
    args: [7, 3],
  },
  {
    title: "too little GPU memory on a GPU",
    changes: { environments: 2, minGpuMemory: 7 },
    fits: { environments: 2, minGpuMemory: 8 },
    error: "GpuMemoryBelowTerms",
    args: [7, 8],
  },
  {
    title: "too little GPU memory where a GPU may run it",
    changes: { environments: 3, minGpuMemory: 7 },
    fits: { environments: 1, minGpuMemory: 7 },
    error: "GpuMemoryBelowTerms",
    args: [7, 8],
  },
  {
    title: "a royalty above the agreed one",
    changes: { maxRoyaltyBps: 499 },
    fits: { maxRoyaltyBps: 500 },
    error: "RoyaltyAboveOrder",
    args: [500, 499],
  },
  {
    title: "a fee above the agreed one",
    changes: { maxFeeBps: 249 },
    fits: { maxFeeBps: 250 },
    error: "FeeAboveOrder",
    args: [250, 249],
  },
  {
    title: "a bond below a tenth of a cap that does not climb",
    changes: { maxReward: FLOOR, bond: FLOOR / 10n - 1n },
    fits: { maxReward: FLOOR, bond: FLOOR / 10n },
    error: "BondTooLow",
    args: [FLOOR / 10n - 1n, FLOOR / 10n],
  },
  {
    title: "a bond below the climb",
    changes: { bond: CLIMB - 1n },
    fits: { bond: CLIMB },
    error: "BondTooLow",
    args: [CLIMB - 1n, CLIMB],
  },
  {
    title: "Quorum without trust",
    changes: { verification: Verification.Quorum },
    error: "TrustOutOfBounds",
    args: [0, 2, 16_384],
  },
  { title: "a panel that trusts anybody", changes: { trust: 1 }, error: "TrustOutOfBounds", args: [1, 2, 16_384] },
  {
    title: "a Proof order with a reservation",
    proof: true,
    changes: { reservation: 1 },
    fits: {},
    error: "NotOffered",
    args: [Verification.Proof, 0, 1],
  },
  {
    title: "a Proof order with a panel",
    proof: true,
    changes: { trust: 2, reservation: 3 },
    error: "NotOffered",
    args: [Verification.Proof, 2, 3],
  },
  {
    title: "a Proof order without verifier",
    proof: true,
    changes: { verifier: ZeroAddress },
    fits: {},
    error: "VerifierMismatch",
    args: [Verification.Proof, ZeroAddress],
  },
];

async function submitting(market: Market, order: Order) {
  const { client, taskManager } = market;
  return taskManager.connect(client).submit(packOrder(order), { value: order.maxReward });
}

describe("TaskManager.submit admits an order", () => {
  for (const { title, changes, fits, proof = false, error, args } of CASES) {
    it(`refuses ${title}`, async () => {
      const market = await loadFixture(deployMarket);
      const draft = proof ? proofOrder : reviewOrder;
      const { taskManager } = market;
      await expect(submitting(market, await draft(market, changes)))
        .to.be.revertedWithCustomError(taskManager, error)
        .withArgs(...args);
      if (fits !== undefined) {
        await expect(submitting(market, await draft(market, fits))).to.emit(taskManager, "TaskSubmitted");
      }
    });
  }

  it("refuses a Review order with a verifier", async () => {
    const market = await loadFixture(deployMarket);
    const verifier = await market.attestation.getAddress();
    await expect(submitting(market, await reviewOrder(market, { verifier })))
      .to.be.revertedWithCustomError(market.taskManager, "VerifierMismatch")
      .withArgs(Verification.Review, verifier);
  });

  it("asks for GPU memory of AMD cards too", async () => {
    const market = await loadFixture(deployMarket);
    const terms = { manifestDigest: `0x${"22".repeat(32)}`, environments: 4, minGpuMemory: 8, deterministic: true };
    await market.sourceRegistry.connect(market.publisher).publishVersion(1, terms, []);
    const amd = { version: 2, environments: 4 };
    await expect(submitting(market, await reviewOrder(market, { ...amd, minGpuMemory: 7 })))
      .to.be.revertedWithCustomError(market.taskManager, "GpuMemoryBelowTerms")
      .withArgs(7, 8);
    await submitting(market, await reviewOrder(market, { ...amd, minGpuMemory: 8 }));
  });

  describe("when the deadline is near or far", () => {
    it("takes this very second, not the one before", async () => {
      const market = await loadFixture(deployMarket);
      const now = (await time.latest()) + 100;
      await time.setNextBlockTimestamp(now);
      await expect(submitting(market, await reviewOrder(market, { deadline: now - 1 })))
        .to.be.revertedWithCustomError(market.taskManager, "DeadlinePassed")
        .withArgs(now - 1, now);
      await submitting(market, await reviewOrder(market, { deadline: now }));
      expect(await time.latest()).to.equal(now);
    });

    it("takes the longest lifetime, not a second more", async () => {
      const market = await loadFixture(deployMarket);
      const now = (await time.latest()) + 100;
      const latest = now + WINDOWS.maxLifetime;
      await time.setNextBlockTimestamp(now);
      await expect(submitting(market, await reviewOrder(market, { deadline: latest + 1 })))
        .to.be.revertedWithCustomError(market.taskManager, "DeadlineTooFar")
        .withArgs(latest + 1, latest);
      await submitting(market, await reviewOrder(market, { deadline: latest }));
      expect(await time.latest()).to.equal(now);
    });
  });

  describe("when bits are set that mean nothing", () => {
    for (const { word, bit } of [
      { word: "terms", bit: 224n },
      { word: "terms", bit: 255n },
      { word: "clocks", bit: 112n },
      { word: "clocks", bit: 255n },
      // Verification 3: both low bits of its byte.
      { word: "terms", bit: -1n },
    ] as const) {
      it(bit < 0n ? "refuses an unknown verification" : `refuses bit ${bit} of ${word}`, async () => {
        const market = await loadFixture(deployMarket);
        const { client, taskManager } = market;
        const proper = packOrder(await reviewOrder(market));
        const packed = withBits(proper, word, bit < 0n ? 3n << 168n : 1n << bit);
        const taskId = await taskManager.taskIdOf(packed);
        await expect(taskManager.connect(client).submit(packed))
          .to.be.revertedWithCustomError(taskManager, "MalformedOrder")
          .withArgs(taskId);
        // Unused bits do not enter the id, so they must not make a second task of one order either.
        if (bit >= 0n) expect(taskId).to.equal(await taskManager.taskIdOf(proper));
        await taskManager.connect(client).submit(proper);
        expect((await taskManager.getTask(await taskManager.taskIdOf(proper))).state).to.equal(State.Open);
      });
    }
  });

  describe("when the registry does not offer it", () => {
    for (const { title, changes, error, args } of [
      { title: "an unknown source", changes: { source: 2 }, error: "UnknownSource", args: [2] },
      { title: "version zero", changes: { version: 0 }, error: "UnknownVersion", args: [1, 0] },
      { title: "an unknown version", changes: { version: 2 }, error: "UnknownVersion", args: [1, 2] },
    ]) {
      it(`refuses ${title}`, async () => {
        const market = await loadFixture(deployMarket);
        await expect(submitting(market, await reviewOrder(market, changes)))
          .to.be.revertedWithCustomError(market.sourceRegistry, error)
          .withArgs(...args);
      });
    }

    it("refuses an inactive source and an inactive version, and takes both again", async () => {
      const market = await loadFixture(deployMarket);
      const registry = market.sourceRegistry.connect(market.publisher);
      const order = await reviewOrder(market);
      await registry.setActive(1, false);
      await expect(submitting(market, order)).to.be.revertedWithCustomError(registry, "SourceNotActive").withArgs(1);
      await registry.setActive(1, true);
      await registry.setVersionActive(1, 1, false);
      await expect(submitting(market, order))
        .to.be.revertedWithCustomError(registry, "VersionNotActive")
        .withArgs(1, 1);
      await registry.setVersionActive(1, 1, true);
      await submitting(market, order);
    });

    it("refuses a verifier that the version does not admit", async () => {
      const market = await loadFixture(deployMarket);
      const verifier = market.stranger.address;
      await expect(submitting(market, await proofOrder(market, { verifier })))
        .to.be.revertedWithCustomError(market.sourceRegistry, "VerifierNotAdmitted")
        .withArgs(1, 1, verifier);
    });
  });

  it("refuses everything while submissions are paused", async () => {
    const market = await loadFixture(deployMarket);
    const { owner, taskManager } = market;
    const order = await reviewOrder(market);
    await taskManager.connect(owner).setSubmissionsPaused(true);
    await expect(submitting(market, order)).to.be.revertedWithCustomError(taskManager, "SubmissionsPaused");
    await taskManager.connect(owner).setSubmissionsPaused(false);
    await submitting(market, order);
  });
});
