import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { acceptOwnership, type AcceptOwnershipRevert } from "../../../../src/protocol/actions/acceptOwnership.js";
import { offerOwnership, type OfferOwnershipRevert } from "../../../../src/protocol/actions/offerOwnership.js";
import { renounceOwnership, type RenounceOwnershipRevert } from "../../../../src/protocol/actions/renounceOwnership.js";
import { setFee, type SetFeeRevert } from "../../../../src/protocol/actions/setFee.js";
import {
  setSubmissionsPaused,
  type SetSubmissionsPausedRevert,
} from "../../../../src/protocol/actions/setSubmissionsPaused.js";
import { setTreasury, type SetTreasuryRevert } from "../../../../src/protocol/actions/setTreasury.js";
import { loadFixture } from "../../../helpers/network.js";
import { protocolOf } from "../../../helpers/protocol.js";
import { expectRevert } from "../../../helpers/refusal.js";
import { deployMarket } from "../../../helpers/suite.js";

const setUp = async () => {
  const market = await loadFixture(deployMarket);
  const protocol = await protocolOf(market, market.owner);
  const foreign = await protocolOf(market, market.stranger);
  const { owner, stranger, taskManager: manager } = market;
  return { manager, protocol, foreign, owner: owner.address, stranger: stranger.address };
};

describe("protocol.setFee", () => {
  it("changes the fee", async () => {
    const { manager, protocol } = await setUp();
    expect((await setFee(protocol, { feeBps: 333 })).feeBps).to.equal(333);
    expect(await manager.feeBps()).to.equal(333n);
  });

  it("is refused out of bounds, and to others", async () => {
    const { protocol, foreign, stranger } = await setUp();
    const bounds = { minimum: 10n, maximum: 1000n };
    for (const feeBps of [9, 1001]) {
      const args = { feeBps: BigInt(feeBps), ...bounds };
      await expectRevert<SetFeeRevert>(setFee(protocol, { feeBps }), "FeeOutOfBounds", args);
    }
    await expectRevert<SetFeeRevert>(setFee(foreign, { feeBps: 10 }), "OwnableUnauthorizedAccount", {
      account: stranger,
    });
  });
});

describe("protocol.setTreasury", () => {
  it("changes the treasury", async () => {
    const { manager, protocol, stranger } = await setUp();
    expect((await setTreasury(protocol, { treasury: stranger })).treasury).to.equal(stranger);
    expect(await manager.treasury()).to.equal(stranger);
  });

  it("is refused for nobody, and to others", async () => {
    const { protocol, foreign, stranger } = await setUp();
    await expectRevert<SetTreasuryRevert>(setTreasury(protocol, { treasury: ZeroAddress }), "ZeroAddress");
    await expectRevert<SetTreasuryRevert>(setTreasury(foreign, { treasury: stranger }), "OwnableUnauthorizedAccount", {
      account: stranger,
    });
  });
});

describe("protocol.setSubmissionsPaused", () => {
  it("stops and resumes new tasks", async () => {
    const { manager, protocol } = await setUp();
    for (const paused of [true, false]) {
      expect((await setSubmissionsPaused(protocol, { paused })).paused).to.equal(paused);
      expect(await manager.submissionsPaused()).to.equal(paused);
    }
  });

  it("is refused if nothing would change, and to others", async () => {
    const { protocol, foreign, stranger } = await setUp();
    type Revert = SetSubmissionsPausedRevert;
    await expectRevert<Revert>(setSubmissionsPaused(protocol, { paused: false }), "PauseUnchanged", { paused: false });
    await expectRevert<Revert>(setSubmissionsPaused(foreign, { paused: true }), "OwnableUnauthorizedAccount", {
      account: stranger,
    });
  });
});

describe("protocol.offerOwnership and acceptOwnership", () => {
  it("hand the suite over in two steps", async () => {
    const { manager, protocol, foreign, owner, stranger } = await setUp();
    const offered = await offerOwnership(protocol, { to: stranger });
    expect([offered.owner, offered.pendingOwner]).to.deep.equal([owner, stranger]);
    expect([await manager.owner(), await manager.pendingOwner()]).to.deep.equal([owner, stranger]);
    const accepted = await acceptOwnership(foreign);
    expect([accepted.previousOwner, accepted.owner]).to.deep.equal([owner, stranger]);
    expect([await manager.owner(), await manager.pendingOwner()]).to.deep.equal([stranger, ZeroAddress]);
  });

  it("are refused to others, and after the offer is withdrawn", async () => {
    const { protocol, foreign, stranger } = await setUp();
    const args = { account: stranger };
    await expectRevert<OfferOwnershipRevert>(
      offerOwnership(foreign, { to: stranger }),
      "OwnableUnauthorizedAccount",
      args,
    );
    await offerOwnership(protocol, { to: stranger });
    await offerOwnership(protocol, { to: ZeroAddress });
    await expectRevert<AcceptOwnershipRevert>(acceptOwnership(foreign), "OwnableUnauthorizedAccount", args);
  });
});

describe("protocol.renounceOwnership", () => {
  it("leaves the suite without owner", async () => {
    const { manager, protocol, owner } = await setUp();
    expect((await renounceOwnership(protocol)).previousOwner).to.equal(owner);
    expect(await manager.owner()).to.equal(ZeroAddress);
  });

  it("is refused while new tasks are paused, and to others", async () => {
    const { manager, protocol, foreign, owner, stranger } = await setUp();
    await setSubmissionsPaused(protocol, { paused: true });
    await expectRevert<RenounceOwnershipRevert>(renounceOwnership(protocol), "SubmissionsPaused");
    await expectRevert<RenounceOwnershipRevert>(renounceOwnership(foreign), "OwnableUnauthorizedAccount", {
      account: stranger,
    });
    expect(await manager.owner()).to.equal(owner);
  });
});
