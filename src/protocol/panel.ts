import { dataSlice } from "ethers";
import { read, readBatch } from "./batch.js";
import type { SeatOutcome } from "./consensus.js";
import { type DisputeOutcome, judgeDispute, JUDGED_VALID } from "./dispute.js";
import { type Order, taskIdOf } from "./order.js";
import { amountOf } from "./price.js";
import type { Protocol } from "./protocol.js";
import type { RoundSeat, Seeded } from "./round.js";
import { fromNext } from "./seedBlock.js";
import { TASK_STATES, type TaskStateName } from "./states.js";

/** A seat of a panel. */
export interface PanelSeat extends RoundSeat {
  /** Whether it reported that the disputed envelope cannot be read. */
  readonly unavailable: boolean;
}

/** A disputed task at a moment. Times in unix seconds, amounts in wei. */
export interface PanelSnapshot extends Seeded {
  readonly state: TaskStateName;
  /** Number of the provider whose delivery is disputed; 0 if the task is not posted. */
  readonly provider: number;
  /** Whether the task is disputed now, or was when it ended. */
  readonly disputed: boolean;
  /** Price of the delivery, and of each seat that is paid. */
  readonly price: bigint;
  /** Members that joined the pool in or after this second have no seat. */
  readonly before: number;
  /** Whether the panel judges the output instead of computing its own. */
  readonly judged: boolean;
  readonly disputedAt: number | undefined;
  /** First and last second for seals; `undefined`: judges wait for the provider to open its delivery. */
  readonly sealsFrom: number | undefined;
  readonly sealsUntil: number | undefined;
  /** Last second in which seals were taken, once it is over: it ended early, or with its clock. */
  readonly sealedAt: number | undefined;
  /** Last second for the provider to open its delivery, as far as it is known. */
  readonly revealUntil: number | undefined;
  /** When it did. */
  readonly revealedAt: number | undefined;
  /** The result that it opened, its digest in hexadecimal. */
  readonly resultDigest: string | undefined;
  /** First second from which votes may be opened, once it has come, and the last one. */
  readonly opensFrom: number | undefined;
  readonly opensUntil: number | undefined;
  /** Last second in which winners may claim. */
  readonly claimsUntil: number | undefined;
  readonly seats: readonly PanelSeat[];
  /** Whether nothing more can be opened: how the dispute ends is certain. */
  readonly decided: boolean;
  /** How it ends if nothing more is opened, the result that wins, and how each seat ends if all winners bring theirs. */
  readonly outcome: DisputeOutcome;
  readonly winner: string | undefined;
  readonly outcomes: readonly SeatOutcome[];
}

/**
 * Reads all of a dispute in a single request, from one block.
 *
 * @param order Its order.
 * @throws {NodeError} if the node does not answer or stays behind.
 */
export async function readPanel(protocol: Protocol, order: Order): Promise<PanelSnapshot> {
  const taskId = taskIdOf(order, protocol.domain);
  const { values, ...moment } = await readBatch(protocol, [
    read("taskManager", "getTask", taskId),
    read("taskManager", "getRound", taskId),
    read("taskManager", "windows"),
  ]);
  const [task, round, windows] = values;
  const { dispute } = round;
  const state = TASK_STATES[Number(task.state)] ?? "None";
  const isOn = dispute.disputedAt !== 0n;
  const { judged } = dispute;
  const second = (value: bigint) => (value === 0n ? undefined : Number(value));
  const plus = (time: number | undefined, window: bigint) => (time === undefined ? undefined : time + Number(window));

  const [sealsUntil, revealedAt] = [second(dispute.sealingUntil), second(dispute.revealedAt)];
  const isOver = sealsUntil !== undefined && moment.timestamp > sealsUntil;
  const sealedAt = second(round.closedAt) ?? (isOver ? sealsUntil : undefined);
  const revealUntil = plus(judged ? second(dispute.disputedAt) : sealedAt, windows.openProvider);
  const opensFrom = judged
    ? sealedAt
    : (revealedAt ?? (revealUntil !== undefined && moment.timestamp > revealUntil ? revealUntil : undefined));
  const opensUntil = plus(opensFrom, windows.open);
  const seats = round.seats.map(({ provider, weight, opened, claimed, unavailable, digest }) => ({
    provider: Number(provider),
    weight: Number(weight),
    result: opened ? digest : undefined,
    claimed,
    unavailable,
  }));
  const resultDigest = revealedAt === undefined ? undefined : dispute.resultDigest;
  const {
    outcome,
    winner,
    seats: outcomes,
  } = judgeDispute(
    seats.map(({ weight, result, unavailable }) => ({ weight, result, available: !unavailable })),
    {
      trust: order.trust,
      judged,
      delivered: resultDigest === undefined ? undefined : dataSlice(resultDigest, 0, 16),
      valid: dataSlice(JUDGED_VALID, 0, 16),
    },
  );
  const allOpened = seats.every(({ result }) => result !== undefined);
  const isUnanswered = judged && revealedAt === undefined && revealUntil !== undefined;
  return {
    ...moment,
    taskId,
    state,
    provider: Number(task.provider),
    disputed: task.disputed,
    openedAt: Number(dispute.disputedAt),
    price: amountOf(task.priceFraction, order.maxReward),
    before: Number(task.clearedAt),
    judged,
    disputedAt: second(dispute.disputedAt),
    sealsFrom: second(dispute.sealingFrom),
    sealsUntil,
    sealedAt,
    revealUntil,
    revealedAt,
    resultDigest,
    seedBlock: round.seedBlock === 0n ? undefined : fromNext(Number(round.seedBlock), moment.blockNumber),
    seed: isOn && round.seedBlock === 0n ? round.seed : undefined,
    capacity: isOn && sealedAt === undefined ? Number(round.capacity) : undefined,
    opensFrom,
    opensUntil,
    claimsUntil: plus(opensUntil, windows.claim),
    seats,
    decided: isUnanswered
      ? moment.timestamp > revealUntil
      : opensUntil !== undefined && (moment.timestamp > opensUntil || allOpened),
    outcome,
    winner,
    outcomes,
  };
}
