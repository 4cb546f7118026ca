import { expect } from "chai";
import { sha256 } from "ethers";
import { cidOf } from "../../helpers/cid.js";
import { loadFixture } from "../../helpers/network.js";
import { deployPublished, digest, V2, V3 } from "../../helpers/registry.js";
import { Random, SEED } from "../../helpers/seeded.js";

describe("SourceRegistry.tokenURI", () => {
  it("names the manifest of the latest version of each source", async () => {
    const { registry } = await loadFixture(deployPublished);
    expect(await registry.tokenURI(1)).to.equal(`ipfs://${cidOf(digest(9))}`);
    expect(await registry.tokenURI(2)).to.equal(`ipfs://${cidOf(V2.manifestDigest)}`);
  });

  it("names what IPFS names an empty block", async () => {
    const { registry, publisher } = await loadFixture(deployPublished);
    await registry.connect(publisher).publishVersion(2, { ...V3, manifestDigest: sha256("0x") }, []);
    expect(await registry.tokenURI(2)).to.equal("ipfs://bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku");
  });

  it(`follows the versions, with random manifests (SEED=${SEED})`, async () => {
    const { registry, publisher } = await loadFixture(deployPublished);
    const random = new Random(SEED);
    for (let round = 0; round < 5; round++) {
      const manifestDigest = random.word();
      await registry.connect(publisher).publishVersion(2, { ...V3, manifestDigest }, []);
      expect(await registry.tokenURI(2)).to.equal(`ipfs://${cidOf(manifestDigest)}`);
    }
  });

  it("does not change when a version is stopped", async () => {
    const { registry, publisher } = await loadFixture(deployPublished);
    await registry.connect(publisher).setVersionActive(2, 2, false);
    expect(await registry.tokenURI(2)).to.equal(`ipfs://${cidOf(V2.manifestDigest)}`);
  });

  for (const token of [0n, 3n, 2n ** 32n + 2n]) {
    it(`does not know token ${token}`, async () => {
      const { registry } = await loadFixture(deployPublished);
      await expect(registry.tokenURI(token))
        .to.be.revertedWithCustomError(registry, "ERC721NonexistentToken")
        .withArgs(token);
    });
  }
});
