/** Where a task stands. The numbers are those of the contracts; Settled, Refunded and Revoked are final. */
export const TaskState = {
  /** Never posted. */
  None: 0,
  /** Waiting for a result. */
  Open: 1,
  /** Held for one provider at a fixed price. */
  Reserved: 2,
  /** Sealed by a provider; the client may accept, the provider must disclose. */
  Delivered: 3,
  /** Envelope on chain; the review period runs. */
  Disclosed: 4,
  /** Several providers are deciding. */
  Round: 5,
  /** Paid. */
  Settled: 6,
  /** The client has its money back. */
  Refunded: 7,
  /** Withdrawn by the client before anyone posted it. */
  Revoked: 8,
} as const;
export type TaskState = (typeof TaskState)[keyof typeof TaskState];

/** Names of the states, each at the place of its number. */
export const TASK_STATES = [
  "None",
  "Open",
  "Reserved",
  "Delivered",
  "Disclosed",
  "Round",
  "Settled",
  "Refunded",
  "Revoked",
] as const satisfies readonly (keyof typeof TaskState)[];
export type TaskStateName = (typeof TASK_STATES)[number];
