import { expect } from "chai";
import { sha256, ZeroHash } from "ethers";
import { CidHarness__factory } from "../../../typechain-types/index.js";
import { cidOf } from "../../helpers/cid.js";
import { anAccount } from "../../helpers/accounts.js";
import { loadFixture } from "../../helpers/network.js";
import { Random, SEED } from "../../helpers/seeded.js";

async function deploy() {
  const deployer = await anAccount();
  return new CidHarness__factory(deployer).deploy();
}

describe("Cid.ofSha256", () => {
  it("names the empty block as IPFS does", async () => {
    const cid = await loadFixture(deploy);
    const known = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";
    expect(await cid.ofSha256(sha256("0x"))).to.equal(known);
    expect(cidOf(sha256("0x"))).to.equal(known);
  });

  for (const digest of [ZeroHash, `0x${"ff".repeat(32)}`, `0x01${"00".repeat(31)}`, `0x${"00".repeat(31)}01`]) {
    it(`encodes ${digest}`, async () => {
      const cid = await loadFixture(deploy);
      expect(await cid.ofSha256(digest)).to.equal(cidOf(digest));
    });
  }

  it(`encodes random digests (SEED=${SEED})`, async () => {
    const cid = await loadFixture(deploy);
    const random = new Random(SEED);
    for (let round = 0; round < 30; round++) {
      const digest = random.word();
      expect(await cid.ofSha256(digest)).to.equal(cidOf(digest));
    }
  });
});
