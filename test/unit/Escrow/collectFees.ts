import { expect } from "chai";
import { amountsOf, deployEscrow, endow, NOTHING } from "../../helpers/escrow.js";
import { ethers, loadFixture } from "../../helpers/network.js";

describe("Escrow.collectFees", () => {
  async function withFees() {
    const deployed = await deployEscrow();
    await endow(deployed, deployed.client, { free: 1n, held: 20n, fees: 300n });
    await endow(deployed, deployed.stranger, { free: 4n, fees: 50n });
    await endow(deployed, deployed.payee, { fees: 7n });
    return deployed;
  }

  it("credits the fees of the payers that are listed, and only theirs", async () => {
    const { escrow, manager, client, stranger, payee, publisher } = await loadFixture(withFees);
    const payers = [client, stranger];
    expect(await escrow.connect(manager).collectFees.staticCall(payers, publisher)).to.equal(350n);
    await expect(escrow.connect(manager).collectFees(payers, publisher)).to.changeEtherBalances(
      ethers,
      [escrow, publisher],
      [0n, 0n],
    );
    expect(await amountsOf(escrow, client, stranger, payee, publisher, manager)).to.deep.equal([
      { free: 1n, held: 20n, fees: 0n },
      { free: 4n, held: 0n, fees: 0n },
      { free: 0n, held: 0n, fees: 7n },
      { free: 350n, held: 0n, fees: 0n },
      NOTHING,
    ]);
  });

  it("collects the same fees once, in one call or in two", async () => {
    const { escrow, manager, client, publisher } = await loadFixture(withFees);
    expect(await escrow.connect(manager).collectFees.staticCall([client, client], publisher)).to.equal(300n);
    await escrow.connect(manager).collectFees([client, client], publisher);
    expect(await escrow.connect(manager).collectFees.staticCall([client], publisher)).to.equal(0n);
    await escrow.connect(manager).collectFees([client], publisher);
    expect(await amountsOf(escrow, client, publisher)).to.deep.equal([
      { free: 1n, held: 20n, fees: 0n },
      { free: 300n, held: 0n, fees: 0n },
    ]);
  });

  it("credits a recipient that is itself a payer", async () => {
    const { escrow, manager, client } = await loadFixture(withFees);
    await escrow.connect(manager).collectFees([client], client);
    expect(await amountsOf(escrow, client)).to.deep.equal([{ free: 301n, held: 20n, fees: 0n }]);
  });

  it("collects nothing from nobody", async () => {
    const { escrow, manager, client, publisher } = await loadFixture(withFees);
    expect(await escrow.connect(manager).collectFees.staticCall([], publisher)).to.equal(0n);
    await escrow.connect(manager).collectFees([], publisher);
    expect(await amountsOf(escrow, client, publisher)).to.deep.equal([{ free: 1n, held: 20n, fees: 300n }, NOTHING]);
  });

  it("is TaskManager's alone", async () => {
    const { escrow, client, pool, stranger } = await loadFixture(withFees);
    for (const caller of [client, pool, stranger]) {
      await expect(escrow.connect(caller).collectFees([client], caller))
        .to.be.revertedWithCustomError(escrow, "NotAuthorised")
        .withArgs(caller.address);
    }
  });
});
