import { expect } from "chai";
import { toBeHex, ZeroHash } from "ethers";
import { BoundedCallHarness__factory, HostileCallee__factory } from "../../../typechain-types/index.js";
import { anAccount } from "../../helpers/accounts.js";
import { loadFixture } from "../../helpers/network.js";

const WORD = `0x${"a5".repeat(32)}`;
const CAP = 500_000n;
/** The callee's share must be at most 63/64 of what is left, and 5,000 gas are kept back. */
const REQUIRED = (CAP * 64n) / 63n + 5000n;

async function deploy() {
  const deployer = await anAccount();
  const harness = await new BoundedCallHarness__factory(deployer).deploy();
  const callee = await new HostileCallee__factory(deployer).deploy();
  const answer = (size: number, reverts = false) =>
    callee.interface.encodeFunctionData("answer", [WORD, size, reverts]);
  return { harness, callee, answer, deployer };
}

describe("BoundedCall.staticWord", () => {
  it("has half a million gas for verifiers and wallets", async () => {
    const { harness } = await loadFixture(deploy);
    expect(await harness.GAS()).to.equal(CAP);
  });

  for (const [title, size, reverts, word] of [
    ["a word", 32, false, WORD],
    ["more than a word", 33, false, WORD],
    ["two words", 64, false, WORD],
    ["much more than it reads", 20_000, false, WORD],
    ["a byte less than a word", 31, false, ZeroHash],
    ["a byte", 1, false, ZeroHash],
    ["nothing", 0, false, ZeroHash],
    ["a revert with a word", 32, true, ZeroHash],
    ["a revert with much data", 20_000, true, ZeroHash],
    ["a bare revert", 0, true, ZeroHash],
  ] as const) {
    it(`answers ${word === WORD ? "the first word" : "zero"} to ${title}`, async () => {
      const { harness, callee, answer } = await loadFixture(deploy);
      expect(await harness.staticWord(callee, CAP, answer(size, reverts))).to.equal(word);
    });
  }

  it("answers zero if there is no contract", async () => {
    const { harness, deployer, answer } = await loadFixture(deploy);
    expect(await harness.staticWord(deployer, CAP, answer(32))).to.equal(ZeroHash);
  });

  it("answers zero to a callee that uses up all its gas, and goes on", async () => {
    const { harness, callee } = await loadFixture(deploy);
    const burn = callee.interface.encodeFunctionData("burn");
    expect(await harness.staticWord(callee, CAP, burn)).to.equal(ZeroHash);
    expect(await harness.staticWord.estimateGas(callee, CAP, burn)).to.be.below(CAP + 60_000n);
  });

  it("answers zero to a callee that writes", async () => {
    const { harness, callee } = await loadFixture(deploy);
    expect(await callee.write.staticCall()).to.equal(1n);
    const write = callee.interface.encodeFunctionData("write");
    expect(await harness.staticWord(callee, CAP, write)).to.equal(ZeroHash);
  });

  it("answers nothing of an earlier call", async () => {
    const { harness, callee, answer } = await loadFixture(deploy);
    expect(await harness.secondWord(callee, CAP, answer(32), answer(0))).to.equal(ZeroHash);
    expect(await harness.secondWord(callee, CAP, answer(32), answer(31))).to.equal(ZeroHash);
    expect(await harness.secondWord(callee, CAP, answer(0), answer(32))).to.equal(WORD);
  });

  describe("whatever gas the caller attaches", () => {
    it("gives the callee its share exactly, or reverts", async () => {
      const { harness, callee } = await loadFixture(deploy);
      const gasHere = callee.interface.encodeFunctionData("gasHere");
      const call = (gasLimit: bigint) => harness.staticWord(callee, CAP, gasHere, { gasLimit });
      const full = await call(5_000_000n);
      expect(BigInt(full)).to.be.within(CAP - 1000n, CAP);

      // The least gas with which the call succeeds.
      let [least, enough] = [REQUIRED, REQUIRED + 100_000n];
      while (least < enough) {
        const middle = (least + enough) / 2n;
        if (
          await call(middle).then(
            () => true,
            () => false,
          )
        )
          enough = middle;
        else least = middle + 1n;
      }
      for (const more of [0n, 1n, 2n, 100n, 10_000n]) expect(await call(least + more)).to.equal(full);
      await expect(call(least - 1n)).to.be.revertedWithCustomError(harness, "InsufficientCallGas");
    });

    for (const cap of [CAP, 100_000n, 63n]) {
      it(`tells how much a share of ${cap} needs`, async () => {
        const { harness, callee, answer } = await loadFixture(deploy);
        const required = (cap * 64n) / 63n + 5000n;
        // 22,000 for the transaction and its data leave too little.
        await expect(harness.staticWord(callee, cap, answer(32), { gasLimit: required + 22_000n }))
          .to.be.revertedWithCustomError(harness, "InsufficientCallGas")
          .withArgs((available: bigint) => available < required && available > required - 8000n, required);
        expect(await harness.staticWord(callee, cap, answer(32), { gasLimit: required + 60_000n })).to.equal(
          cap === 63n ? ZeroHash : WORD,
        );
      });
    }

    it("lets a share that is too small fail the callee only", async () => {
      const { harness, callee } = await loadFixture(deploy);
      const gasHere = callee.interface.encodeFunctionData("gasHere");
      expect(await harness.staticWord(callee, 10, gasHere)).to.equal(ZeroHash);
      expect(await harness.staticWord(callee, 10_000, gasHere)).not.to.equal(toBeHex(0, 32));
    });
  });
});
