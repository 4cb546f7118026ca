import type { Training } from "./epochs.js";

/** How the committed weights were trained; chosen by the validation set. */
export const SETTINGS = { seed: 1, epochs: 4, batch: 1, rate: 0.03, shift: 1 } as const satisfies Training;
