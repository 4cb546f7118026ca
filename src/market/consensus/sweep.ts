import { seatsOf } from "../../protocol/consensus.js";
import { randomOf } from "../simulation/random.js";
import { independentOdds, kindsOf } from "./closedForm.js";
import { createOpenGate, createSortition, createWideGate, type Gate } from "./gate.js";
import { concentrated, type Mix, MIXES, poolOf } from "./pools.js";
import { createRound, drawFrom, type Member } from "./round.js";
import type { Cell, Cost, Design, Grain, Holding, Means, Presence, Scenario, Summary } from "./summary.js";

export const TRUSTS = [2, 4, 8, 16, 32, 64, 128, 1_024, 16_384] as const;
/** Shares of the stake that the hostile have. */
export const SHARES = [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5] as const;
/** The share that the tables are about. */
export const FOCUS = 0.2;
/** How many times as many rounds are played of it. */
export const FOCUS_FACTOR = 10;
/** What the work may take, as shares of the window. */
export const COMPUTES = [0.01, 1 / 32, 0.1, 0.2] as const;
/** Windows, in seconds or blocks, whichever are longer. */
export const GRAINS = [60, 120, 300, 600, 3_600] as const;
/** How many may hold all of the honest slots. */
export const OWNERS = [4, 8, 16, 32] as const;
/** Shares of a pool's slots whose providers take seats at all. */
export const PRESENT = [1, 0.75, 0.5, 0.25] as const;
/** Trust that windows, holdings and presences are played with. */
export const DETAIL_TRUST = 8;

export const DEFAULT_SCENARIO: Scenario = { seed: 1, draws: 6_000, members: 200, duration: 3_600, compute: 1 / 32 };

const [FRESH, , SEASONED] = MIXES;
const COSTLY: readonly Mix[] = [FRESH, SEASONED];

/** Ways to give the seats away. */
const DESIGNS = [
  { name: "sortition", title: "sortition", gateOf: createSortition },
  { name: "wide", title: "first reach of twice the seats", gateOf: createWideGate },
  { name: "firstCome", title: "first come, first served", gateOf: createOpenGate },
] as const;

/** How many rounds a sweep plays. */
export function roundsOf({ draws }: Scenario): number {
  const grid = MIXES.length * TRUSTS.length * (SHARES.length - 1 + FOCUS_FACTOR);
  const ofTrusts = TRUSTS.length * (COSTLY.length * COMPUTES.length + DESIGNS.length);
  const details = FOCUS_FACTOR * (GRAINS.length + OWNERS.length) + PRESENT.length * COMPUTES.length;
  return (grid + ofTrusts + details) * draws;
}

/**
 * Plays rounds of every trust, hostile share and mix of reputations.
 *
 * @param onRounds Told how many more were played.
 */
export function sweep(scenario: Scenario, onRounds: (count: number) => void = () => undefined): Summary {
  const { seed, draws, members: capacity, duration, compute } = scenario;
  const sortition = createSortition({ capacity, duration });
  const played = (name: string, trial: Trial): Means => {
    const means = playMany(trial, seed, name);
    onRounds(trial.rounds);
    return means;
  };

  const cells: Cell[] = [];
  const costs: Cost[] = [];
  const designs: Design[] = [];
  for (const trust of TRUSTS) {
    for (const mix of MIXES) {
      for (const share of SHARES) {
        const members = poolOf(mix, capacity, share);
        const rounds = share === FOCUS ? FOCUS_FACTOR * draws : draws;
        const means = played(`${mix.name} ${trust} ${share}`, { members, trust, gate: sortition, compute, rounds });
        const exact = independentOdds(kindsOf(members), trust);
        cells.push({ mix: mix.name, trust, share, played: means, exact });
      }
    }
    for (const mix of COSTLY) {
      const members = poolOf(mix, capacity, 0);
      for (const time of COMPUTES) {
        const trial = { members, trust, gate: sortition, compute: time, rounds: draws };
        costs.push({
          mix: mix.name,
          trust,
          compute: time,
          played: played(`${mix.name} ${trust} costs ${time}`, trial),
        });
      }
    }
    for (const { name, title, gateOf } of DESIGNS) {
      const gate = gateOf({ seats: seatsOf(trust), capacity, duration });
      const trial = { members: poolOf(FRESH, capacity, FOCUS), trust, gate, compute, rounds: draws };
      designs.push({ name, title, trust, played: played(`${name} ${trust}`, trial) });
    }
  }
  const detail = { trust: DETAIL_TRUST, compute, rounds: FOCUS_FACTOR * draws };
  const grains = GRAINS.map((grain): Grain => {
    const gate = createSortition({ capacity, duration: grain });
    const trial = { ...detail, members: poolOf(FRESH, capacity, FOCUS), gate };
    return { duration: grain, played: played(`grain ${grain}`, trial) };
  });
  const holdings = OWNERS.map((owners): Holding => {
    const members = concentrated(poolOf(FRESH, capacity, FOCUS), owners);
    const trial = { ...detail, members, gate: sortition };
    return { owners, played: played(`owners ${owners}`, trial) };
  });
  const presences = PRESENT.flatMap((present) =>
    COMPUTES.map((time): Presence => {
      const gate = createSortition({ capacity: Math.round(capacity / present), duration });
      const members = poolOf(FRESH, capacity, FOCUS);
      const trial = { trust: DETAIL_TRUST, members, gate, compute: time, rounds: draws };
      return { present, compute: time, played: played(`present ${present} ${time}`, trial) };
    }),
  );
  return { scenario, cells, costs, designs, grains, holdings, presences };
}

interface Trial {
  readonly members: readonly Member[];
  readonly trust: number;
  readonly gate: Gate;
  /** What the work takes, as a share of the window. */
  readonly compute: number;
  readonly rounds: number;
}

function playMany({ members, trust, gate, compute, rounds }: Trial, seed: number, name: string): Means {
  const play = createRound(members, { trust, gate, compute: Math.max(1, Math.round(compute * gate.duration)) });
  const draw = drawFrom(randomOf(seed, name));
  const counts = { right: 0, wrong: 0, none: 0 };
  let [taken, copies, sum, squares] = [0, 0, 0, 0];
  for (let round = 0; round < rounds; round++) {
    const { seats, verdict, copies: executions } = play(draw);
    counts[verdict] += 1;
    taken += seats.length;
    copies += executions;
    let theirs = 0;
    for (const { hostile } of seats) if (hostile) theirs += 1;
    const share = seats.length === 0 ? 0 : theirs / seats.length;
    sum += share;
    squares += share * share;
  }
  const hostile = sum / rounds;
  const variance = Math.max(0, squares / rounds - hostile * hostile);
  return {
    rounds,
    ...{ right: counts.right / rounds, wrong: counts.wrong / rounds, none: counts.none / rounds },
    ...{ seats: taken / rounds, copies: copies / rounds, hostile, error: Math.sqrt(variance / rounds) },
  };
}
