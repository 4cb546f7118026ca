import { expect } from "chai";
import { amountsOf, deployEscrow, endow, NOTHING } from "../../helpers/escrow.js";
import { loadFixture } from "../../helpers/network.js";

describe("Escrow.accountOf", () => {
  it("tells nothing of an account never seen", async () => {
    const { escrow, stranger } = await loadFixture(deployEscrow);
    expect(await amountsOf(escrow, stranger)).to.deep.equal([NOTHING]);
  });

  it("tells the three amounts of an account apart", async () => {
    const alone = await loadFixture(deployEscrow);
    await endow(alone, alone.client, { free: 5n, held: 7n, fees: 11n });
    await endow(alone, alone.stranger, { free: 13n });
    expect(await amountsOf(alone.escrow, alone.client, alone.stranger, alone.payee)).to.deep.equal([
      { free: 5n, held: 7n, fees: 11n },
      { free: 13n, held: 0n, fees: 0n },
      NOTHING,
    ]);
  });
});
