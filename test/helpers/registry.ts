import { parseEther } from "ethers";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { type SourceRegistry, SourceRegistry__factory } from "../../typechain-types/index.js";
import { ethers } from "./network.js";

export const MIN_STAKE = parseEther("0.1");
export const MAX_UINT96 = 2n ** 96n - 1n;

export const SOURCE = { floorPrice: 11n, stakePerSlot: MIN_STAKE + 22n, royaltyBps: 333n };

/** Terms of versions that differ in every field. */
export const V1 = { manifestDigest: digest(1), environments: 3n, minGpuMemory: 8n, deterministic: true };
export const V2 = { manifestDigest: digest(2), environments: 4n, minGpuMemory: 24n, deterministic: false };
export const V3 = { manifestDigest: digest(3), environments: 1n, minGpuMemory: 0n, deterministic: true };

/** A digest of 32 equal bytes. */
export function digest(byte: number): string {
  return `0x${byte.toString(16).padStart(2, "0").repeat(32)}`;
}

/** A verifier's address; the registry never calls it. */
export const verifierAt = (place: number): string => ethers.getAddress(ethers.toBeHex(0xbeef0000 + place, 20));

/** SourceRegistry on its own, still empty. */
export async function deployRegistry() {
  const [deployer, publisher, other, stranger] = four(await ethers.getSigners());
  const registry = await new SourceRegistry__factory(deployer).deploy(MIN_STAKE);
  return { registry, deployer, publisher, other, stranger };
}

/** A registry in which source 1 belongs to `other`, and source 2, of two versions, to `publisher`. */
export async function deployPublished() {
  const deployed = await deployRegistry();
  const { registry, publisher, other } = deployed;
  await registry
    .connect(other)
    .publish({ floorPrice: 1, stakePerSlot: MIN_STAKE, royaltyBps: 0 }, { ...V3, manifestDigest: digest(9) }, []);
  await registry.connect(publisher).publish(SOURCE, V1, [verifierAt(1)]);
  await registry.connect(publisher).publishVersion(2, V2, [verifierAt(2)]);
  return deployed;
}

function four<T>(list: T[]): [T, T, T, T] {
  if (list.length < 4) throw new Error(`4 accounts needed, ${list.length} there`);
  return list.slice(0, 4) as [T, T, T, T];
}

/** A source as an object of named fields, to compare whole. */
export async function sourceOf(registry: SourceRegistry, source: bigint | number) {
  return sourceFields(await registry.getSource(source));
}

/** A version as an object of named fields, to compare whole. */
export async function versionOf(registry: SourceRegistry, source: bigint | number, version: bigint | number) {
  return versionFields(await registry.getVersion(source, version));
}

/** Names the fields of a source that a view returned. */
export function sourceFields(view: Awaited<ReturnType<SourceRegistry["getSource"]>>) {
  const { floorPrice, stakePerSlot, royaltyBps, versions, active, publisher } = view;
  return { floorPrice, stakePerSlot, royaltyBps, versions, active, publisher };
}

/** Names the fields of a version that a view returned. */
export function versionFields(view: Awaited<ReturnType<SourceRegistry["getVersion"]>>) {
  const { manifestDigest, environments, minGpuMemory, deterministic, active } = view;
  return { manifestDigest, environments, minGpuMemory, deterministic, active };
}

/** A change of a source that only its publisher may make. */
export type Change = (registry: SourceRegistry, signer: HardhatEthersSigner, source: number) => Promise<unknown>;
