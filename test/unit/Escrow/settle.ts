import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { type Amounts, amountsOf, deployEscrow, endow, MAX_UINT64, NOTHING, owed } from "../../helpers/escrow.js";
import { ethers, loadFixture } from "../../helpers/network.js";

const of = (free: bigint, held = 0n, fees = 0n): Amounts => ({ free, held, fees });

/** One settlement of a client; `payee` and `publisher` may be the client itself. */
interface Case {
  title: string;
  before: Amounts;
  held: bigint;
  pay: [payment: bigint, royalty: bigint, fee: bigint];
  payee?: "client";
  publisher?: "client" | "payee";
  client: Amounts;
  others?: [payee: bigint, publisher: bigint];
}

const cases: Case[] = [
  {
    title: "pays all that was held",
    before: of(10n, 100n, 7n),
    held: 100n,
    pay: [80n, 15n, 5n],
    client: of(10n, 0n, 12n),
    others: [80n, 15n],
  },
  {
    title: "ends a part of what is held and leaves the rest held",
    before: of(10n, 100n, 7n),
    held: 60n,
    pay: [40n, 15n, 5n],
    client: of(10n, 40n, 12n),
    others: [40n, 15n],
  },
  {
    title: "returns what remains",
    before: of(10n, 100n),
    held: 100n,
    pay: [40n, 3n, 2n],
    client: of(65n, 0n, 2n),
    others: [40n, 3n],
  },
  {
    title: "returns everything if nothing is paid",
    before: of(10n, 100n, 7n),
    held: 100n,
    pay: [0n, 0n, 0n],
    client: of(110n, 0n, 7n),
    others: [0n, 0n],
  },
  {
    title: "takes what is missing from the free balance, to its last wei",
    before: of(10n, 100n, 7n),
    held: 100n,
    pay: [90n, 15n, 5n],
    client: of(0n, 0n, 12n),
    others: [90n, 15n],
  },
  {
    title: "takes everything from the free balance if nothing was held",
    before: of(50n, 100n, 7n),
    held: 0n,
    pay: [30n, 8n, 2n],
    client: of(10n, 100n, 9n),
    others: [30n, 8n],
  },
  {
    title: "pays a client that is its own payee",
    before: of(10n, 100n, 7n),
    held: 100n,
    pay: [80n, 15n, 5n],
    payee: "client",
    client: of(90n, 0n, 12n),
    others: [0n, 15n],
  },
  {
    title: "pays a client that is its own payee out of a hold that is too small",
    before: of(10n, 100n, 7n),
    held: 100n,
    pay: [90n, 15n, 5n],
    payee: "client",
    client: of(90n, 0n, 12n),
    others: [0n, 15n],
  },
  {
    title: "pays a publisher that is also the payee both parts",
    before: of(0n, 100n),
    held: 100n,
    pay: [80n, 15n, 5n],
    publisher: "payee",
    client: of(0n, 0n, 5n),
    others: [95n, 0n],
  },
  {
    title: "pays a client that is its own publisher",
    before: of(1n, 100n),
    held: 100n,
    pay: [80n, 15n, 5n],
    publisher: "client",
    client: of(16n, 0n, 5n),
    others: [80n, 0n],
  },
  {
    title: "pays a client that is payee and publisher",
    before: of(1n, 100n),
    held: 100n,
    pay: [80n, 15n, 5n],
    payee: "client",
    publisher: "client",
    client: of(96n, 0n, 5n),
  },
  {
    title: "lets fees rest with the client up to the last that fits",
    before: of(0n, 100n, MAX_UINT64 - 5n),
    held: 100n,
    pay: [80n, 15n, 5n],
    client: of(0n, 0n, MAX_UINT64),
    others: [80n, 15n],
  },
];

describe("Escrow.settle", () => {
  for (const { title, before, held, pay, payee, publisher, client, others } of cases) {
    it(title, async () => {
      const alone = await loadFixture(deployEscrow);
      const { escrow, manager } = alone;
      await endow(alone, alone.client, before);
      const to = payee === "client" ? alone.client : alone.payee;
      const author = publisher === "client" ? alone.client : publisher === "payee" ? alone.payee : alone.publisher;
      const everyone = [alone.client, alone.payee, alone.publisher, manager] as const;
      const total = await owed(escrow, ...everyone);
      const [payment, royalty, fee] = pay;
      const [toPayee, toPublisher] = others ?? [0n, 0n];

      await expect(
        escrow.connect(manager).settle(alone.client, held, to, payment, author, royalty, fee),
      ).to.changeEtherBalances(ethers, [escrow, ...everyone], [0n, 0n, 0n, 0n, 0n]);
      expect(await amountsOf(escrow, ...everyone)).to.deep.equal([client, of(toPayee), of(toPublisher), NOTHING]);
      expect(await owed(escrow, ...everyone)).to.equal(total);
    });
  }

  it("adds to what payee and publisher have, and leaves what they hold and owe alone", async () => {
    const alone = await loadFixture(deployEscrow);
    const { escrow, manager, client, payee, publisher } = alone;
    await endow(alone, client, of(0n, 100n));
    await endow(alone, payee, of(1n, 2n, 3n));
    await endow(alone, publisher, of(4n, 5n, 6n));
    await escrow.connect(manager).settle(client, 100, payee, 80, publisher, 15, 5);
    expect(await amountsOf(escrow, payee, publisher)).to.deep.equal([of(81n, 2n, 3n), of(19n, 5n, 6n)]);
  });

  it("needs neither payee nor publisher where nothing is due to them", async () => {
    const alone = await loadFixture(deployEscrow);
    const { escrow, manager, client } = alone;
    await endow(alone, client, of(0n, 100n));
    await escrow.connect(manager).settle(client, 100, ZeroAddress, 0, ZeroAddress, 0, 5);
    expect(await amountsOf(escrow, client, ZeroAddress)).to.deep.equal([of(95n, 0n, 5n), NOTHING]);
  });

  describe("when the fees outgrow their 64 bits", () => {
    for (const [title, fees, fee] of [
      ["by one wei", MAX_UINT64 - 5n, 6n],
      ["by much, in one settlement", 0n, MAX_UINT64 + 1000n],
    ] as const) {
      it(`credits all of them to TaskManager, ${title}`, async () => {
        const alone = await loadFixture(deployEscrow);
        const { escrow, manager, client, payee, publisher } = alone;
        await endow(alone, client, of(10n, fee + 100n, fees));
        await endow(alone, manager, of(1n, 2n, 3n));
        await escrow.connect(manager).settle(client, fee + 100n, payee, 85, publisher, 15, fee);
        expect(await amountsOf(escrow, client, payee, publisher, manager)).to.deep.equal([
          of(10n),
          of(85n),
          of(15n),
          of(1n + fees + fee, 2n, 3n),
        ]);
      });
    }
  });

  describe("when the client has too little", () => {
    it("refuses to end more than is held", async () => {
      const alone = await loadFixture(deployEscrow);
      const { escrow, manager, client, payee, publisher } = alone;
      await endow(alone, client, of(1000n, 100n));
      await expect(escrow.connect(manager).settle(client, 101, payee, 1, publisher, 0, 0))
        .to.be.revertedWithCustomError(escrow, "InsufficientHeld")
        .withArgs(client.address, 100, 101);
    });

    for (const [part, pay] of [
      ["payment", [91n, 15n, 5n]],
      ["royalty", [90n, 16n, 5n]],
      ["fee", [90n, 15n, 6n]],
    ] as const) {
      it(`refuses a ${part} one wei too high`, async () => {
        const alone = await loadFixture(deployEscrow);
        const { escrow, manager, client, payee, publisher } = alone;
        // Another 50 wei are held for another task: they are not spent on this one.
        await endow(alone, client, of(10n, 150n, 7n));
        await expect(escrow.connect(manager).settle(client, 100, payee, pay[0], publisher, pay[1], pay[2]))
          .to.be.revertedWithCustomError(escrow, "InsufficientBalance")
          .withArgs(client.address, 110, 111);
        expect(await amountsOf(escrow, client, payee)).to.deep.equal([of(10n, 150n, 7n), NOTHING]);
      });
    }
  });

  it("is TaskManager's alone", async () => {
    const alone = await loadFixture(deployEscrow);
    const { escrow, client, pool, payee, publisher } = alone;
    await endow(alone, client, of(0n, 100n));
    for (const caller of [client, pool, payee]) {
      await expect(escrow.connect(caller).settle(client, 100, payee, 1, publisher, 1, 1))
        .to.be.revertedWithCustomError(escrow, "NotAuthorised")
        .withArgs(caller.address);
    }
  });
});
