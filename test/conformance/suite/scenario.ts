import type { World } from "./world.js";

/** A story with actors of its own, which runs at the same time as the others. */
export interface Scenario {
  readonly title: string;
  readonly play: (world: World) => Promise<void>;
}
