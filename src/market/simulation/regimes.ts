/** What a manipulator with a fifth of the capacity does with it. */
export type Trick = "idle" | "pump" | "selfDeal";

/** A state of the world, entered at once from the steady state. */
export interface Regime {
  readonly name: string;
  readonly title: string;
  /** Arrivals, as a multiple of the steady ones. */
  readonly demand: number;
  /** Share of the providers that there still are. */
  readonly supply: number;
  /** All costs, as a multiple of the steady ones. */
  readonly cost: number;
  readonly trick?: Trick;
}

const regime = (name: string, title: string, changes: Partial<Regime> = {}): Regime => ({
  ...{ name, title, demand: 1, supply: 1, cost: 1 },
  ...changes,
});

export const REGIMES: readonly Regime[] = [
  regime("steady", "steady"),
  regime("surge", "demand × 3", { demand: 3 }),
  regime("slump", "demand ÷ 3", { demand: 1 / 3 }),
  regime("outage", "half of the supply gone", { supply: 0.5 }),
  regime("costs", "costs × 1.5", { cost: 1.5 }),
  regime("idle", "a fifth of the slots idle", { trick: "idle" }),
  regime("pump", "unservable orders, 20 %", { trick: "pump" }),
  regime("selfDeal", "self-dealing, 10 %", { trick: "selfDeal" }),
  regime("dead", "demand ÷ 20", { demand: 1 / 20 }),
];

/** The regime in which nothing happens, which the others are compared with. */
export const STEADY = REGIMES[0] as Regime;
