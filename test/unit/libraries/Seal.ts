import { expect } from "chai";
import { concat, id, keccak256, toBeHex, ZeroHash } from "ethers";
import { commitmentOf, sealOf } from "../../../src/protocol/seal.js";
import { SealHarness__factory } from "../../../typechain-types/index.js";
import { anAccount } from "../../helpers/accounts.js";
import { loadFixture } from "../../helpers/network.js";
import { Random, SEED } from "../../helpers/seeded.js";

const TYPE = "Seal(bytes32 taskId,uint32 providerId,bytes32 commitment,bytes32 envelopeHash)";

async function deploy() {
  const deployer = await anAccount();
  return new SealHarness__factory(deployer).deploy();
}

describe("Seal", () => {
  it("hashes the type of a seal", async () => {
    const seal = await loadFixture(deploy);
    expect(await seal.SEAL_TYPEHASH()).to.equal(id(TYPE));
  });

  it(`commits to a digest under a salt as the library does (SEED=${SEED})`, async () => {
    const seal = await loadFixture(deploy);
    const random = new Random(SEED);
    for (let round = 0; round < 10; round++) {
      const [digest, salt] = [random.word(), random.word()];
      const commitment = await seal.commitment(digest, salt);
      expect(commitment).to.equal(keccak256(concat([digest, salt])));
      expect(commitmentOf(digest, salt)).to.equal(commitment);
      expect(await seal.commitment(salt, digest)).not.to.equal(commitment);
    }
  });

  it(`seals task, provider, commitment and envelope as the library does (SEED=${SEED})`, async () => {
    const seal = await loadFixture(deploy);
    const random = new Random(SEED);
    for (let round = 0; round < 10; round++) {
      const [taskId, commitment, envelopeHash] = [random.word(), random.word(), random.word()];
      const provider = random.bits(32);
      const hash = await seal.hash(taskId, provider, commitment, envelopeHash);
      expect(hash).to.equal(keccak256(concat([id(TYPE), taskId, toBeHex(provider, 32), commitment, envelopeHash])));
      expect(sealOf({ taskId, provider, commitment, envelopeHash })).to.equal(hash);
      expect(sealOf({ taskId, provider: Number(provider), commitment, envelopeHash })).to.equal(hash);
    }
  });

  it("is another seal for another task, provider, commitment or envelope", async () => {
    const seal = await loadFixture(deploy);
    const [one, two, three] = [id("one"), id("two"), id("three")];
    const seals = await Promise.all([
      seal.hash(one, 1, two, three),
      seal.hash(ZeroHash, 1, two, three),
      seal.hash(one, 2, two, three),
      seal.hash(one, 1, ZeroHash, three),
      seal.hash(one, 1, two, ZeroHash),
      seal.hash(one, 1, three, two),
      seal.hash(two, 1, one, three),
    ]);
    expect(new Set(seals).size).to.equal(seals.length);
  });
});
