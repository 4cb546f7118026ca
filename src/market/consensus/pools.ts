import type { Member } from "./round.js";

/** Weights that the honest and the hostile of a pool have, in turn. */
export interface Mix {
  readonly name: string;
  readonly title: string;
  readonly honest: readonly number[];
  readonly hostile: readonly number[];
}

const SPREAD = [2, 4, 2, 8, 2, 16, 2, 32];

/** Reputations that pools may have. */
export const MIXES = [
  { name: "fresh", title: "fresh", honest: [2], hostile: [2] },
  { name: "mixed", title: "mixed", honest: SPREAD, hostile: SPREAD },
  { name: "seasoned", title: "seasoned", honest: [32], hostile: [32] },
  { name: "outsiders", title: "seasoned honest, fresh hostile", honest: [32], hostile: [2] },
] as const satisfies readonly Mix[];

/** How the hostile hold their slots. */
export type Split = "one" | "many";

/**
 * A pool of so many slots, of which the hostile own a share, rounded; one each, but where all of theirs belong to one
 * identity.
 */
export function poolOf(mix: Mix, slots: number, share: number, split: Split = "many"): Member[] {
  const theirs = Math.round(slots * share);
  const weight = (weights: readonly number[], index: number) => weights[index % weights.length] ?? 2;
  const honest = Array.from({ length: slots - theirs }, (_, index) => ({
    ...{ identity: index + 1, slots: 1, hostile: false },
    weight: weight(mix.honest, index),
  }));
  const identities = split === "many" ? theirs : Math.min(1, theirs);
  const hostile = Array.from({ length: identities }, (_, index) => ({
    ...{ identity: honest.length + index + 1, slots: theirs / identities, hostile: true },
    weight: weight(mix.hostile, index),
  }));
  return [...honest, ...hostile];
}

/** The same pool with the slots of the honest, one each, in the hands of so many of them, as evenly as can be. */
export function concentrated(members: readonly Member[], owners: number): Member[] {
  const honest = members.filter(({ hostile }) => !hostile);
  const held = honest.slice(0, owners).map((member, index) => ({
    ...member,
    slots: Math.ceil((honest.length - index) / owners),
  }));
  return [...held, ...members.filter(({ hostile }) => hostile)];
}
