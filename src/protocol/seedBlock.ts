/** Blocks whose hashes the chain still knows. */
export const HASHES = 256;

/** The block of a seed as the block after `current` sees it: a transaction is in no earlier one. */
export const fromNext = (seedBlock: number, current: number): number =>
  current - seedBlock < HASHES ? seedBlock : seedBlock + HASHES;
