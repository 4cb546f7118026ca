import type { SpotCheck } from "../../client/spotCheck.js";
import { digestOf } from "../../content/digest.js";
import type { ContentStore } from "../../content/store.js";
import type { Order } from "../../protocol/order.js";
import type { Protocol } from "../../protocol/protocol.js";
import { canBeDisputed } from "../../provider/decide.js";
import { performOrder } from "../../provider/perform.js";
import { DEFAULT_CEILING, type OpenedSource, openSource } from "../../provider/source.js";
import { createWasmExecutor, type WasmOptions } from "../../sandbox/wasmExecutor.js";

/** How the clients of a run check what can be disputed. */
export interface Checks {
  /** Computes the output of every order that can be disputed again, and of no other one. */
  readonly spotCheck: SpotCheck;
  /** Takes note of what came for an input, before that is checked. */
  came(inputDigest: string, output: Uint8Array): void;
  /** Takes note that what came for an input is disputed: from then on nobody claims anything about it. */
  disputed(inputDigest: string): void;
  /** Whether an output is the one that was computed for an input; no if none was. */
  isRight(inputDigest: string, output: Uint8Array): Promise<boolean>;
}

/**
 * Checks by computing each output once.
 *
 * @param quarrels Whether the first right output that comes is said to be wrong, although the client knows better: somebody
 * has to, for others to see what that costs.
 */
export function createChecks(compute: SpotCheck["recompute"], { quarrels }: { quarrels: boolean }): Checks {
  const computed = new Map<string, Promise<Uint8Array>>();
  const arrived = new Map<string, Uint8Array>();
  const settled = new Set<string>();
  let isPeaceful = !quarrels;
  const truthOf = (order: Order, signal: AbortSignal): Promise<Uint8Array> => {
    const { inputDigest } = order;
    const truth = computed.get(inputDigest) ?? compute(order, signal);
    computed.set(inputDigest, truth);
    // What failed may succeed the next time.
    truth.catch(() => computed.delete(inputDigest));
    return truth;
  };
  return {
    spotCheck: {
      fraction: 1,
      draw: (order) => (canBeDisputed(order) ? 0 : 1),
      async recompute(order, signal) {
        const { inputDigest } = order;
        const truth = await truthOf(order, signal);
        const output = arrived.get(inputDigest);
        const isRight = output !== undefined && digestOf(output) === digestOf(truth);
        if (isPeaceful || !isRight || settled.has(inputDigest)) return truth;
        isPeaceful = true;
        return claimInsteadOf(truth);
      },
    },
    came: (inputDigest, output) => {
      arrived.set(inputDigest, output);
    },
    disputed: (inputDigest) => {
      settled.add(inputDigest);
    },
    async isRight(inputDigest, output) {
      const truth = await computed.get(inputDigest);
      return truth !== undefined && digestOf(truth) === digestOf(output);
    },
  };
}

/** Another output, of which nothing but its last byte is made up. */
function claimInsteadOf(truth: Uint8Array): Uint8Array {
  const claimed = Uint8Array.from(truth);
  claimed[claimed.length - 1] = (claimed.at(-1) ?? 0) ^ 1;
  return claimed;
}

/** What computes orders as providers do, in a sandbox. */
export interface Computer {
  readonly compute: SpotCheck["recompute"];
  close(): Promise<void>;
}

/**
 * Computes orders with the programs that their sources name.
 *
 * @param store Where programs and inputs are.
 * @param options Of the executor.
 */
export function createComputer(protocol: Protocol, store: ContentStore, options: WasmOptions = {}): Computer {
  const executor = createWasmExecutor(options);
  const opened = new Map<string, Promise<OpenedSource>>();
  const open = (source: number, version: number, signal: AbortSignal): Promise<OpenedSource> => {
    const name = `${source}/${version}`;
    const known =
      opened.get(name) ?? openSource(protocol, { source, version, store, ceiling: DEFAULT_CEILING, signal });
    opened.set(name, known);
    known.catch(() => opened.delete(name));
    return known;
  };
  return {
    compute: (order, signal) => performOrder({ executor, store, open }, order, signal),
    close: () => executor.close(),
  };
}
