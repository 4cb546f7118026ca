import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { AttestationVerifier__factory } from "../../../typechain-types/index.js";
import { deployVerifier } from "../../helpers/attestation.js";
import { loadFixture } from "../../helpers/network.js";

describe("AttestationVerifier.constructor", () => {
  it("keeps attesters and threshold and tells them", async () => {
    const { verifier, attesters, deployer } = await loadFixture(deployVerifier);
    expect(await verifier.THRESHOLD()).to.equal(2);
    for (const attester of attesters) expect(await verifier.isAttester(attester)).to.equal(true);
    expect(await verifier.isAttester(deployer)).to.equal(false);
    await expect(verifier.deploymentTransaction()).to.emit(verifier, "AttestersSet").withArgs(attesters, 2);
  });

  it("names its domain", async () => {
    const { verifier, domain } = await loadFixture(deployVerifier);
    const { name, version, chainId, verifyingContract } = await verifier.eip712Domain();
    expect({ name, version, chainId, verifyingContract }).to.deep.equal(domain);
  });

  for (const threshold of [1, 3]) {
    it(`takes ${threshold} of three`, async () => {
      const { attesters, deployer } = await loadFixture(deployVerifier);
      const other = await new AttestationVerifier__factory(deployer).deploy(attesters, threshold);
      expect(await other.THRESHOLD()).to.equal(threshold);
    });
  }

  for (const threshold of [0, 4]) {
    it(`refuses ${threshold} of three`, async () => {
      const { verifier, attesters, deployer } = await loadFixture(deployVerifier);
      await expect(new AttestationVerifier__factory(deployer).deploy(attesters, threshold))
        .to.be.revertedWithCustomError(verifier, "ThresholdOutOfRange")
        .withArgs(threshold, 3);
    });
  }

  it("refuses no attesters", async () => {
    const { verifier, deployer } = await loadFixture(deployVerifier);
    await expect(new AttestationVerifier__factory(deployer).deploy([], 0))
      .to.be.revertedWithCustomError(verifier, "NoAttesters")
      .withArgs();
  });

  for (const place of [0, 2]) {
    it(`refuses zero in place ${place}`, async () => {
      const { verifier, attesters, deployer } = await loadFixture(deployVerifier);
      await expect(new AttestationVerifier__factory(deployer).deploy(attesters.with(place, ZeroAddress), 1))
        .to.be.revertedWithCustomError(verifier, "ZeroAttester")
        .withArgs();
    });
  }

  it("refuses one attester twice", async () => {
    const { verifier, attesters, deployer } = await loadFixture(deployVerifier);
    const [first, second] = attesters;
    await expect(new AttestationVerifier__factory(deployer).deploy([first, second, second].map(String), 1))
      .to.be.revertedWithCustomError(verifier, "DuplicateAttester")
      .withArgs(second);
  });
});
