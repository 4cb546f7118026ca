import { expect } from "chai";
import { loadFixture } from "../../helpers/network.js";
import { deployPublished, deployRegistry, SOURCE, sourceFields, sourceOf, V1 } from "../../helpers/registry.js";

const MAX = 2n ** 256n - 1n;

describe("SourceRegistry.getSources", () => {
  /** Four sources. */
  async function four() {
    const deployed = await deployPublished();
    const { registry, publisher } = deployed;
    for (const royaltyBps of [3, 4]) await registry.connect(publisher).publish({ ...SOURCE, royaltyBps }, V1, []);
    return deployed;
  }

  for (const [from, to, found] of [
    [1n, 5n, [1, 2, 3, 4]],
    [1n, 4n, [1, 2, 3]],
    [1n, 2n, [1]],
    [2n, 4n, [2, 3]],
    [4n, 5n, [4]],
    [3n, 6n, [3, 4]],
    [1n, MAX, [1, 2, 3, 4]],
    [1n, 1n, []],
    [4n, 4n, []],
    [5n, 5n, []],
    [5n, 9n, []],
    [6n, 9n, []],
    [7n, MAX, []],
    [MAX, MAX, []],
  ] as const) {
    it(`answers ${found.length === 0 ? "nothing" : found.join(", ")} of 4 from ${from} to ${to}`, async () => {
      const { registry } = await loadFixture(four);
      const page = await registry.getSources(from, to);
      expect(page.map(sourceFields)).to.deep.equal(await Promise.all(found.map((id) => sourceOf(registry, id))));
    });
  }

  for (const [from, to] of [
    [0n, 0n],
    [0n, 3n],
    [3n, 2n],
    [MAX, 1n],
    [9n, 8n],
  ] as const) {
    it(`refuses from ${from} to ${to}`, async () => {
      const { registry } = await loadFixture(four);
      await expect(registry.getSources(from, to))
        .to.be.revertedWithCustomError(registry, "InvalidRange")
        .withArgs(from, to);
    });
  }

  it("answers nothing while there is no source", async () => {
    const { registry } = await loadFixture(deployRegistry);
    expect(await registry.getSources(1, 10)).to.deep.equal([]);
    expect(await registry.getSources(2, 10)).to.deep.equal([]);
  });
});
