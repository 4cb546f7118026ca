import { expect } from "chai";
import { toUtf8Bytes } from "ethers";
import { digestOf } from "../../../src/content/digest.js";
import { createChecks } from "../../../src/market/run/checks.js";
import { draftOrder, type Order, Verification } from "../../../src/protocol/order.js";
import { rejection } from "../../helpers/caught.js";

const TRUTH = toUtf8Bytes("the truth");
const OTHER = toUtf8Bytes("another");
const ONE = `0x${"01".repeat(32)}`;
const TWO = `0x${"02".repeat(32)}`;
const { signal } = new AbortController();

const orderOf = (inputDigest: string, changes: Partial<Order> = {}): Order =>
  draftOrder({
    ...{ client: `0x${"c1".repeat(20)}`, source: 1, maxReward: 1n, deadline: 1, inputDigest },
    ...{ verification: Verification.Review, trust: 2, ...changes },
  });

/** Checks that compute the truth, and how often they did. */
function aCheck(quarrels: boolean) {
  const asked: string[] = [];
  let isAway = false;
  const checks = createChecks(
    ({ inputDigest }) => {
      asked.push(inputDigest);
      return isAway ? Promise.reject(new Error("away")) : Promise.resolve(TRUTH);
    },
    { quarrels },
  );
  const recompute = async (inputDigest: string) =>
    digestOf(await checks.spotCheck.recompute(orderOf(inputDigest), signal));
  return { ...checks, asked, recompute, away: (value: boolean) => (isAway = value) };
}

describe("market.checks", () => {
  it("draw every order that can be disputed, and no other one", () => {
    const { fraction, draw } = aCheck(true).spotCheck;
    const isDrawn = (changes: Partial<Order>) => (draw?.(orderOf(ONE, changes)) ?? 1) < fraction;
    expect(isDrawn({})).to.equal(true);
    expect(isDrawn({ trust: 0 })).to.equal(false);
    expect(isDrawn({ verification: Verification.Quorum })).to.equal(false);
  });

  it("compute each output once, and once more if that failed", async () => {
    const check = aCheck(false);
    check.away(true);
    expect(await rejection(check.recompute(ONE))).to.have.property("message", "away");
    expect(await check.isRight(ONE, TRUTH)).to.equal(false);
    check.away(false);
    for (let time = 0; time < 3; time++) expect(await check.recompute(ONE)).to.equal(digestOf(TRUTH));
    await check.recompute(TWO);
    expect(check.asked).to.deep.equal([ONE, ONE, TWO]);
  });

  it("know whether an output is the one that was computed, and nothing of what was not", async () => {
    const check = aCheck(false);
    expect(await check.isRight(ONE, TRUTH)).to.equal(false);
    await check.recompute(ONE);
    expect(await check.isRight(ONE, TRUTH)).to.equal(true);
    expect(await check.isRight(ONE, OTHER)).to.equal(false);
    expect(await check.isRight(TWO, TRUTH)).to.equal(false);
  });

  it("say the truth of all that comes, if nobody quarrels", async () => {
    const check = aCheck(false);
    check.came(ONE, TRUTH);
    expect(await check.recompute(ONE)).to.equal(digestOf(TRUTH));
  });

  it("claim once that a right output is wrong, and know better all the same", async () => {
    const check = aCheck(true);
    // Where something is wrong there is nothing to make up.
    check.came(ONE, OTHER);
    expect(await check.recompute(ONE)).to.equal(digestOf(TRUTH));
    check.came(TWO, TRUTH);
    expect(await check.recompute(TWO)).to.not.equal(digestOf(TRUTH));
    expect(await check.isRight(TWO, TRUTH)).to.equal(true);
    // When it is ordered again, and of all others.
    expect(await check.recompute(TWO)).to.equal(digestOf(TRUTH));
    check.came(ONE, TRUTH);
    expect(await check.recompute(ONE)).to.equal(digestOf(TRUTH));
  });

  it("claim nothing of what a panel brings: it would never be accepted", async () => {
    const check = aCheck(true);
    check.disputed(ONE);
    check.came(ONE, TRUTH);
    expect(await check.recompute(ONE)).to.equal(digestOf(TRUTH));
  });
});
