import { expect } from "chai";
import { loadFixture } from "../../helpers/network.js";
import { type Change, deployPublished, MIN_STAKE, sourceOf, V3, versionOf } from "../../helpers/registry.js";

/** Everything that only the publisher of a source may do. */
const changes: [string, Change][] = [
  ["publishVersion", (registry, signer, source) => registry.connect(signer).publishVersion(source, V3, [])],
  ["setVersionActive", (registry, signer, source) => registry.connect(signer).setVersionActive(source, 1, false)],
  ["setFloorPrice", (registry, signer, source) => registry.connect(signer).setFloorPrice(source, 5)],
  ["setStakePerSlot", (registry, signer, source) => registry.connect(signer).setStakePerSlot(source, MIN_STAKE)],
  ["setRoyalty", (registry, signer, source) => registry.connect(signer).setRoyalty(source, 6)],
  ["setActive", (registry, signer, source) => registry.connect(signer).setActive(source, false)],
];

describe("SourceRegistry.transferFrom", () => {
  async function sold() {
    const deployed = await deployPublished();
    const { registry, publisher, stranger } = deployed;
    await registry.connect(publisher).transferFrom(publisher, stranger, 2);
    return deployed;
  }

  it("makes the new owner the publisher, and changes nothing else of the source", async () => {
    const { registry, publisher, stranger } = await loadFixture(deployPublished);
    const [source, version] = [await sourceOf(registry, 2), await versionOf(registry, 2, 2)];
    await expect(registry.connect(publisher).transferFrom(publisher, stranger, 2))
      .to.emit(registry, "Transfer")
      .withArgs(publisher.address, stranger.address, 2);
    expect(await registry.ownerOf(2)).to.equal(stranger.address);
    expect(await sourceOf(registry, 2)).to.deep.equal({ ...source, publisher: stranger.address });
    expect(await versionOf(registry, 2, 2)).to.deep.equal(version);
  });

  for (const [name, change] of changes) {
    it(`takes ${name} from the old owner and gives it to the new one`, async () => {
      const { registry, publisher, stranger } = await loadFixture(sold);
      await expect(change(registry, publisher, 2))
        .to.be.revertedWithCustomError(registry, "NotPublisher")
        .withArgs(2, publisher.address);
      await change(registry, stranger, 2);
    });

    it(`gives ${name} to nobody who may only move the token`, async () => {
      const { registry, publisher, stranger, other } = await loadFixture(deployPublished);
      await registry.connect(publisher).approve(stranger, 2);
      await registry.connect(publisher).setApprovalForAll(other, true);
      for (const caller of [stranger, other]) {
        await expect(change(registry, caller, 2))
          .to.be.revertedWithCustomError(registry, "NotPublisher")
          .withArgs(2, caller.address);
      }
    });
  }

  it("is refused to strangers", async () => {
    const { registry, publisher, stranger } = await loadFixture(deployPublished);
    await expect(registry.connect(stranger).transferFrom(publisher, stranger, 2))
      .to.be.revertedWithCustomError(registry, "ERC721InsufficientApproval")
      .withArgs(stranger.address, 2);
  });
});
