import { joinPool } from "../protocol/actions/joinPool.js";
import { leavePool } from "../protocol/actions/leavePool.js";
import { read, readBatch } from "../protocol/batch.js";
import type { SigningProtocol } from "../protocol/protocol.js";
import { RevertError } from "../protocol/reverts.js";
import { snapshot } from "../protocol/snapshot.js";
import { SourceRefusedError } from "./errors.js";

const CPU = 1;
/** Versions that are read at a time. */
const PAGE = 64;

/** Hardware that a provider offers. */
export interface Hardware {
  /** A mask of {@link Environment}. */
  environments: number;
  /** GiB. */
  gpuMemory: number;
}

/** A pool to be in. */
export interface Seat extends Hardware {
  /** Number of the provider. */
  provider: number;
  /** Number of the source. */
  source: number;
  slots: number;
}

/**
 * The newest version of a source that is active and runs on the hardware.
 *
 * @throws {SourceRefusedError} if there is none.
 * @throws {RevertError} `UnknownSource`.
 */
export async function suitableVersion(
  protocol: SigningProtocol,
  source: number,
  { environments, gpuMemory }: Hardware,
): Promise<number> {
  const { active, versions } = await snapshot(protocol, { source });
  if (!active) throw new SourceRefusedError(source, versions, "its publisher takes no new tasks for it.");
  // Newest first, and no more at a time than fit in one answer.
  for (let end = versions + 1; end > 1; end -= PAGE) {
    const begin = Math.max(1, end - PAGE);
    const [page] = (await readBatch(protocol, [read("sourceRegistry", "getVersions", source, begin, end)])).values;
    const index = page.findLastIndex((version) => {
      const common = Number(version.environments) & environments;
      // The rule of the contracts: memory matters on a GPU only.
      const fits = (common & CPU) !== 0 || (common !== 0 && gpuMemory >= Number(version.minGpuMemory));
      return version.active && fits;
    });
    if (index !== -1) return begin + index;
  }
  throw new SourceRefusedError(source, versions, "no active version of it runs on this hardware.");
}

/**
 * Sees to it that the provider is in a pool with these slots and this hardware.
 *
 * @param version Version of the source that the hardware suits.
 * @returns Whether anything was to be done.
 * @throws {JoinPoolRevert} e.g. `InsufficientStake`.
 * @throws {LeavePoolRevert} `ReservationsHeld` if the seat is another and reservations are held in it.
 */
export async function takeSeat(protocol: SigningProtocol, seat: Seat, version: number): Promise<boolean> {
  const { provider, source } = seat;
  const [has] = (await readBatch(protocol, [read("providerPool", "getMembership", provider, source)])).values;
  const slots = Number(has.slots);
  const same =
    slots === seat.slots && Number(has.environments) === seat.environments && Number(has.gpuMemory) === seat.gpuMemory;
  if (same) return false;
  if (slots !== 0) await leavePool(protocol, { provider, source });
  await joinPool(protocol, { ...seat, version });
  return true;
}

/** Whether a pool cannot be left yet because the provider holds reservations in it, which pass. */
export function isHeldThere(error: unknown): boolean {
  return error instanceof RevertError && error.is("ReservationsHeld");
}

/**
 * Leaves the pools that the provider is in, of these, but not those in which it holds reservations: {@link leavePools}
 * waits for their end.
 *
 * @returns Those that it has left.
 */
export async function leaveSeats(
  protocol: SigningProtocol,
  provider: number,
  sources: readonly number[],
): Promise<number[]> {
  const asked = sources.map((source) => read("providerPool", "getMembership", provider, source));
  const { values } = await readBatch(protocol, asked);
  const left: number[] = [];
  for (const [index, source] of sources.entries()) {
    const { slots = 0n, reserved = 0n } = values[index] ?? {};
    if (slots === 0n || reserved !== 0n) continue;
    try {
      await leavePool(protocol, { provider, source });
      left.push(source);
    } catch (error) {
      if (!isHeldThere(error)) throw error;
    }
  }
  return left;
}
