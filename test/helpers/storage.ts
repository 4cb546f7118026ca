import { AbiCoder, keccak256, toBeHex, zeroPadValue } from "ethers";
import { artifacts } from "hardhat";
import { ethers, networkHelpers } from "./network.js";

interface StorageLayout {
  storage: { label: string; slot: string }[];
}

interface BuildOutput {
  output: { contracts: Record<string, Record<string, { storageLayout?: StorageLayout }>> };
}

/** Slot number of a state variable, from the compiler's storage layout. */
export async function slotOf(contract: string, variable: string): Promise<bigint> {
  const { inputSourceName } = await artifacts.readArtifact(contract);
  const id = await artifacts.getBuildInfoId(contract);
  const path = id === undefined ? undefined : await artifacts.getBuildInfoOutputPath(id);
  if (path === undefined || inputSourceName === undefined) throw new Error(`${contract} has no build info`);
  const { readFile } = await import("node:fs/promises");
  const { output } = JSON.parse(await readFile(path, "utf8")) as BuildOutput;
  const found = output.contracts[inputSourceName]?.[contract]?.storageLayout?.storage.find(
    ({ label }) => label === variable,
  );
  if (found === undefined) throw new Error(`${contract} has no state variable ${variable}`);
  return BigInt(found.slot);
}

/** Slot of a mapping's value. */
export function mappingSlot(slot: bigint, key: bigint | string, type = "uint256"): bigint {
  return BigInt(keccak256(AbiCoder.defaultAbiCoder().encode([type, "uint256"], [key, slot])));
}

/** First slot of a dynamic array's elements. */
export function arraySlot(slot: bigint): bigint {
  return BigInt(keccak256(zeroPadValue(toBeHex(slot), 32)));
}

/** Reads a slot. */
export async function readSlot(contract: { getAddress(): Promise<string> }, slot: bigint): Promise<bigint> {
  return BigInt(await ethers.provider.getStorage(await contract.getAddress(), slot));
}

/** Writes a slot. */
export async function writeSlot(
  contract: { getAddress(): Promise<string> },
  slot: bigint,
  value: bigint,
): Promise<void> {
  await networkHelpers.setStorageAt(await contract.getAddress(), toBeHex(slot), toBeHex(value, 32));
}
