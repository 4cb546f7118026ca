import { expect } from "chai";
import {
  setPriceParameters,
  type SetPriceParametersRevert,
} from "../../../../src/protocol/actions/setPriceParameters.js";
import { FieldRangeError } from "../../../../src/protocol/errors.js";
import { DEFAULT_PARAMETERS } from "../../../../src/protocol/parameters.js";
import { snapshot } from "../../../../src/protocol/snapshot.js";
import { caught } from "../../../helpers/caught.js";
import { loadFixture } from "../../../helpers/network.js";
import { protocolOf } from "../../../helpers/protocol.js";
import { expectRevert } from "../../../helpers/refusal.js";
import { deployMarket } from "../../../helpers/suite.js";

/** Least and greatest that the contracts take. */
const BOUNDS = { target: [5_000, 9_500], speed: [10, 40_000], clamp: [10, 1_000] } as const;
const FIELDS = ["target", "speed", "clamp"] as const;

const setUp = async () => {
  const market = await loadFixture(deployMarket);
  return {
    market,
    owner: await protocolOf(market, market.owner),
    stranger: await protocolOf(market, market.stranger),
  };
};

describe("protocol.setPriceParameters", () => {
  it("changes them, at either end of their bounds, and tells them", async () => {
    const { owner } = await setUp();
    expect((await snapshot(owner, "suite")).priceParameters).to.deep.equal(DEFAULT_PARAMETERS.price);
    for (const end of [0, 1] as const) {
      const parameters = { target: BOUNDS.target[end], speed: BOUNDS.speed[end], clamp: BOUNDS.clamp[end] };
      const { target, speed, clamp } = await setPriceParameters(owner, parameters);
      expect({ target, speed, clamp }).to.deep.equal(parameters);
      expect((await snapshot(owner, "suite")).priceParameters).to.deep.equal(parameters);
    }
  });

  for (const field of FIELDS) {
    it(`is refused for a ${field} beyond either of its bounds`, async () => {
      const { owner } = await setUp();
      const [least, most] = BOUNDS[field];
      for (const value of [least - 1, most + 1]) {
        const parameters = { ...DEFAULT_PARAMETERS.price, [field]: value };
        const args = { value: BigInt(value), minimum: BigInt(least), maximum: BigInt(most) };
        const changed = setPriceParameters(owner, parameters);
        await expectRevert<SetPriceParametersRevert>(changed, "PriceParameterOutOfBounds", args);
      }
      const wide = setPriceParameters(owner, { ...DEFAULT_PARAMETERS.price, [field]: 2 ** 16 });
      expect((await caught(wide, FieldRangeError)).field).to.equal(field);
      expect((await snapshot(owner, "suite")).priceParameters).to.deep.equal(DEFAULT_PARAMETERS.price);
    });
  }

  it("is refused to others", async () => {
    const { market, stranger } = await setUp();
    const changed = setPriceParameters(stranger, DEFAULT_PARAMETERS.price);
    await expectRevert<SetPriceParametersRevert>(changed, "OwnableUnauthorizedAccount", {
      account: market.stranger.address,
    });
  });
});
