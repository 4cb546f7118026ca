import { expect } from "chai";
import { DEFAULT_PARAMETERS, longestObligation, type Windows } from "../../../src/protocol/parameters.js";
import { WindowsHarness__factory } from "../../../typechain-types/index.js";
import { anAccount } from "../../helpers/accounts.js";
import { loadFixture } from "../../helpers/network.js";

/** Windows whose sums tell which of them were added. */
const DISTINCT: Windows = {
  disclose: 1,
  cancelNotice: 10,
  maxLifetime: 100,
  maxReview: 1000,
  seed: 10_000,
  panelMin: 100_000,
  openProvider: 1_000_000,
  open: 10_000_000,
  claim: 100_000_000,
};

async function deploy() {
  const deployer = await anAccount();
  return new WindowsHarness__factory(deployer).deploy();
}

describe("WindowsLib.longestObligation", () => {
  for (const [title, windows, seconds] of [
    ["a panel of its own shortest window", DISTINCT, 111_111_101],
    ["a panel as long as the longest task", { ...DISTINCT, maxLifetime: 200_000 }, 111_411_001],
    ["a task one second longer than the shortest panel", { ...DISTINCT, maxLifetime: 100_001 }, 111_211_003],
    ["a task as long as the shortest panel", { ...DISTINCT, maxLifetime: 100_000 }, 111_211_001],
    ["one second each", { ...(Object.fromEntries(Object.keys(DISTINCT).map((name) => [name, 1])) as object) }, 8],
    ["the windows of a deployment", DEFAULT_PARAMETERS.windows, 1_569_600],
  ] as const) {
    it(`is ${seconds} seconds with ${title}`, async () => {
      const harness = await loadFixture(deploy);
      expect(await harness.longestObligation(windows as Windows)).to.equal(BigInt(seconds));
      expect(longestObligation(windows as Windows)).to.equal(seconds);
    });
  }

  it("adds up the longest windows without overflow", async () => {
    const harness = await loadFixture(deploy);
    const most = 2 ** 32 - 1;
    const windows = Object.fromEntries(Object.keys(DISTINCT).map((name) => [name, most])) as unknown as Windows;
    expect(await harness.longestObligation(windows)).to.equal(8n * BigInt(most));
  });

  for (const name of Object.keys(DISTINCT)) {
    it(`refuses ${name} of zero seconds`, async () => {
      const harness = await loadFixture(deploy);
      await expect(harness.longestObligation({ ...DISTINCT, [name]: 0 })).to.be.revertedWithCustomError(
        harness,
        "ZeroWindow",
      );
    });
  }
});
