import { expect } from "chai";
import { concat, dataSlice, Signature, toBeHex } from "ethers";
import { packOrder, signOrder, taskIdOf } from "../../src/protocol/order.js";
import { loadFixture } from "../helpers/network.js";
import { TaskState } from "../helpers/states.js";
import { attest, deployMarket, reviewOrder, signedProof } from "../helpers/suite.js";

/** Order of the curve. */
const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** What third parties can make of a signature without its key. */
const TWINS: Record<string, (signature: string) => string> = {
  "with s at the high end": (signature) => {
    const { r, s, v } = Signature.from(signature);
    return concat([r, toBeHex(N - BigInt(s), 32), toBeHex(55 - v, 1)]);
  },
  "with s at the high end and the same v": (signature) => {
    const { r, s, v } = Signature.from(signature);
    return concat([r, toBeHex(N - BigInt(s), 32), toBeHex(v, 1)]);
  },
  "in 64 bytes": (signature) => Signature.from(signature).compactSerialized,
  "with v of 0 or 1": (signature) =>
    concat([dataSlice(signature, 0, 64), toBeHex(Signature.from(signature).v - 27, 1)]),
  "with the other v": (signature) =>
    concat([dataSlice(signature, 0, 64), toBeHex(55 - Signature.from(signature).v, 1)]),
  "with v of 29": (signature) => concat([dataSlice(signature, 0, 64), "0x1d"]),
  "with one byte more": (signature) => concat([signature, "0x00"]),
  "with one byte less": (signature) => dataSlice(signature, 0, 64),
  twice: (signature) => concat([signature, signature]),
  "with no bytes": () => "0x",
  "with r and s exchanged": (signature) => {
    const { r, s, v } = Signature.from(signature);
    return concat([s, r, toBeHex(v, 1)]);
  },
};

describe("adversary: other forms of a signature", () => {
  for (const [name, twin] of Object.entries(TWINS)) {
    describe(`when it comes ${name}`, () => {
      it("it does not post the order it was made for", async () => {
        const market = await loadFixture(deployMarket);
        const { taskManager, client } = market;
        const order = await reviewOrder(market);
        const signature = await signOrder(client, order, market.domain);
        const taskId = taskIdOf(order, market.domain);
        const forged = twin(signature);
        expect(forged).not.to.equal(signature);
        await expect(taskManager.submitSigned(packOrder(order), forged))
          .to.be.revertedWithCustomError(taskManager, "InvalidSignature")
          .withArgs(taskId, client);
        await taskManager.submitSigned(packOrder(order), signature);
        expect((await taskManager.getTask(taskId)).state).to.equal(TaskState.Open);
      });

      it("it signs no order for a proof, and no attestation", async () => {
        const market = await loadFixture(deployMarket);
        const { taskManager, client, attestation } = market;
        const { packed, order, taskId } = await signedProof(market);
        const manager = market.taskManager.connect(market.agent);
        const unsigned = { ...packed, signature: twin(packed.signature) };
        const unproven = { ...packed, proof: twin(packed.proof) };
        for (const prove of [
          (entry: typeof packed) => manager.proveSigned(1, entry),
          (entry: typeof packed) => manager.proveBatch(1, [entry]),
        ]) {
          await expect(prove(unsigned))
            .to.be.revertedWithCustomError(taskManager, "InvalidSignature")
            .withArgs(taskId, client);
          await expect(prove(unproven))
            .to.be.revertedWithCustomError(taskManager, "ProofRejected")
            .withArgs(taskId, attestation);
        }
        const { resultDigest, envelopeHash } = packed;
        expect(packed.proof).to.equal(
          await attest(market, taskId, 1n, order.inputDigest, { resultDigest, envelopeHash }),
        );
        await manager.proveSigned(1, packed);
        expect((await taskManager.getTask(taskId)).state).to.equal(TaskState.Settled);
      });
    });
  }
});
