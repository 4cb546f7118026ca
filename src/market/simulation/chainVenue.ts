import { toBeHex, toQuantity, ZeroAddress, zeroPadValue } from "ethers";
import { draftOrder, packOrder, type PackedOrder } from "../../protocol/order.js";
import { DIGEST, GAS, type Log, openMarket, type Stage } from "./chainStage.js";
import type { Opening } from "./mirrorVenue.js";
import { RESERVATION } from "./scenario.js";
import type { Action, MarketState, Venue } from "./venue.js";

interface Call {
  readonly from: string;
  readonly to: string;
  readonly data: string;
  readonly event: string;
  /** Place of the action. */
  readonly place: number;
}

interface ChainTask {
  readonly client: string;
  readonly packed: PackedOrder;
  id?: string;
  provider: number;
}

export interface ChainVenue extends Venue {
  /** Compares what the providers' accounts hold with what they were paid. @throws {Error} if something differs. */
  audit(): Promise<void>;
}

/** A score that nobody reaches. */
const UNREACHABLE = 2 ** 32 - 1;

/** A stage is left with automatic mining off and a market that has had one order, at the opening price. */
export async function createChainVenue(stage: Stage, opening: Opening): Promise<ChainVenue> {
  const { chain, suite, owners, clients } = stage;
  const pool = suite.providerPool.interface;
  const manager = suite.taskManager.interface;
  const [poolAt, managerAt] = [await suite.providerPool.getAddress(), await suite.taskManager.getAddress()];
  const tasks = new Map<number, ChainTask>();
  const paid = owners.map(() => 0n);

  const ownerOf = (provider: number): string => owners[provider - 1] ?? ZeroAddress;
  const found = (task: number): ChainTask => {
    const known = tasks.get(task);
    if (known === undefined) throw new Error(`There is no task ${task}.`);
    return known;
  };
  const callsFor = (action: Action, place: number): Call[] => {
    const toPool = (from: string, data: string, event: string): Call => ({ from, to: poolAt, data, event, place });
    const toManager = (from: string, data: string, event: string): Call => ({
      from,
      to: managerAt,
      data,
      event,
      place,
    });
    switch (action.kind) {
      case "join": {
        const { provider, slots } = action;
        const data = pool.encodeFunctionData("joinPool", [provider, 1, 1, slots, 1, 0]);
        return [toPool(ownerOf(provider), data, "Joined")];
      }
      case "leave":
        return [toPool(ownerOf(action.provider), pool.encodeFunctionData("leavePool", [action.provider, 1]), "Left")];
      case "submit": {
        const client = clients[action.task % clients.length] ?? ZeroAddress;
        const order = draftOrder({
          ...{ client, source: 1, maxReward: action.cap, rampDuration: action.ramp, deadline: action.deadline },
          ...{ inputDigest: DIGEST, clientKey: DIGEST, nonce: BigInt(action.task), reservation: RESERVATION },
          ...(!action.servable && { minScore: UNREACHABLE }),
        });
        const packed = packOrder(order);
        tasks.set(action.task, { client, packed, provider: 0 });
        return [toManager(client, manager.encodeFunctionData("submit", [packed]), "TaskSubmitted")];
      }
      case "take": {
        const task = found(action.task);
        task.provider = action.provider;
        const data = manager.encodeFunctionData("reserve", [task.packed, action.provider]);
        return [toManager(ownerOf(action.provider), data, "TaskReserved")];
      }
      case "deliver": {
        const { client, packed, provider } = found(action.task);
        const deliver = manager.encodeFunctionData("deliver", [packed, provider, DIGEST]);
        const accept = manager.encodeFunctionData("accept", [packed]);
        return [toManager(ownerOf(provider), deliver, "TaskDelivered"), toManager(client, accept, "TaskSettled")];
      }
      case "refund": {
        const { client, packed } = found(action.task);
        return [toManager(client, manager.encodeFunctionData("refund", [packed]), "TaskRefunded")];
      }
    }
  };

  const topicOf = new Map<string, string>();
  for (const contract of [pool, manager]) {
    contract.forEachEvent(({ name, topicHash }) => topicOf.set(topicHash, name));
  }
  const wanted = new Set("Joined Left TaskSubmitted TaskReserved TaskDelivered TaskSettled TaskRefunded".split(" "));

  /** Checks that a call did what it was to do and reads the amount that it told of. */
  const read = (action: Action, call: Call, log: Log): bigint => {
    const subject = log.topics[1];
    const words = (log.data.slice(2).match(/.{64}/g) ?? []).map((word) => BigInt(`0x${word}`));
    const word = (index: number) => words.at(index) ?? 0n;
    if (action.kind === "join" || action.kind === "leave") {
      if (subject !== zeroPadValue(toBeHex(action.provider), 32)) throw refused(action);
      return 0n;
    }
    const task = found(action.task);
    if (action.kind === "submit") {
      if (subject !== undefined) task.id = subject;
      return word(-1);
    }
    if (subject !== task.id) throw refused(action);
    switch (call.event) {
      case "TaskReserved":
        return word(0);
      case "TaskSettled": {
        const payment = word(1) - word(2) - word(3);
        paid[task.provider - 1] = (paid[task.provider - 1] ?? 0n) + payment;
        tasks.delete(action.task);
        return payment;
      }
      case "TaskRefunded":
        tasks.delete(action.task);
        return word(1);
      default:
        return 0n;
    }
  };

  /** Mines a block of calls; reverts are errors. */
  const mine = async (time: number, calls: readonly Omit<Call, "event" | "place">[]): Promise<Log[]> => {
    const sent = calls.map(({ from, to, data }) =>
      chain.request("eth_sendTransaction", { from, to, data, gas: GAS, gasPrice: "0x0" }),
    );
    await Promise.all(sent);
    await chain.request("evm_mine", toQuantity(time));
    if (calls.length === 0) return [];
    const filter = { fromBlock: "latest", toBlock: "latest", address: [poolAt, managerAt] };
    return (await chain.request("eth_getLogs", filter)) as Log[];
  };

  const look = async (): Promise<MarketState> => {
    const data = pool.encodeFunctionData("getMarket", [1]);
    const answer = (await chain.request("eth_call", { to: poolAt, data }, "latest")) as string;
    const [{ price, openTasks, capacity }] = pool.decodeFunctionResult("getMarket", answer) as unknown as [
      { price: bigint; openTasks: bigint; capacity: bigint },
    ];
    return { price, openTasks: Number(openTasks), capacity: Number(capacity) };
  };

  await openMarket(stage, opening, mine);
  let now = await look();
  return {
    rules: "market",
    get now() {
      return now;
    },
    async advance(time, actions) {
      const calls = actions.flatMap(callsFor);
      const logs = (await mine(time, calls)).filter(({ topics }) => wanted.has(topicOf.get(topics[0] ?? "") ?? ""));
      const amounts = actions.map(() => 0n);
      calls.forEach((call, index) => {
        const action = actions[call.place] as Action;
        const log = logs[index];
        if (log === undefined || topicOf.get(log.topics[0] ?? "") !== call.event) throw refused(action);
        amounts[call.place] = read(action, call, log);
      });
      if (logs.length !== calls.length) throw new Error(`${logs.length} events came of ${calls.length} transactions.`);
      now = await look();
      return amounts;
    },
    async audit() {
      for (const [index, owner] of owners.slice(0, -1).entries()) {
        const { free } = await suite.escrow.accountOf(owner);
        if (free !== paid[index]) throw new Error(`Provider ${index + 1} holds ${free} wei, not ${paid[index] ?? 0n}.`);
      }
    },
  };
}

function refused(action: Action): Error {
  const { kind } = action;
  const subject = "task" in action ? `task ${action.task}` : `provider ${action.provider}`;
  return new Error(`The contracts refused to ${kind}: ${subject}.`);
}
