import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { loadFixture } from "../../helpers/network.js";
import { deployPublished, SOURCE, V1, V2, V3, verifierAt } from "../../helpers/registry.js";

const offer = (version: typeof V1) => [
  SOURCE.floorPrice,
  SOURCE.royaltyBps,
  version.environments,
  version.minGpuMemory,
  version.deterministic,
];

describe("SourceRegistry.offerOf", () => {
  it("tells the terms of the latest version and of those before it", async () => {
    const { registry, publisher } = await loadFixture(deployPublished);
    await registry.connect(publisher).publishVersion(2, V3, []);
    for (const [place, version] of [V1, V2, V3].entries()) {
      expect(await registry.offerOf(2, place + 1, ZeroAddress)).to.deep.equal(offer(version));
    }
  });

  it("tells floor and royalty of now, for every version", async () => {
    const { registry, publisher } = await loadFixture(deployPublished);
    await registry.connect(publisher).setFloorPrice(2, 77);
    await registry.connect(publisher).setRoyalty(2, 88);
    for (const version of [1, 2]) {
      expect((await registry.offerOf(2, version, ZeroAddress)).slice(0, 2)).to.deep.equal([77n, 88n]);
    }
  });

  describe("when it names a verifier", () => {
    it("answers if the version admits it", async () => {
      const { registry } = await loadFixture(deployPublished);
      expect(await registry.offerOf(2, 1, verifierAt(1))).to.deep.equal(offer(V1));
      expect(await registry.offerOf(2, 2, verifierAt(2))).to.deep.equal(offer(V2));
    });

    for (const [version, verifier] of [
      [1, verifierAt(2)],
      [2, verifierAt(1)],
      [2, verifierAt(3)],
    ] as const) {
      it(`refuses ${verifier}, which version ${version} does not admit`, async () => {
        const { registry } = await loadFixture(deployPublished);
        await expect(registry.offerOf(2, version, verifier))
          .to.be.revertedWithCustomError(registry, "VerifierNotAdmitted")
          .withArgs(2, version, verifier);
      });
    }
  });

  describe("when the source is stopped", () => {
    it("refuses every version of it and no other source, until it is resumed", async () => {
      const { registry, publisher } = await loadFixture(deployPublished);
      await registry.connect(publisher).setActive(2, false);
      for (const version of [1, 2]) {
        await expect(registry.offerOf(2, version, ZeroAddress))
          .to.be.revertedWithCustomError(registry, "SourceNotActive")
          .withArgs(2);
      }
      expect(await registry.offerOf(1, 1, ZeroAddress)).to.deep.equal([1n, 0n, 1n, 0n, true]);
      await registry.connect(publisher).setActive(2, true);
      expect(await registry.offerOf(2, 2, ZeroAddress)).to.deep.equal(offer(V2));
    });
  });

  for (const [title, version, rest, terms] of [
    ["an old version", 1, 2, V2],
    ["the latest version", 2, 1, V1],
  ] as const) {
    describe(`when ${title} is stopped`, () => {
      it("refuses it and no other", async () => {
        const { registry, publisher } = await loadFixture(deployPublished);
        await registry.connect(publisher).setVersionActive(2, version, false);
        for (const verifier of [ZeroAddress, verifierAt(version)]) {
          await expect(registry.offerOf(2, version, verifier))
            .to.be.revertedWithCustomError(registry, "VersionNotActive")
            .withArgs(2, version);
        }
        expect(await registry.offerOf(2, rest, ZeroAddress)).to.deep.equal(offer(terms));
      });
    });
  }

  for (const version of [0, 3]) {
    it(`does not know version ${version}`, async () => {
      const { registry } = await loadFixture(deployPublished);
      await expect(registry.offerOf(2, version, ZeroAddress))
        .to.be.revertedWithCustomError(registry, "UnknownVersion")
        .withArgs(2, version);
    });
  }

  for (const source of [0, 3]) {
    it(`does not know source ${source}`, async () => {
      const { registry } = await loadFixture(deployPublished);
      await expect(registry.offerOf(source, 1, ZeroAddress))
        .to.be.revertedWithCustomError(registry, "UnknownSource")
        .withArgs(source);
    });
  }
});
