import type { ProtocolEvent } from "../execute.js";
import type { Header } from "./reader.js";

/** A block that a watcher follows. */
export interface Link {
  readonly header: Header;
  /** Events yielded from it; `undefined`: its turn has not come. */
  events: ProtocolEvent[] | undefined;
}

/** The newest blocks of the branch that a watcher follows, each the child of the one before. */
export interface Branch {
  readonly tip: Header | undefined;
  /** Number of the oldest block that is remembered. */
  readonly lowest: number | undefined;
  at(number: number): Link | undefined;
  push(...links: Link[]): void;
  /** Takes off all blocks above a number; tells them from the top down. */
  cut(number: number): Link[];
  /** Forgets all and goes on from one block that is never replaced. */
  restart(base: Header): void;
  /** Forgets the oldest blocks but so many, and none whose turn has not come. */
  trim(capacity: number): void;
  /** Blocks up to a number whose events are due, oldest first, at most so many. */
  due(upTo: number, limit: number): Link[];
}

/** An empty branch. */
export function createBranch(): Branch {
  let links: Link[] = [];
  const indexOf = (number: number) => number - (links[0]?.header.number ?? 0);
  return {
    get tip() {
      return links.at(-1)?.header;
    },
    get lowest() {
      return links[0]?.header.number;
    },
    at: (number) => links[indexOf(number)],
    push(...added) {
      links.push(...added);
    },
    cut: (number) => links.splice(Math.max(indexOf(number + 1), 0)).reverse(),
    restart(base) {
      links = [{ header: base, events: [] }];
    },
    trim(capacity) {
      const waiting = links.findIndex(({ events }) => events === undefined);
      links.splice(0, Math.max(Math.min(links.length - capacity, waiting < 0 ? Infinity : waiting), 0));
    },
    due: (upTo, limit) =>
      links.filter(({ header, events }) => events === undefined && header.number <= upTo).slice(0, limit),
  };
}
