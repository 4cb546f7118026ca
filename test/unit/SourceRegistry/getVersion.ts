import { expect } from "chai";
import { loadFixture } from "../../helpers/network.js";
import { deployPublished, digest, V1, V2, V3, versionOf } from "../../helpers/registry.js";

describe("SourceRegistry.getVersion", () => {
  it("tells all of the latest version and of those before it", async () => {
    const { registry } = await loadFixture(deployPublished);
    expect(await versionOf(registry, 1, 1)).to.deep.equal({ ...V3, manifestDigest: digest(9), active: true });
    expect(await versionOf(registry, 2, 1)).to.deep.equal({ ...V1, active: true });
    expect(await versionOf(registry, 2, 2)).to.deep.equal({ ...V2, active: true });
  });

  for (const version of [0n, 3n, 65_538n, 2n ** 256n - 1n]) {
    it(`does not know version ${version}`, async () => {
      const { registry } = await loadFixture(deployPublished);
      await expect(registry.getVersion(2, version))
        .to.be.revertedWithCustomError(registry, "UnknownVersion")
        .withArgs(2, version);
    });
  }

  for (const source of [0, 3]) {
    it(`does not know source ${source}`, async () => {
      const { registry } = await loadFixture(deployPublished);
      await expect(registry.getVersion(source, 1))
        .to.be.revertedWithCustomError(registry, "UnknownSource")
        .withArgs(source);
    });
  }
});
