import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { loadFixture } from "../../helpers/network.js";
import { deployPublished, verifierAt } from "../../helpers/registry.js";

describe("SourceRegistry.isAdmitted", () => {
  for (const [source, version, verifier, admitted] of [
    [2, 1, verifierAt(1), true],
    [2, 2, verifierAt(2), true],
    [2, 1, verifierAt(2), false],
    [2, 2, verifierAt(1), false],
    [1, 1, verifierAt(1), false],
    [2, 0, verifierAt(1), false],
    [2, 3, verifierAt(2), false],
    [3, 1, verifierAt(1), false],
    [2, 1, ZeroAddress, false],
  ] as const) {
    it(`says ${admitted ? "yes" : "no"} to ${verifier} for version ${version} of source ${source}`, async () => {
      const { registry } = await loadFixture(deployPublished);
      expect(await registry.isAdmitted(source, version, verifier)).to.equal(admitted);
    });
  }

  it("still says yes while source and version are stopped", async () => {
    const { registry, publisher } = await loadFixture(deployPublished);
    await registry.connect(publisher).setActive(2, false);
    await registry.connect(publisher).setVersionActive(2, 1, false);
    expect(await registry.isAdmitted(2, 1, verifierAt(1))).to.equal(true);
  });
});
