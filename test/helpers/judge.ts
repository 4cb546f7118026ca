import { expect } from "chai";
import type { Interface } from "ethers";

/** Modes of the contract HostileJudge, in its sequence. */
export const JudgeMode = {
  Yes: 0,
  Zero: 1,
  One: 2,
  DirtyYes: 3,
  LowYes: 4,
  ShortYes: 5,
  Empty: 6,
  Revert: 7,
  RevertYes: 8,
  Invalid: 9,
  Burn: 10,
  BombYes: 11,
  BombRevert: 12,
  WriteYes: 13,
  LogYes: 14,
  CreateYes: 15,
  PayYes: 16,
  YesIfGas: 17,
  YesIfLittleGas: 18,
} as const;

/** Those that are a no, whatever comes with it. */
export const REFUSALS = [
  "Zero",
  "One",
  "DirtyYes",
  "LowYes",
  "ShortYes",
  "Empty",
  "Revert",
  "RevertYes",
  "Invalid",
  "Burn",
  "BombRevert",
  "WriteYes",
  "LogYes",
  "CreateYes",
  "PayYes",
] as const;

/** Gas of a judge. */
export const CALL_GAS = 500_000;
/** What must be left before the call, so that all of it can be passed on. */
export const REQUIRED_GAS = Math.floor((CALL_GAS * 64) / 63) + 5000;
/** What a judge finds at least: all but what its own dispatch costs before it measures. */
export const FOUND_GAS = CALL_GAS - 200;

/** The precompile that answers with what it is asked, which starts with the selector that means yes. */
export const IDENTITY = "0x0000000000000000000000000000000000000004";

/** How a static call ends: "success", the name of a custom error, or "out of gas". */
export async function outcomeOf(call: () => Promise<unknown>, contract: { interface: Interface }): Promise<string> {
  try {
    await call();
    return "success";
  } catch (error) {
    const { data } = error as { data?: unknown };
    // Without an error of a contract's own, only gas can have been the reason here.
    if (typeof data !== "string" || data === "0x") return "out of gas";
    return contract.interface.parseError(data)?.name ?? data;
  }
}

/**
 * Tries a call with gas limits from far too little to plenty and around where the judge is first called. Whatever the
 * limit, the call ends before the judge is asked, or as it ends with plenty.
 */
export async function expectOneAnswer(attempt: (gasLimit: number) => Promise<string>, answer: string): Promise<void> {
  let [low, high] = [60_000, 1_200_000];
  for (let limit = low; limit <= high; limit += 19_000) {
    expect(await attempt(limit)).to.be.oneOf(["out of gas", "InsufficientCallGas", answer]);
  }
  expect(await attempt(high)).to.equal(answer);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const outcome = await attempt(middle);
    expect(outcome).to.be.oneOf(["out of gas", "InsufficientCallGas", answer]);
    if (outcome === answer) high = middle;
    else low = middle;
  }
  expect(await attempt(low)).to.equal("InsufficientCallGas");
  expect(low).to.be.greaterThan(CALL_GAS);
}
