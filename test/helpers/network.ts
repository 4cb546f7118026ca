import { network } from "hardhat";
import "./bigints.js";

/** One simulated chain for each test file's process; fixtures snapshot and restore it. */
export const connection = await network.create();
export const { ethers, networkHelpers } = connection;
export const { time } = networkHelpers;

/**
 * Runs `fixture` once and restores the chain to where it ended at every further call. Its clock goes on from there too: it
 * would otherwise be ahead by all the time that earlier tests took or travelled.
 */
export async function loadFixture<T>(fixture: () => Promise<T>): Promise<T> {
  const result = await networkHelpers.loadFixture(fixture);
  await time.setNextBlockTimestamp((await time.latest()) + 1);
  return result;
}

/** Lets a block pass in the second before and puts the next one into `second`, so that a refusal meets no older state. */
export async function passTo(second: number): Promise<void> {
  await time.increaseTo(second - 1);
  await time.setNextBlockTimestamp(second);
}
