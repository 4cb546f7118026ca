/** All regimes of one seed, at the venue that was chosen. */
import { createMirrorVenue } from "../../src/market/simulation/mirrorVenue.js";
import type { Scenario } from "../../src/market/simulation/scenario.js";
import { openingOf, runSeed, type SeedResult } from "../../src/market/simulation/seedRun.js";
import { createTheatre } from "./stage.js";

export interface Play {
  readonly seed: number;
  readonly scenario: Scenario;
  readonly mirror: boolean;
}

/** @param note Told after each block. */
export async function play({ seed, scenario, mirror }: Play, note: () => void): Promise<SeedResult> {
  if (mirror) {
    const venueFor = (opening: ReturnType<typeof openingOf>) => Promise.resolve(createMirrorVenue(opening));
    return runSeed(seed, scenario, venueFor, undefined, note);
  }
  const theatre = await createTheatre(scenario, openingOf(seed, scenario));
  try {
    return await runSeed(
      seed,
      scenario,
      () => theatre.open(),
      (venue) => venue.audit(),
      note,
    );
  } finally {
    await theatre.close();
  }
}
