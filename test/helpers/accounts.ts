import { ethers } from "./network.js";

/** An account with coin, for tests to which it does not matter who calls. */
export async function anAccount() {
  const [account] = await ethers.getSigners();
  if (account === undefined) throw new Error("the network has no accounts");
  return account;
}
