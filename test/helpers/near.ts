import { expect } from "chai";

/** Fails if a number is farther from another than it may be. Hardhat's matchers take chai's `closeTo` for integers only. */
export function expectNear(found: number, expected: number, tolerance: number): void {
  const near = Math.abs(found - expected) <= tolerance;
  expect(near, `${found} is farther than ${tolerance} from ${expected}`).to.equal(true);
}
