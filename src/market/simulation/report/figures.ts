import type { Column, Figures } from "../../report/figures.js";
import { NONE, percent } from "../../report/format.js";
import { TOLERANCE } from "../metrics.js";
import type { Spread, Summary } from "../summary.js";

const text = (title: string): Column => ({ title, align: "left" });
const number = (title: string): Column => ({ title, align: "right" });

/** A figure with its sign, e.g. `+4.1 %`. */
export const signed = (share: number): string => `${share < 0 ? "−" : "+"}${percent(Math.abs(share))}`;

export const minutes = (seconds: number | null | undefined): string => {
  if (seconds === undefined) return NONE;
  return seconds === null ? "never" : `${(seconds / 60).toFixed(1)} min`;
};

const both = ({ median, worst, seed }: Spread, show = percent) => `${show(median)} / ${show(worst)} (${seed})`;

/** How the price followed the equilibrium. */
export function priceFigures({ regimes }: Summary): Figures {
  return {
    title: "Price against the competitive equilibrium: median / worst seed",
    columns: [
      text("regime"),
      ...["equilibrium", "error, last half", "bias", "return within 10 %", "overshoot"].map(number),
    ],
    rows: regimes.map(({ title, after, error, bias, returned, overshoot }) => [
      title,
      after.price.toFixed(3),
      both(error),
      signed(bias),
      returned === undefined ? NONE : `${minutes(returned.median)} / ${minutes(returned.worst)} (${returned.seed})`,
      overshoot === undefined ? NONE : both(overshoot),
    ]),
  };
}

/** How well slots were used, and what it was worth. */
export function surplusFigures({ regimes }: Summary): Figures {
  return {
    title: "Utilisation, and share of the possible surplus: median / worst seed",
    columns: [
      text("regime"),
      ...["utilisation", "range", "at work", "controller", "fixed price", "first come", "orders", "delivered"].map(
        number,
      ),
    ],
    rows: regimes.map(({ title, utilisation, busy, surplus, ordered, delivered }) => [
      title,
      percent(utilisation.median),
      `${percent(utilisation.least)} – ${percent(utilisation.most)}`,
      percent(busy),
      both(surplus.market),
      both(surplus.fixed),
      both(surplus.firstCome),
      String(ordered),
      String(delivered),
    ]),
  };
}

/** How clients fared beside the baselines. */
export function serviceFigures({ regimes }: Summary): Figures {
  const show = ({ wait, served }: { wait: number; served: number }) => `${wait.toFixed(0)} s, ${percent(served)}`;
  return {
    title: "Mean wait for a provider, and share of the orders that found one in time: median of the seeds",
    columns: [text("regime"), ...["controller", "fixed price", "first come"].map(number)],
    rows: regimes.map(({ title, service }) => [
      title,
      show(service.market),
      show(service.fixed),
      show(service.firstCome),
    ]),
  };
}

/** What a manipulator with a fifth of the capacity moved and gained. */
export function manipulationFigures({ manipulations }: Summary): Figures {
  return {
    title: "A manipulator with a fifth of the capacity, against the same seed without it: median / worst seed",
    columns: [text("trick"), number("price moved"), number("gain on its profit")],
    rows: manipulations.map(({ title, move, gain }) => [title, both(move, signed), both(gain, signed)]),
  };
}

/** How long orders waited for a provider, by their patience. */
export function waitFigures({ waits, regimes }: Summary): Figures {
  const titles = new Map(regimes.map(({ name, title }) => [name, title]));
  const shown = waits.filter(({ regime, orders }) => ["steady", "surge", "outage"].includes(regime) && orders > 0);
  return {
    title: "Waiting for a provider, by patience",
    columns: [text("regime"), ...["patience", "orders", "served", "mean wait"].map(number)],
    rows: shown.map(({ regime, from, to, orders, served, wait }) => [
      titles.get(regime) ?? regime,
      `${from / 60} – ${to / 60} min`,
      String(orders),
      percent(served / orders),
      wait === null ? NONE : `${wait.toFixed(0)} s`,
    ]),
  };
}

/** What was to be reached, and whether the worst seed did. */
export function goalFigures({ regimes, manipulations }: Summary): Figures {
  const rows = regimes.flatMap(({ title, error, utilisation, surplus, name }) => [
    goal(`${title}: price error`, `at most ${percent(TOLERANCE)}`, percent(error.worst), error.worst <= TOLERANCE),
    goal(
      `${title}: utilisation`,
      "70 % to 90 %",
      `${percent(utilisation.least)} – ${percent(utilisation.most)}`,
      utilisation.least >= 0.7 && utilisation.most <= 0.9,
    ),
    ...(name === "steady"
      ? [
          goal(
            `${title}: share of the possible surplus`,
            "at least 95 %",
            percent(surplus.market.worst),
            surplus.market.worst >= 0.95,
          ),
        ]
      : []),
  ]);
  const tricks = manipulations.flatMap(({ title, move, gain }) => [
    goal(`${title}: price move`, "below 10 %", signed(move.worst), Math.abs(move.worst) < 0.1),
    goal(`${title}: gain`, "none", signed(gain.worst), gain.worst <= 0),
  ]);
  return {
    title: "Goals, judged by the worst seed",
    columns: [text("goal"), text("wanted"), number("found"), text("")],
    rows: [...rows, ...tricks],
  };
}

const goal = (name: string, wanted: string, found: string, reached: boolean): string[] => [
  name,
  wanted,
  found,
  reached ? "reached" : "NOT REACHED",
];
