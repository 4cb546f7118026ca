import { expect } from "chai";
import { taskIdOf } from "../../../../src/protocol/order.js";
import { submit } from "../../../../src/protocol/actions/submit.js";
import { RevertError } from "../../../../src/protocol/reverts.js";
import { loadFixture } from "../../../helpers/network.js";
import { protocolOf } from "../../../helpers/protocol.js";
import { CAP, deployMarket, FLOOR, reviewOrder } from "../../../helpers/suite.js";

describe("protocol.submit", () => {
  const setUp = async () => {
    const market = await loadFixture(deployMarket);
    return { market, protocol: await protocolOf(market, market.client) };
  };

  it("posts an order and tells its id and start price", async () => {
    const { market, protocol } = await setUp();
    const order = await reviewOrder(market);
    const { taskId, startPrice } = await submit(protocol, { order });
    expect(taskId).to.equal(taskIdOf(order, protocol.domain));
    expect(startPrice).to.be.within(FLOOR, FLOOR + CAP / 2n ** 32n + 1n);
    expect((await market.escrow.accountOf(market.client)).held).to.equal(CAP);
  });

  it("takes the cap from the attached coin", async () => {
    const { market, protocol } = await setUp();
    const before = await market.escrow.accountOf(market.client);
    await submit(protocol, { order: await reviewOrder(market), attach: true });
    const { free, held } = await market.escrow.accountOf(market.client);
    expect(free).to.equal(before.free);
    expect(held).to.equal(CAP);
  });

  it("throws what the contract refuses, typed", async () => {
    const { market, protocol } = await setUp();
    const order = await reviewOrder(market, { maxReward: FLOOR - 1n });
    const error: unknown = await submit(protocol, { order }).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(RevertError);
    expect((error as RevertError).revert).to.equal("CapBelowFloor");
    expect((error as RevertError).args).to.deep.equal({ maxReward: FLOOR - 1n, floorPrice: FLOOR });
  });
});
