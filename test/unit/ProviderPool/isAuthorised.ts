import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { loadFixture } from "../../helpers/network.js";
import { deployProvider, PROVIDER } from "../../helpers/pool.js";

describe("ProviderPool.isAuthorised", () => {
  const table = [
    ["owner", PROVIDER, true],
    ["agent", PROVIDER, true],
    ["payout", PROVIDER, false],
    ["stranger", PROVIDER, false],
    ["manager", PROVIDER, false],
    ["stranger", 1n, true],
    ["owner", 1n, false],
    ["agent", 1n, false],
    ["owner", 3n, false],
  ] as const;
  for (const [who, provider, authorised] of table) {
    it(`is ${authorised} for the ${who} and provider ${provider}`, async () => {
      const fixture = await loadFixture(deployProvider);
      expect(await fixture.pool.isAuthorised(provider, fixture[who])).to.equal(authorised);
    });
  }

  it("is false for zero", async () => {
    const { pool } = await loadFixture(deployProvider);
    expect(await pool.isAuthorised(PROVIDER, ZeroAddress)).to.equal(false);
    expect(await pool.isAuthorised(0, ZeroAddress)).to.equal(false);
  });
});
