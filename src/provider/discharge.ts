import { Verification } from "../protocol/order.js";
import { messageOf, pause } from "../protocol/retry.js";
import type { Debt } from "./debts.js";
import { honour, type HonourOptions } from "./honour.js";
import { honourSeat, type SeatOptions } from "./honourSeat.js";
import type { ProviderEvent } from "./loop.js";

export interface DischargeOptions
  extends
    Omit<HonourOptions, "delivered" | "defended" | "report" | "underway" | "effects">,
    Pick<SeatOptions, "outputs"> {
  effects: HonourOptions["effects"] & SeatOptions["effects"];
  report: (event: ProviderEvent) => void;
  /** Tells when a task is tried again whose seal is not on chain, if it is; unix milliseconds. */
  retry: (taskId: string) => Promise<number | undefined>;
}

/**
 * Honours a debt, whatever fails, and tells what it came to.
 *
 * @param early Whether the seal may be on its way already, from an earlier run.
 */
export async function discharge(debt: Debt, early: boolean, options: DischargeOptions): Promise<void> {
  const { taskId } = debt;
  const { report, retry, ...needs } = options;
  const { signal, protocol } = needs;
  let underway = early;
  let lost: string | undefined;
  const troubled = (reason: string) => {
    report({ kind: "trouble", taskId, at: Date.now(), reason });
  };
  const delivered = (price: bigint) => {
    report({ kind: "delivered", taskId, at: Date.now(), price });
  };
  const defended = () => {
    report({ kind: "defended", taskId, at: Date.now() });
  };
  const seated = (seat: number, weight: number) => {
    report({ kind: "seated", taskId, at: Date.now(), seat, weight });
  };
  const opened = (seat: number) => {
    report({ kind: "opened", taskId, at: Date.now(), seat });
  };
  for (;;) {
    try {
      if (lost === undefined) {
        const told = { ...needs, underway, delivered, defended, seated, opened, report: troubled };
        const isSeat = debt.panel === true || debt.order.verification === Verification.Quorum;
        const end = await (isSeat ? honourSeat(debt, told) : honour(debt, told));
        if (end.outcome === "slashed") {
          report({ kind: "slashed", taskId, at: Date.now(), amount: end.amount, how: end.how });
          return;
        }
        if (end.outcome === "paid") {
          report({ kind: "paid", taskId, at: Date.now(), price: end.price });
          return;
        }
        // It is in the book no more, so it must not be sent again.
        lost = end.reason;
      }
      const moment = await retry(taskId);
      const again = moment === undefined ? {} : { retry: moment };
      report({ kind: "abandoned", taskId, at: Date.now(), reason: lost, ...again });
      return;
    } catch (error) {
      if (signal.aborted) return;
      // Whatever failed, the seal may have been sent before.
      underway = true;
      troubled(messageOf(error));
      await pause(protocol.patience.interval, signal).catch(() => undefined);
    }
  }
}
