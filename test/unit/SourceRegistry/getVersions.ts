import { expect } from "chai";
import { loadFixture } from "../../helpers/network.js";
import { deployPublished, V1, V2, V3, versionFields } from "../../helpers/registry.js";

const MAX = 2n ** 256n - 1n;

describe("SourceRegistry.getVersions", () => {
  /** Source 2 with three versions, the second of which is stopped. */
  async function three() {
    const deployed = await deployPublished();
    const { registry, publisher } = deployed;
    await registry.connect(publisher).setVersionActive(2, 2, false);
    await registry.connect(publisher).publishVersion(2, V3, []);
    return deployed;
  }
  const versions = [
    { ...V1, active: true },
    { ...V2, active: false },
    { ...V3, active: true },
  ];

  for (const [from, to, first, end] of [
    [1n, 4n, 1, 4],
    [1n, 3n, 1, 3],
    [1n, 2n, 1, 2],
    [2n, 3n, 2, 3],
    [3n, 4n, 3, 4],
    [2n, 5n, 2, 4],
    [1n, MAX, 1, 4],
    [1n, 1n, 0, 0],
    [3n, 3n, 0, 0],
    [4n, 4n, 0, 0],
    [4n, 9n, 0, 0],
    [5n, 9n, 0, 0],
    [MAX, MAX, 0, 0],
  ] as const) {
    it(`answers ${end - first} of 3 versions from ${from} to ${to}`, async () => {
      const { registry } = await loadFixture(three);
      const page = await registry.getVersions(2, from, to);
      expect(page.map(versionFields)).to.deep.equal(first === 0 ? [] : versions.slice(first - 1, end - 1));
    });
  }

  for (const [from, to] of [
    [0n, 0n],
    [0n, 3n],
    [3n, 2n],
    [9n, 8n],
  ] as const) {
    it(`refuses from ${from} to ${to}`, async () => {
      const { registry } = await loadFixture(three);
      await expect(registry.getVersions(2, from, to))
        .to.be.revertedWithCustomError(registry, "InvalidRange")
        .withArgs(from, to);
    });
  }

  for (const source of [0, 3]) {
    it(`does not know source ${source}`, async () => {
      const { registry } = await loadFixture(three);
      await expect(registry.getVersions(source, 1, 2))
        .to.be.revertedWithCustomError(registry, "UnknownSource")
        .withArgs(source);
    });
  }
});
