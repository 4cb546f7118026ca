import { expect } from "chai";
import { amountsOf, deployEscrow, endow, MAX_UINT96, NOTHING } from "../../helpers/escrow.js";
import { ethers, loadFixture, networkHelpers } from "../../helpers/network.js";

describe("Escrow.settleBatch", () => {
  async function funded() {
    const deployed = await deployEscrow();
    await endow(deployed, deployed.client, { free: 1000n, held: 20n, fees: 3n });
    await endow(deployed, deployed.stranger, { free: 500n });
    return deployed;
  }

  it("takes from free balances and adds to free balances", async () => {
    const { escrow, manager, client, stranger, payee, publisher } = await loadFixture(funded);
    await expect(
      escrow.connect(manager).settleBatch(
        [
          { account: client, amount: 700 },
          { account: stranger, amount: 100 },
        ],
        [
          { account: payee, amount: 650 },
          { account: publisher, amount: 150 },
        ],
      ),
    ).to.changeEtherBalances(ethers, [escrow, client, payee], [0n, 0n, 0n]);
    expect(await amountsOf(escrow, client, stranger, payee, publisher, manager)).to.deep.equal([
      { free: 300n, held: 20n, fees: 3n },
      { free: 400n, held: 0n, fees: 0n },
      { free: 650n, held: 0n, fees: 0n },
      { free: 150n, held: 0n, fees: 0n },
      NOTHING,
    ]);
  });

  it("takes an account that is listed twice twice", async () => {
    const { escrow, manager, client, payee } = await loadFixture(funded);
    const debit = { account: client, amount: 500 };
    const credit = { account: payee, amount: 250 };
    await escrow.connect(manager).settleBatch([debit, debit], [credit, credit, credit, credit]);
    expect(await amountsOf(escrow, client, payee)).to.deep.equal([
      { free: 0n, held: 20n, fees: 3n },
      { free: 1000n, held: 0n, fees: 0n },
    ]);
    await expect(escrow.connect(manager).settleBatch([{ account: client, amount: 1 }], []))
      .to.be.revertedWithCustomError(escrow, "InsufficientBalance")
      .withArgs(client.address, 0, 1);
  });

  it("does nothing with empty lists", async () => {
    const { escrow, manager, client } = await loadFixture(funded);
    await escrow.connect(manager).settleBatch([], []);
    await escrow.connect(manager).settleBatch([{ account: client, amount: 0 }], []);
    expect(await amountsOf(escrow, client)).to.deep.equal([{ free: 1000n, held: 20n, fees: 3n }]);
  });

  it("lets no account spend what the same batch credits it", async () => {
    const { escrow, manager, client, payee } = await loadFixture(funded);
    await expect(
      escrow.connect(manager).settleBatch(
        [
          { account: client, amount: 10 },
          { account: payee, amount: 10 },
        ],
        [
          { account: payee, amount: 10 },
          { account: client, amount: 10 },
        ],
      ),
    )
      .to.be.revertedWithCustomError(escrow, "InsufficientBalance")
      .withArgs(payee.address, 0, 10);
    expect(await amountsOf(escrow, client)).to.deep.equal([{ free: 1000n, held: 20n, fees: 3n }]);
  });

  for (const [title, debits, credits] of [
    ["more credits than debits", [600n, 300n], [600n, 301n]],
    ["fewer credits than debits", [600n, 300n], [600n, 299n]],
    ["credits alone", [], [1n]],
    ["debits alone", [1n], []],
  ] as const) {
    it(`refuses ${title}`, async () => {
      const { escrow, manager, client, payee } = await loadFixture(funded);
      const sum = (list: readonly bigint[]) => list.reduce((total, amount) => total + amount, 0n);
      await expect(
        escrow.connect(manager).settleBatch(
          debits.map((amount) => ({ account: client, amount })),
          credits.map((amount) => ({ account: payee, amount })),
        ),
      )
        .to.be.revertedWithCustomError(escrow, "UnbalancedBatch")
        .withArgs(sum(debits), sum(credits));
      expect(await amountsOf(escrow, client, payee)).to.deep.equal([{ free: 1000n, held: 20n, fees: 3n }, NOTHING]);
    });
  }

  it("refuses more than an account has free", async () => {
    const { escrow, manager, client, payee } = await loadFixture(funded);
    await expect(
      escrow.connect(manager).settleBatch([{ account: client, amount: 1001 }], [{ account: payee, amount: 1001 }]),
    )
      .to.be.revertedWithCustomError(escrow, "InsufficientBalance")
      .withArgs(client.address, 1000, 1001);
  });

  it("refuses a credit that the account's 96 bits do not hold", async () => {
    const { escrow, manager, client, payee } = await loadFixture(funded);
    await networkHelpers.setBalance(payee.address, 2n ** 98n);
    await escrow.connect(payee).deposit({ value: MAX_UINT96 });
    await expect(escrow.connect(manager).settleBatch([{ account: client, amount: 1 }], [{ account: payee, amount: 1 }]))
      .to.be.revertedWithCustomError(escrow, "SafeCastOverflowedUintDowncast")
      .withArgs(96, 2n ** 96n);
  });

  it("is TaskManager's alone", async () => {
    const { escrow, client, pool, stranger } = await loadFixture(funded);
    for (const caller of [client, pool, stranger]) {
      await expect(escrow.connect(caller).settleBatch([], []))
        .to.be.revertedWithCustomError(escrow, "NotAuthorised")
        .withArgs(caller.address);
    }
  });
});
