import { AbiCoder, EventFragment, type Log, type ParamType } from "ethers";
import { FieldFormatError } from "../errors.js";
import { INTERFACES } from "../execute.js";
import type { Protocol, SuiteKey } from "../protocol.js";
import { UnknownEventError } from "./errors.js";

/** What to ask a node for, and what of its answer to keep. */
export interface LogFilter {
  readonly address: string[];
  readonly topics: (string[] | null)[];
  /** Whether a log is one of the events with the values asked for: topics can only say so for all events at once. */
  readonly matches: (log: Pick<Log, "address" | "topics">) => boolean;
}

interface Selected {
  key: SuiteKey;
  fragment: EventFragment;
  /** Allowed topics by position; `undefined`: any. */
  topics: (string[] | undefined)[];
}

const KEYS = Object.keys(INTERFACES) as SuiteKey[];

/**
 * Turns names and values of arguments into a filter for logs.
 *
 * @param names Names of events or patterns such as `escrow.*`; all events if left out.
 * @param where Values of indexed arguments, one or several each.
 * @throws {UnknownEventError} if there is no such event.
 * @throws {FieldFormatError} if a value does not fit, or no event named has such an argument.
 */
export function filterOf(
  addresses: Protocol["addresses"],
  names: readonly string[] = KEYS.map((key) => `${key}.*`),
  where: Readonly<Record<string, unknown>> = {},
): LogFilter {
  if (names.length === 0) throw new FieldFormatError("events", "empty", "left out or name at least one event");
  const values = Object.entries(where).filter(([, value]) => value !== undefined);
  const selected = names.flatMap((name) => eventsNamed(name, values));
  if (selected.length === 0) {
    const wanted = values.map(([name]) => name).join(", ");
    throw new FieldFormatError("where", wanted, "indexed arguments that one of the events has");
  }

  const allowed = new Map<string, Selected["topics"][]>();
  for (const { key, fragment, topics } of selected) {
    const id = idOf(addresses[key], fragment.topicHash);
    allowed.set(id, [...(allowed.get(id) ?? []), topics]);
  }
  const matches: LogFilter["matches"] = ({ address, topics: [topic0 = "", ...rest] }) =>
    allowed
      .get(idOf(address, topic0))
      ?.some((wanted) => wanted.every((any, place) => any === undefined || any.includes(rest[place] ?? ""))) ?? false;

  const topics: LogFilter["topics"] = [[...new Set(selected.map(({ fragment }) => fragment.topicHash))]];
  for (const place of [0, 1, 2]) {
    const lists = selected.map((event) => event.topics[place]);
    topics.push(lists.every((list) => list !== undefined) ? [...new Set(lists.flat())] : null);
  }
  while (topics.at(-1) === null) topics.pop();
  return { address: [...new Set(selected.map(({ key }) => addresses[key]))], topics, matches };
}

const idOf = (address: string, topic: string) => `${address.toLowerCase()}:${topic}`;

/** The events that a name stands for, as far as they have the arguments. */
function eventsNamed(name: string, where: [string, unknown][]): Selected[] {
  const [, contract, event] = /^(\w+)\.(\w+|\*)$/.exec(name) ?? [];
  const key = KEYS.find((known) => known === contract);
  if (key === undefined) throw new UnknownEventError(name);
  const fragments = INTERFACES[key].fragments
    .filter((fragment) => EventFragment.isFragment(fragment))
    .filter((fragment) => event === "*" || fragment.name === event);
  if (fragments.length === 0) throw new UnknownEventError(name);
  return fragments.flatMap((fragment) => {
    const indexed = fragment.inputs.filter((input) => input.indexed);
    const missing = where.find(([argument]) => !indexed.some((input) => input.name === argument));
    if (missing !== undefined) {
      if (event === "*") return [];
      throw new FieldFormatError(
        `where.${missing[0]}`,
        String(missing[1]),
        `left out, because ${name} has no such indexed argument`,
      );
    }
    const topics = indexed.map((input) => {
      const found = where.find(([argument]) => argument === input.name);
      return found === undefined ? undefined : topicsOf(input, found[1]);
    });
    return [{ key, fragment, topics }];
  });
}

/** Topics of one value or of several. */
function topicsOf(input: ParamType, value: unknown): string[] {
  const several: unknown[] = Array.isArray(value) ? value : [value];
  const field = `where.${input.name}`;
  if (several.length === 0) throw new FieldFormatError(field, "empty", "left out or have at least one value");
  return several.map((one) => {
    try {
      return AbiCoder.defaultAbiCoder().encode([input.type], [one]);
    } catch {
      throw new FieldFormatError(field, String(one), `a value of type ${input.type}`);
    }
  });
}
