import { network } from "hardhat";
import "./bigints.js";

/** One simulated chain for each test file's process; fixtures snapshot and restore it. */
export const connection = await network.create();
export const { ethers, networkHelpers } = connection;
export const { time } = networkHelpers;

/** Runs `fixture` once and restores the chain to where it ended at every further call. */
export const loadFixture = <T>(fixture: () => Promise<T>): Promise<T> => networkHelpers.loadFixture(fixture);

/** Lets a block pass in the second before and puts the next one into `second`, so that a refusal meets no older state. */
export async function passTo(second: number): Promise<void> {
  await time.increaseTo(second - 1);
  await time.setNextBlockTimestamp(second);
}
