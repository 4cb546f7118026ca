import { expect } from "chai";
import { parseEther, Wallet, ZeroAddress } from "ethers";
import { emitted, execute } from "../../../src/protocol/execute.js";
import { cidOf } from "../../helpers/cid.js";
import { refused } from "./expect.js";
import type { Scenario } from "./scenario.js";
import { FLOOR, orderOf, patron, provide, publish, ROYALTY_BPS, SOURCE_TERMS, taskOf, versionTerms } from "./work.js";
import { MIN_STAKE, read } from "./world.js";

/** The life of sources and of the tokens that they are. */
export const sources: Scenario[] = [
  {
    title: "a source is published, gets versions, changes its terms and stops and resumes",
    async play(world) {
      const { publisher, source, terms } = await publish(world);
      const { sourceRegistry } = publisher.contracts;
      expect(await read(publisher, (at) => sourceRegistry.getSource(source, at))).to.deep.equal([
        ...[FLOOR, MIN_STAKE, ROYALTY_BPS, 1n, true, publisher.address],
      ]);

      const second = { ...versionTerms(), environments: 4, minGpuMemory: 24, deterministic: false };
      const done = await execute(publisher, "sourceRegistry", "publishVersion", [source, second, []]);
      expect(emitted(done, "sourceRegistry", "VersionPublished")).to.deep.equal({
        ...{ source: BigInt(source), version: 2n, manifestDigest: second.manifestDigest },
        ...{ environments: 4n, minGpuMemory: 24n, deterministic: false, verifiers: [] },
      });
      expect(await read(publisher, (at) => sourceRegistry.getVersions(source, 1, 9, at))).to.deep.equal([
        [terms.manifestDigest, 3n, 8n, true, true],
        [second.manifestDigest, 4n, 24n, false, true],
      ]);
      expect(await read(publisher, (at) => sourceRegistry.tokenURI(source, at))).to.equal(
        `ipfs://${cidOf(second.manifestDigest)}`,
      );
      expect(await read(publisher, (at) => sourceRegistry.isAdmitted(source, 1, world.verifier, at))).to.equal(true);
      expect(await read(publisher, (at) => sourceRegistry.isAdmitted(source, 2, world.verifier, at))).to.equal(false);

      // From here on everything is sent at once, one nonce after the other.
      const floorPrice = parseEther("0.015");
      await Promise.all([
        execute(publisher, "sourceRegistry", "setFloorPrice", [source, floorPrice]),
        execute(publisher, "sourceRegistry", "setRoyalty", [source, 2000]),
        execute(publisher, "sourceRegistry", "setStakePerSlot", [source, 2n * MIN_STAKE]),
        execute(publisher, "sourceRegistry", "setVersionActive", [source, 1, false]),
        execute(publisher, "sourceRegistry", "setActive", [source, false]),
      ]);
      expect(await read(publisher, (at) => sourceRegistry.getSource(source, at))).to.deep.equal([
        ...[floorPrice, 2n * MIN_STAKE, 2000n, 2n, false, publisher.address],
      ]);
      const client = await patron(world);
      const post = async (changes = {}) => {
        const order = await orderOf(client, source, { environments: 4, minGpuMemory: 24, ...changes });
        return execute(client, "taskManager", "submit", [taskOf(client, order).packed]);
      };
      await refused(post(), "SourceNotActive", { source: BigInt(source) });
      await refused(execute(publisher, "sourceRegistry", "setActive", [source, false]), "SourceAlreadyInState", {
        ...{ source: BigInt(source), active: false },
      });
      await execute(publisher, "sourceRegistry", "setActive", [source, true]);
      await refused(post({ environments: 1 }), "VersionNotActive", { source: BigInt(source), version: 1n });
      await refused(post({ version: 3 }), "UnknownVersion", { source: BigInt(source), version: 3n });
      const { startPrice } = emitted(await post({ version: 2, rampDuration: 100 }), "taskManager", "TaskSubmitted");
      expect(startPrice >= floorPrice && startPrice < floorPrice + 5n * 10n ** 6n).to.equal(true);
      await execute(publisher, "sourceRegistry", "setVersionActive", [source, 1, true]);
      await post({ environments: 1 });
    },
  },
  {
    title: "only the publisher changes a source, and only within its bounds",
    async play(world) {
      const [{ publisher, source }, stranger] = await Promise.all([publish(world), world.actor()]);
      const id = BigInt(source);
      const notPublisher = { source: id, caller: stranger.address };
      const change = (args: typeof SOURCE_TERMS, version = versionTerms()) =>
        execute(publisher, "sourceRegistry", "publish", [args, version, []]);
      await Promise.all([
        refused(execute(stranger, "sourceRegistry", "setFloorPrice", [source, 1]), "NotPublisher", notPublisher),
        refused(execute(stranger, "sourceRegistry", "setActive", [source, false]), "NotPublisher", notPublisher),
        refused(
          execute(stranger, "sourceRegistry", "publishVersion", [source, versionTerms(), []]),
          "NotPublisher",
          notPublisher,
        ),
        refused(execute(stranger, "sourceRegistry", "setRoyalty", [4_000_000_000, 1]), "UnknownSource", {
          source: 4_000_000_000n,
        }),
        refused(change({ ...SOURCE_TERMS, floorPrice: 0n }), "ZeroFloorPrice", {}),
        refused(change({ ...SOURCE_TERMS, royaltyBps: 2001n }), "RoyaltyAboveMaximum", {
          ...{ royaltyBps: 2001n, maximum: 2000n },
        }),
        refused(change({ ...SOURCE_TERMS, stakePerSlot: MIN_STAKE - 1n }), "StakePerSlotBelowMinimum", {
          ...{ stakePerSlot: MIN_STAKE - 1n, minimum: MIN_STAKE },
        }),
        refused(change(SOURCE_TERMS, { ...versionTerms(), environments: 1 }), "GpuMemoryWithoutGpu", {
          minGpuMemory: 8n,
        }),
        refused(change(SOURCE_TERMS, { ...versionTerms(), environments: 8 }), "InvalidEnvironments", {
          environments: 8n,
        }),
      ]);
    },
  },
  {
    title: "a source is an ERC-721 token, and whoever owns it is its publisher",
    async play(world) {
      const [{ publisher, source }, buyer, operator] = await Promise.all([
        publish(world),
        world.actor(),
        world.actor(),
      ]);
      const { sourceRegistry } = publisher.contracts;
      const id = BigInt(source);
      const views = await read(publisher, (at) =>
        Promise.all([
          ...[sourceRegistry.name(at), sourceRegistry.symbol(at), sourceRegistry.ownerOf(source, at)],
          ...[sourceRegistry.getApproved(source, at), sourceRegistry.supportsInterface("0x80ac58cd", at)],
          ...[sourceRegistry.supportsInterface("0x5b5e139f", at), sourceRegistry.supportsInterface("0xffffffff", at)],
          ...[sourceRegistry.balanceOf(publisher.address, at), sourceRegistry.balanceOf(buyer.address, at)],
        ]),
      );
      expect(views.slice(2)).to.deep.equal([publisher.address, ZeroAddress, true, true, false, 1n, 0n]);
      expect(views[0]).to.not.equal("");
      expect(views[1]).to.not.equal("");

      const nowhere = 4_000_000_000n;
      const take = (from: string, to: string, token: bigint | number = source) =>
        execute(operator, "sourceRegistry", "transferFrom", [from, to, token]);
      await Promise.all([
        refused(take(publisher.address, buyer.address), "ERC721InsufficientApproval", {
          ...{ operator: operator.address, tokenId: id },
        }),
        refused(take(publisher.address, buyer.address, nowhere), "ERC721NonexistentToken", { tokenId: nowhere }),
        refused(take(publisher.address, ZeroAddress), "ERC721InvalidReceiver", { receiver: ZeroAddress }),
      ]);
      const approved = await execute(publisher, "sourceRegistry", "approve", [operator.address, source]);
      expect(emitted(approved, "sourceRegistry", "Approval")).to.deep.equal({
        ...{ owner: publisher.address, approved: operator.address, tokenId: id },
      });
      await refused(take(buyer.address, operator.address), "ERC721IncorrectOwner", {
        ...{ sender: buyer.address, tokenId: id, owner: publisher.address },
      });
      const sold = await take(publisher.address, buyer.address);
      expect(emitted(sold, "sourceRegistry", "Transfer")).to.deep.equal({
        ...{ from: publisher.address, to: buyer.address, tokenId: id },
      });
      const after = await read(publisher, (at) =>
        Promise.all([
          ...[sourceRegistry.ownerOf(source, at), sourceRegistry.getApproved(source, at)],
          ...[sourceRegistry.balanceOf(publisher.address, at), sourceRegistry.balanceOf(buyer.address, at)],
        ]),
      );
      expect(after).to.deep.equal([buyer.address, ZeroAddress, 0n, 1n]);
      await Promise.all([
        refused(execute(publisher, "sourceRegistry", "setRoyalty", [source, 1]), "NotPublisher", {
          ...{ source: id, caller: publisher.address },
        }),
        execute(buyer, "sourceRegistry", "setRoyalty", [source, 1]),
      ]);
      expect((await read(buyer, (at) => sourceRegistry.getSource(source, at))).royaltyBps).to.equal(1n);

      // An operator for all tokens may sell, too.
      await execute(buyer, "sourceRegistry", "setApprovalForAll", [operator.address, true]);
      const everywhere = (at: { blockTag: number }) =>
        sourceRegistry.isApprovedForAll(buyer.address, operator.address, at);
      expect(await read(buyer, everywhere)).to.equal(true);
      await execute(operator, "sourceRegistry", "safeTransferFrom(address,address,uint256)", [
        ...([buyer.address, publisher.address, source] as const),
      ]);
      expect(await read(buyer, (at) => sourceRegistry.ownerOf(source, at))).to.equal(publisher.address);
    },
  },
  {
    title: "pages of sources, versions, members and providers end where the lists do",
    async play(world) {
      const { publisher, source } = await publish(world);
      const { provider, owner } = await provide(world, source);
      const { sourceRegistry, providerPool } = publisher.contracts;
      const [count, past, page, members, market, providers, unknown] = await read(publisher, (at) =>
        Promise.all([
          ...([sourceRegistry.sourceCount(at), sourceRegistry.getSources(4e9, 4e9 + 5, at)] as const),
          ...([sourceRegistry.getSources(source, source + 1, at)] as const),
          ...([providerPool.getMembers(source, 0, 99, at), providerPool.getMarket(source, at)] as const),
          ...([providerPool.getProviders(provider, provider + 1n, at)] as const),
          ...([providerPool.getMembership(provider, 4e9, at)] as const),
        ]),
      );
      expect(count >= BigInt(source)).to.equal(true);
      expect(past).to.deep.equal([]);
      expect(page.map((view) => view.publisher)).to.deep.equal([publisher.address]);
      expect(members).to.deep.equal([provider]);
      expect([market.members, market.capacity, market.price]).to.deep.equal([1n, 2n, FLOOR]);
      expect(providers.map((view) => view.owner)).to.deep.equal([owner.address]);
      expect(unknown.slots).to.equal(0n);
      await refused(
        // ethers throws what a view reverts with as it is; a call that is sent comes back typed.
        execute(owner, "providerPool", "joinPool", [provider, 4_000_000_000, 1, 1, 1, 0]),
        "UnknownSource",
        { source: 4_000_000_000n },
      );
      await refused(
        execute(await world.actor(), "providerPool", "setAgent", [provider, Wallet.createRandom().address, true]),
        "NotOwner",
        { provider },
      );
    },
  },
];
