import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { expect } from "chai";
import { parseEther } from "ethers";
import { FileAccessError } from "../../../src/files/errors.js";
import { fileIdentity } from "../../../src/files/identityFile.js";
import { keyPair } from "../../../src/protocol/envelope.js";
import { DocumentFormatError, InsufficientFundsError } from "../../../src/protocol/errors.js";
import { RevertError } from "../../../src/protocol/reverts.js";
import { NotAuthorisedError } from "../../../src/provider/errors.js";
import { establish, type Establishment, type Identity, type IdentityBook } from "../../../src/provider/identity.js";
import { caught, rejection } from "../../helpers/caught.js";
import { ethers, loadFixture, networkHelpers } from "../../helpers/network.js";
import { protocolOf } from "../../helpers/protocol.js";
import { deployMarket, KEY, type Market, random32 } from "../../helpers/suite.js";

const STAKE = parseEther("2");

describe("provider.establish", () => {
  let market: Market;
  let folder: string;
  /** Has no provider of its own. */
  let owner: HardhatEthersSigner;

  beforeEach(async () => {
    market = await loadFixture(deployMarket);
    owner = market.others[0] ?? market.stranger;
    folder = await mkdtemp(join(tmpdir(), "opengpu-identity-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const file = () => join(folder, "kept", "identity.json");
  const book = () => fileIdentity(file(), market.domain);
  const start = async (changes: Partial<Establishment> = {}, signer = owner) =>
    establish(await protocolOf(market, signer), { book: book(), from: 0, stake: STAKE, ...changes });
  const sent = ({ address }: { address: string } = owner) => ethers.provider.getTransactionCount(address);
  const count = () => market.providerPool.providerCount();
  const onChain = (provider: number) => market.providerPool.getProvider(provider);
  const publicKey = async () => keyPair((await book().read())?.secretKey ?? "").publicKey;

  it("registers a provider with its own key and stake, paid to its own account", async () => {
    expect(await start()).to.equal(2);
    const { owner: registered, payout, key, stake } = await onChain(2);
    expect([registered, payout, stake]).to.deep.equal([owner.address, owner.address, STAKE]);
    expect(key).to.equal(await publicKey());
    expect((await book().read())?.provider).to.equal(2);
    expect(await count()).to.equal(2n);
  });

  it("registers with the payout account that is named", async () => {
    await start({ payout: market.treasury.address });
    expect((await onChain(2)).payout).to.equal(market.treasury.address);
  });

  it("gives each provider another key", async () => {
    await start();
    const first = await publicKey();
    await rm(file());
    await start({}, market.others[1]);
    expect(await publicKey()).to.not.equal(first);
  });

  it("registers nothing and sends nothing when it starts again", async () => {
    await start();
    const before = [await sent(), await readFile(file(), "utf8")];
    expect(await start()).to.equal(2);
    expect([await sent(), await readFile(file(), "utf8")]).to.deep.equal(before);
    expect(await count()).to.equal(2n);
  });

  it("keeps the key before it sends anything", async () => {
    let kept: number | undefined;
    const watched: IdentityBook = {
      ...book(),
      write: async (identity) => {
        kept ??= await sent();
        await book().write(identity);
      },
    };
    const before = await sent();
    await start({ book: watched });
    expect(kept).to.equal(before);
    expect(await sent()).to.be.greaterThan(before);
  });

  it("finds the provider that it registered when the file is lost, and gives it the new key", async () => {
    await start();
    const lost = await publicKey();
    await rm(file());
    expect(await start()).to.equal(2);
    expect(await count()).to.equal(2n);
    expect(await publicKey()).to.not.equal(lost);
    expect((await onChain(2)).key).to.equal(await publicKey());
    expect((await onChain(2)).stake).to.equal(STAKE);
    expect((await book().read())?.provider).to.equal(2);
  });

  it("takes the newest of its providers that it still owns", async () => {
    const pool = market.providerPool;
    for (let round = 0; round < 3; round++) await pool.connect(owner).register(owner, KEY);
    await pool.connect(market.stranger).register(market.stranger, KEY);
    await pool.connect(owner).transferOwnership(4, market.stranger);
    await pool.connect(market.stranger).acceptOwnership(4);
    expect(await start()).to.equal(3);
    expect(await count()).to.equal(5n);
  });

  it("does not look for registrations before the block that it is told", async () => {
    await market.providerPool.connect(owner).register(owner, KEY);
    const from = (await ethers.provider.getBlockNumber()) + 1;
    await networkHelpers.mine(1);
    expect(await start({ from })).to.equal(3);
  });

  it("registers no second provider after a crash between registering and writing", async () => {
    let writes = 0;
    const crashing: IdentityBook = {
      ...book(),
      write: async (identity) => {
        if (++writes === 2) throw new Error("the disk is full");
        await book().write(identity);
      },
    };
    expect(String(await rejection(start({ book: crashing })))).to.contain("the disk is full");
    expect(await count()).to.equal(2n);
    const key = await publicKey();
    expect(await start()).to.equal(2);
    expect(await count()).to.equal(2n);
    // The key was kept before it was registered, so it needs no other one.
    expect([await publicKey(), (await onChain(2)).key]).to.deep.equal([key, key]);
    expect(await book().read()).to.include({ provider: 2 });
  });

  it("adds just what is missing of the stake, and never takes any away", async () => {
    await start({ stake: parseEther("0.3") });
    const { providerPool, escrow } = market;
    const before = await ethers.provider.getBalance(escrow);
    await start({ stake: parseEther("0.8") });
    expect((await onChain(2)).stake).to.equal(parseEther("0.8"));
    expect((await ethers.provider.getBalance(escrow)) - before).to.equal(parseEther("0.5"));
    expect(await providerPool.queryFilter(providerPool.filters.Staked(2))).to.have.length(2);
    const transactions = await sent();
    for (const stake of [parseEther("0.8"), parseEther("0.1"), 0n]) await start({ stake });
    expect([(await onChain(2)).stake, await sent()]).to.deep.equal([parseEther("0.8"), transactions]);
  });

  it("says when its account cannot pay for the stake, and is the same provider when it can", async () => {
    const error = await caught(start({ stake: parseEther("1000000") }), InsufficientFundsError);
    expect(error.account).to.equal(owner.address);
    expect(await start()).to.equal(2);
    expect([await count(), (await onChain(2)).stake]).to.deep.equal([2n, STAKE]);
  });

  it("moves the payout account if another one is named, and only then", async () => {
    await start();
    await start({ payout: market.treasury.address });
    expect((await onChain(2)).payout).to.equal(market.treasury.address);
    const before = await sent();
    await start({ payout: market.treasury.address });
    await start();
    expect([(await onChain(2)).payout, await sent()]).to.deep.equal([market.treasury.address, before]);
  });

  describe("for a provider that is named", () => {
    const AGENTS = 1;

    it("acts with the key of an agent, which stakes but leaves key and payout to the owner", async () => {
      const payout = market.treasury.address;
      expect(await start({ provider: AGENTS, payout }, market.agent)).to.equal(AGENTS);
      const view = await onChain(AGENTS);
      expect([view.key, view.stake, view.payout]).to.deep.equal([KEY, STAKE, market.providerOwner.address]);
      expect(await book().read()).to.include({ provider: AGENTS });
      expect(await count()).to.equal(1n);
    });

    it("acts with the key of its owner, whose key it rotates", async () => {
      expect(await start({ provider: AGENTS }, market.providerOwner)).to.equal(AGENTS);
      expect((await onChain(AGENTS)).key).to.equal(await publicKey());
    });

    it("goes before the one that is kept", async () => {
      await start({}, market.agent);
      expect(await start({ provider: AGENTS }, market.agent)).to.equal(AGENTS);
      expect(await count()).to.equal(2n);
    });

    it("refuses the key of a stranger, sends nothing and keeps nothing of it", async () => {
      const { stranger, providerOwner } = market;
      const before = await sent(stranger);
      const error = await caught(start({ provider: AGENTS }, stranger), NotAuthorisedError);
      expect([error.provider, error.address]).to.deep.equal([AGENTS, stranger.address]);
      expect(error.message)
        .to.contain(`${stranger.address} may not act for provider 1`)
        .and.contain(providerOwner.address);
      expect(await sent(stranger)).to.equal(before);
      expect((await onChain(AGENTS)).stake).to.equal(parseEther("1"));
      // Without the name it is a provider of its own.
      expect(await start({}, stranger)).to.equal(2);
      expect((await onChain(2)).owner).to.equal(stranger.address);
    });

    it("refuses an agent that is one no longer", async () => {
      await start({ provider: AGENTS }, market.agent);
      await market.providerPool.connect(market.providerOwner).setAgent(AGENTS, market.agent, false);
      await caught(start({}, market.agent), NotAuthorisedError);
    });

    it("refuses a provider that there is not", async () => {
      const before = await sent();
      expect((await caught(start({ provider: 9 }), RevertError)).revert).to.equal("UnknownProvider");
      expect([await sent(), await book().read()]).to.deep.equal([
        before,
        { secretKey: (await book().read())?.secretKey },
      ]);
    });
  });
});

describe("fileIdentity", () => {
  const domain = { chainId: 1071n, taskManager: `0x${"7a".repeat(20)}` };
  let folder: string;
  let identity: Identity;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "opengpu-identity-"));
    // Begins with a letter: of such a word, a reader of JSON would show a piece.
    identity = { secretKey: random32().replace(/0x./, "0xe"), provider: 12 };
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const file = () => join(folder, "identity.json");

  it("begins with nothing, and keeps what was written for the next program", async () => {
    const path = join(folder, "deep", "identity.json");
    expect(await fileIdentity(path, domain).read()).to.equal(undefined);
    for (const written of [{ secretKey: identity.secretKey }, identity]) {
      await fileIdentity(path, domain).write(written);
      expect(await fileIdentity(path, domain).read()).to.deep.equal(written);
    }
    expect(await readdir(join(folder, "deep"))).to.deep.equal(["identity.json"]);
  });

  it("is readable by its owner alone, even where there was a file for everybody", async () => {
    await writeFile(file(), "", { mode: 0o666 });
    await fileIdentity(file(), domain).write(identity);
    expect((await stat(file())).mode & 0o777).to.equal(0o600);
  });

  it("knows its suite by an address in any writing", async () => {
    await fileIdentity(file(), domain).write(identity);
    const upper = { ...domain, taskManager: `0x${"7A".repeat(20)}` };
    expect(await fileIdentity(file(), upper).read()).to.deep.equal(identity);
  });

  /** What is wrong with a file, whose secret it must not tell. */
  const refused = async (alter: (text: string) => string, of = domain) => {
    await fileIdentity(file(), domain).write(identity);
    const text = alter(await readFile(file(), "utf8"));
    await writeFile(file(), text);
    const error = await caught(fileIdentity(file(), of).read(), DocumentFormatError);
    expect(error.document).to.equal(file());
    const told = inspect(error, { depth: 10 }) + JSON.stringify(error) + error.message;
    for (let at = 2; at + 8 <= 66; at++) expect(told).to.not.contain(identity.secretKey.slice(at, at + 8));
    // It may be the only copy.
    expect(await readFile(file(), "utf8")).to.equal(text);
    return error.message;
  };

  it("refuses the file of another suite or another chain", async () => {
    const other = { ...domain, taskManager: `0x${"7b".repeat(20)}` };
    expect(await refused((text) => text, other)).to.match(
      /TaskManager 0x(7a){20} on chain 1071; choose another folder/,
    );
    expect(await refused((text) => text, { ...domain, chainId: 1072n })).to.contain("on chain 1071");
  });

  const altered: [what: string, alter: (text: string) => string, problem: RegExp][] = [
    ["is empty", () => "", /not JSON/],
    ["is cut off within the key", (text) => text.slice(0, text.indexOf('"secretKey"') + 40), /not JSON/],
    ["is cut off at its end", (text) => text.trimEnd().slice(0, -1), /not JSON/],
    ["has lost the quotes of the key", (text) => text.replace(/"(0x[0-9a-f]{64})"/, "$1"), /not JSON/],
    ["has no more than the digits of the key", (text) => text.replace(/"0x([0-9a-f]{64})"/, "$1"), /not JSON/],
    ["has the key alone", (text) => /0x[0-9a-f]{64}/.exec(text)?.[0] ?? "", /not JSON/],
    ["has a line break in the key", (text) => text.replace(/(0x[0-9a-f]{32})/, "$1\n"), /not JSON/],
    ["has a shorter key", (text) => text.replace(/(0x[0-9a-f]{60})[0-9a-f]{4}/, "$1"), /secretKey: is not 32 bytes/],
    ["has no 0x", (text) => text.replace(/0x([0-9a-f]{64})/, "$1"), /secretKey: is not 32 bytes/],
    ["has no key", (text) => text.replace(/,\s*"secretKey": "[^"]*"/, ""), /secretKey/],
    ["has a field too many", (text) => text.replace("{", '{"more": 1,'), /"more"/],
    ["is of another format", (text) => text.replace("identity/1", "identity/2"), /format/],
    ["has half a provider", (text) => text.replace('"provider": 12', '"provider": 1.5'), /provider/],
    ["names no TaskManager", (text) => text.replace("0x7a", "0x"), /taskManager: is no address/],
  ];
  for (const [what, alter, problem] of altered) {
    it(`names the file that ${what}, and tells nothing of the key`, async () => {
      expect(await refused(alter))
        .to.contain(file())
        .and.match(problem);
    });
  }

  it("says when it cannot be read or written", async () => {
    const within = join(file(), "identity.json");
    await writeFile(file(), "");
    const written = await caught(fileIdentity(within, domain).write(identity), FileAccessError);
    expect(written.message).to.contain(within).and.contain("written").and.not.contain(identity.secretKey.slice(2, 10));
    expect((await caught(fileIdentity(folder, domain).read(), FileAccessError)).message).to.contain("read");
  });
});
