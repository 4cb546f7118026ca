import { expect } from "chai";
import { ZeroAddress } from "ethers";
import {
  type Amounts,
  amountsOf,
  deployEscrow,
  endow,
  type EscrowAlone,
  MAX_UINT64,
  MAX_UINT96,
  NOTHING,
  owed,
} from "../../helpers/escrow.js";
import { ethers, loadFixture, networkHelpers } from "../../helpers/network.js";

const of = (free: bigint, held = 0n, fees = 0n): Amounts => ({ free, held, fees });

type Payee = "client" | "payee" | "publisher" | "stranger" | "manager";

/** One round of a client. */
interface Case {
  title: string;
  client: Amounts;
  /** What TaskManager has before, free. */
  manager?: bigint;
  held: bigint;
  credits: [to: Payee, amount: bigint][];
  fee: bigint;
  /** Who has what afterwards. */
  after: Partial<Record<Payee, Amounts>>;
}

const cases: Case[] = [
  {
    title: "pays every credit and the fee from what was held",
    client: of(10n, 100n, 7n),
    held: 100n,
    credits: [
      ["payee", 40n],
      ["stranger", 40n],
      ["publisher", 15n],
    ],
    fee: 5n,
    after: { client: of(10n, 0n, 12n), payee: of(40n), stranger: of(40n), publisher: of(15n) },
  },
  {
    title: "returns what remains, and leaves the rest held",
    client: of(10n, 150n),
    held: 100n,
    credits: [["payee", 40n]],
    fee: 2n,
    after: { client: of(68n, 50n, 2n), payee: of(40n) },
  },
  {
    title: "returns everything if nothing is paid",
    client: of(10n, 100n, 7n),
    held: 100n,
    credits: [],
    fee: 0n,
    after: { client: of(110n, 0n, 7n) },
  },
  {
    title: "pays an account that is listed twice twice",
    client: of(0n, 100n),
    held: 100n,
    credits: [
      ["payee", 40n],
      ["payee", 41n],
      ["stranger", 9n],
      ["payee", 1n],
    ],
    fee: 0n,
    after: { client: of(9n), payee: of(82n), stranger: of(9n) },
  },
  {
    title: "pays a client that is among the winners, and publisher beside",
    client: of(1n, 100n),
    held: 100n,
    credits: [
      ["client", 40n],
      ["payee", 40n],
      ["client", 15n],
    ],
    fee: 5n,
    after: { client: of(56n, 0n, 5n), payee: of(40n) },
  },
  {
    title: "lets fees rest with the client up to the last that fits",
    client: of(0n, 100n, MAX_UINT64 - 5n),
    held: 100n,
    credits: [["payee", 95n]],
    fee: 5n,
    after: { client: of(0n, 0n, MAX_UINT64), payee: of(95n) },
  },
  {
    title: "credits TaskManager with all fees once they outgrow their 64 bits",
    client: of(0n, 100n, MAX_UINT64 - 5n),
    manager: 7n,
    held: 100n,
    credits: [["payee", 90n]],
    fee: 6n,
    after: { client: of(4n), payee: of(90n), manager: of(MAX_UINT64 + 8n) },
  },
];

/** Settles a round as TaskManager. */
const settleRound = (alone: EscrowAlone, { held, credits, fee }: Omit<Case, "title" | "client" | "after">) =>
  alone.escrow.connect(alone.manager).settleRound(
    alone.client,
    held,
    credits.map(([to, amount]) => ({ account: alone[to].address, amount })),
    fee,
  );

describe("Escrow.settleRound", () => {
  for (const { title, client, manager = 0n, after, ...round } of cases) {
    it(title, async () => {
      const alone = await loadFixture(deployEscrow);
      const { escrow } = alone;
      await endow(alone, alone.client, client);
      if (manager !== 0n) await endow(alone, alone.manager, of(manager));
      const names: Payee[] = ["client", "payee", "publisher", "stranger", "manager"];
      const everyone = names.map((name) => alone[name]);
      const total = await owed(escrow, ...everyone);
      await expect(settleRound(alone, round)).to.changeEtherBalances(ethers, [escrow, ...everyone], Array(6).fill(0n));
      const expected = names.map((name) => after[name] ?? (name === "manager" ? of(manager) : NOTHING));
      expect(await amountsOf(escrow, ...everyone)).to.deep.equal(expected);
      expect(await owed(escrow, ...everyone)).to.equal(total);
    });
  }

  it("adds to what the winners have, and leaves what they hold and owe alone", async () => {
    const alone = await loadFixture(deployEscrow);
    const { escrow, client, payee } = alone;
    await endow(alone, client, of(0n, 100n));
    await endow(alone, payee, of(1n, 2n, 3n));
    await settleRound(alone, { held: 100n, credits: [["payee", 80n]], fee: 20n });
    expect(await amountsOf(escrow, payee)).to.deep.equal([of(81n, 2n, 3n)]);
  });

  it("needs no account where nothing is due", async () => {
    const alone = await loadFixture(deployEscrow);
    const { escrow, client, manager } = alone;
    await endow(alone, client, of(0n, 100n));
    await escrow.connect(manager).settleRound(client, 100, [{ account: ZeroAddress, amount: 0 }], 5);
    expect(await amountsOf(escrow, client, ZeroAddress)).to.deep.equal([of(95n, 0n, 5n), NOTHING]);
  });

  describe("when it does not add up", () => {
    for (const [title, credits, fee] of [
      ["credits", [101n], 0n],
      ["credits and fee", [95n], 6n],
      ["a fee alone", [], 101n],
    ] as const) {
      it(`refuses ${title} above what was held, though the client has more`, async () => {
        const alone = await loadFixture(deployEscrow);
        const { escrow, client, payee, manager } = alone;
        await endow(alone, client, of(1000n, 150n));
        await endow(alone, manager, of(50n));
        const total = credits.reduce<bigint>((sum, amount) => sum + amount, fee);
        await expect(settleRound(alone, { held: 100n, credits: credits.map((amount) => ["payee", amount]), fee }))
          .to.be.revertedWithCustomError(escrow, "UnbalancedBatch")
          .withArgs(100n, total);
        expect(await amountsOf(escrow, client, payee, manager)).to.deep.equal([of(1000n, 150n), NOTHING, of(50n)]);
      });
    }

    it("refuses to end more than is held", async () => {
      const alone = await loadFixture(deployEscrow);
      const { escrow, client } = alone;
      await endow(alone, client, of(1000n, 100n));
      await expect(settleRound(alone, { held: 101n, credits: [["payee", 1n]], fee: 0n }))
        .to.be.revertedWithCustomError(escrow, "InsufficientHeld")
        .withArgs(client.address, 100, 101);
    });

    it("refuses a credit that the account's 96 bits do not hold", async () => {
      const alone = await loadFixture(deployEscrow);
      const { escrow, client, payee } = alone;
      await endow(alone, client, of(0n, 100n));
      await networkHelpers.setBalance(payee.address, 2n ** 98n);
      await escrow.connect(payee).deposit({ value: MAX_UINT96 });
      await expect(settleRound(alone, { held: 100n, credits: [["payee", 1n]], fee: 0n }))
        .to.be.revertedWithCustomError(escrow, "SafeCastOverflowedUintDowncast")
        .withArgs(96, 2n ** 96n);
    });
  });

  it("is TaskManager's alone", async () => {
    const alone = await loadFixture(deployEscrow);
    const { escrow, client, pool, payee } = alone;
    await endow(alone, client, of(0n, 100n));
    for (const caller of [client, pool, payee]) {
      await expect(escrow.connect(caller).settleRound(client, 100, [{ account: caller, amount: 1 }], 0))
        .to.be.revertedWithCustomError(escrow, "NotAuthorised")
        .withArgs(caller.address);
    }
  });
});
