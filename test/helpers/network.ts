import { network } from "hardhat";

/** One simulated chain for each test file's process; fixtures snapshot and restore it. */
export const connection = await network.create();
export const { ethers, networkHelpers } = connection;
export const { loadFixture, time } = networkHelpers;
