import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { amountsOf, deployEscrow, NOTHING, ONE } from "../../helpers/escrow.js";
import { ethers, loadFixture } from "../../helpers/network.js";

describe("Escrow.depositFor", () => {
  it("adds the caller's coin to the account that is named", async () => {
    const { escrow, client, stranger } = await loadFixture(deployEscrow);
    const deposit = escrow.connect(stranger).depositFor(client, { value: ONE });
    await expect(deposit).to.changeEtherBalances(ethers, [stranger, client, escrow], [-ONE, 0n, ONE]);
    await expect(deposit).to.emit(escrow, "Deposited").withArgs(client.address, stranger.address, ONE);
    expect(await amountsOf(escrow, client, stranger)).to.deep.equal([{ free: ONE, held: 0n, fees: 0n }, NOTHING]);
  });

  it("lets the account spend it and the depositor not", async () => {
    const { escrow, client, stranger } = await loadFixture(deployEscrow);
    await escrow.connect(stranger).depositFor(client, { value: ONE });
    await expect(escrow.connect(stranger).withdraw(1))
      .to.be.revertedWithCustomError(escrow, "InsufficientBalance")
      .withArgs(stranger.address, 0, 1);
    await expect(escrow.connect(client).withdraw(ONE)).to.changeEtherBalance(ethers, client, ONE);
  });

  it("refuses the account zero, from which nobody could take it back", async () => {
    const { escrow, client } = await loadFixture(deployEscrow);
    await expect(escrow.connect(client).depositFor(ZeroAddress, { value: 1 })).to.be.revertedWithCustomError(
      escrow,
      "ZeroAddress",
    );
  });

  it("refuses nothing", async () => {
    const { escrow, client, stranger } = await loadFixture(deployEscrow);
    await expect(escrow.connect(client).depositFor(stranger)).to.be.revertedWithCustomError(escrow, "ZeroAmount");
  });
});
