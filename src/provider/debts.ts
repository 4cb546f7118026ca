import type { SealedEnvelope } from "../protocol/envelope.js";
import type { Order } from "../protocol/order.js";

/** A result that a provider has sealed, and must be able to open until it is paid: an unopened seal costs its bond. */
export interface Debt {
  readonly taskId: string;
  readonly order: Order;
  /** Number of the provider. */
  readonly provider: number;
  readonly sealed: SealedEnvelope;
  /** Of a seat in the panel of a dispute, not of a delivery or a round. */
  readonly panel?: true;
}

/** Keeps what a provider owes, so that a restart loses nothing. */
export interface DebtBook {
  /** Keeps a debt before its seal is sent; once this resolves it survives the program. */
  incur(debt: Debt): Promise<void>;
  /** Forgets a debt: the task is paid, or was never this provider's. */
  clear(taskId: string): Promise<void>;
  /** What is owed, oldest first. */
  open(): Promise<Debt[]>;
}

/** A book that lives as long as the program. */
export function memoryDebts(): DebtBook {
  const debts = new Map<string, Debt>();
  return {
    incur: (debt) => {
      debts.set(debt.taskId, debt);
      return Promise.resolve();
    },
    clear: (taskId) => {
      debts.delete(taskId);
      return Promise.resolve();
    },
    open: () => Promise.resolve([...debts.values()]),
  };
}
