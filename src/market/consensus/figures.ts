import type { Column, Figures } from "../report/figures.js";
import { count, NONE, percent } from "../report/format.js";
import { type Base, focusOf, TARGETS, trustFor } from "./choice.js";
import { MIXES } from "./pools.js";
import type { Cell, Summary } from "./summary.js";
import { COMPUTES, DETAIL_TRUST, FOCUS, PRESENT, TRUSTS } from "./sweep.js";

const text = (title: string): Column => ({ title, align: "left" });
const number = (title: string): Column => ({ title, align: "right" });
const mixTitles = MIXES.map(({ title }) => title);

/** Below it a probability is as good as none. */
const LEAST = 1e-6;

/** A probability in two digits or three, however small, e.g. `0.0084 %`. */
export function chance(share: number): string {
  if (share === 0) return "0 %";
  if (share < LEAST) return `< ${(100 * LEAST).toFixed(4)} %`;
  const parts = 100 * share;
  const digits = parts >= 1 ? 1 : 1 - Math.floor(Math.log10(parts));
  return `${parts.toFixed(digits)} %`;
}

/** How often a wrong result wins, played and with independent seats. */
export function wrongFigures(summary: Summary): Figures {
  return byTrust(
    summary,
    `Wrong results at ${percent(FOCUS, 0)} hostile stake, share of all rounds: played (independent seats, exactly)`,
    ({ played, exact }) => `${chance(played.wrong)} (${chance(exact.wrong)})`,
  );
}

/** How often nothing wins. */
export function noneFigures(summary: Summary): Figures {
  return byTrust(
    summary,
    `Rounds without a verdict at ${percent(FOCUS, 0)} hostile stake: played (independent seats, exactly)`,
    ({ played, exact }) => `${percent(played.none)} (${percent(exact.none)})`,
  );
}

/** Whether the seats went by the stake. */
export function seatFigures(summary: Summary): Figures {
  return byTrust(
    summary,
    `Share of the seats that ${percent(FOCUS, 0)} hostile stake took; mean of the seats`,
    ({ played }) => `${percent(played.hostile, 2)} ± ${percent(played.error, 2)}; ${played.seats.toFixed(1)}`,
  );
}

/** What to ask for. */
export function choiceFigures(summary: Summary): Figures {
  const bases: readonly [Base, string][] = [
    ["rounds", "of the rounds"],
    ["verdicts", "of the verdicts"],
  ];
  return {
    title: `Least trust with which at most so many results are wrong at ${percent(FOCUS, 0)} hostile stake`,
    columns: [
      text("reputations"),
      ...bases.flatMap(([, of]) => TARGETS.map((target) => number(`${Number((100 * target).toPrecision(1))} % ${of}`))),
    ],
    rows: MIXES.map(({ name, title }) => [
      title,
      ...bases.flatMap(([base]) => TARGETS.map((target) => String(trustFor(summary, name, target, base) ?? NONE))),
    ]),
  };
}

/** What a round of the honest costs. */
export function costFigures({ costs }: Summary): Figures {
  const mixes = MIXES.filter(({ name }) => costs.some(({ mix }) => mix === name));
  const find = (mix: string, trust: number, compute: number) =>
    costs.find((cost) => cost.mix === mix && cost.trust === trust && cost.compute === compute)?.played;
  return {
    title: "Executions for a round of the honest, by what the work takes of the window",
    columns: [
      number("trust"),
      ...mixes.flatMap(({ title }) => [
        number(`${title}: seats`),
        ...COMPUTES.map((compute) => number(percent(compute, compute < 0.1 ? 1 : 0))),
      ]),
    ],
    rows: TRUSTS.map((trust) => [
      String(trust),
      ...mixes.flatMap(({ name }) => [
        find(name, trust, COMPUTES[0])?.seats.toFixed(1) ?? NONE,
        ...COMPUTES.map((compute) => find(name, trust, compute)?.copies.toFixed(1) ?? NONE),
      ]),
    ]),
  };
}

/** What other ways to give the seats away would do. */
export function designFigures({ designs }: Summary): Figures {
  const titles = [...new Set(designs.map(({ title }) => title))];
  return {
    title: `Hostile share of the seats, and wrong results, at ${percent(FOCUS, 0)} hostile stake, fresh`,
    columns: [number("trust"), ...titles.map(number)],
    rows: TRUSTS.map((trust) => [
      String(trust),
      ...titles.map((title) => {
        const played = designs.find((design) => design.title === title && design.trust === trust)?.played;
        return played === undefined ? NONE : `${percent(played.hostile)}, ${chance(played.wrong)}`;
      }),
    ]),
  };
}

/** How coarse the window may be. */
export function grainFigures({ grains }: Summary): Figures {
  return {
    title: `Windows of few seconds or blocks, ${percent(FOCUS, 0)} hostile stake, fresh, trust ${DETAIL_TRUST}`,
    columns: [number("window"), number("hostile share of the seats"), number("wrong")],
    rows: grains.map(({ duration, played }) => [
      String(duration),
      `${percent(played.hostile, 2)} ± ${percent(played.error, 2)}`,
      chance(played.wrong),
    ]),
  };
}

/** What becomes of the honest where few hold their slots. */
export function holdingFigures({ holdings }: Summary): Figures {
  return {
    title: `Honest stake in few hands, ${percent(FOCUS, 0)} hostile stake in as many as it has slots, fresh, trust ${DETAIL_TRUST}`,
    columns: ["honest providers", "hostile share of the seats", "wrong", "without a verdict"].map(number),
    rows: holdings.map(({ owners, played }) => [
      String(owners),
      `${percent(played.hostile, 2)} ± ${percent(played.error, 2)}`,
      chance(played.wrong),
      percent(played.none),
    ]),
  };
}

/** What becomes of the honest where many of the pool stay away. */
export function presenceFigures({ presences }: Summary): Figures {
  return {
    title: `Hostile share of the seats, and wrong results, where part of the pool takes no seats, by what the work takes of the window; ${percent(FOCUS, 0)} of those that do are hostile, fresh, trust ${DETAIL_TRUST}`,
    columns: [number("take seats"), ...COMPUTES.map((compute) => number(percent(compute, compute < 0.1 ? 1 : 0)))],
    rows: PRESENT.map((present) => [
      percent(present, 0),
      ...COMPUTES.map((compute) => {
        const played = presences.find((each) => each.present === present && each.compute === compute)?.played;
        return played === undefined ? NONE : `${percent(played.hostile)}, ${chance(played.wrong)}`;
      }),
    ]),
  };
}

/** What was played, in one sentence. */
export function headline({ scenario }: Summary): string {
  const { seed, draws, members, duration, compute } = scenario;
  return `Seed ${seed}, ${count(draws, "round")} for each combination of trust, reputations and hostile stake; ${members} members with a slot each, a window of ${duration} s, work of ${percent(compute)} of it.`;
}

function byTrust(summary: Summary, title: string, show: (cell: Cell) => string): Figures {
  const found = MIXES.map(({ name }) => focusOf(summary, name));
  return {
    title,
    columns: [number("trust"), ...mixTitles.map(number)],
    rows: TRUSTS.map((trust) => [
      String(trust),
      ...found.map((cells) => {
        const cell = cells.find((each) => each.trust === trust);
        return cell === undefined ? NONE : show(cell);
      }),
    ]),
  };
}
