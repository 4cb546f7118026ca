/** Wakes a loop that waits. */
export interface Bell {
  /** Ends the wait, or the next one if nobody waits now. */
  ring(): void;
  /** Resolves when the bell was rung since the last wait, after so many milliseconds, or when the signal ends it. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
}

export function createBell(): Bell {
  let rung = false;
  let wake = () => {
    rung = true;
  };
  const sleeping = wake;
  return {
    ring: () => {
      wake();
    },
    async wait(milliseconds, signal) {
      if (!rung && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const done = () => {
            clearTimeout(timer);
            signal.removeEventListener("abort", done);
            resolve();
          };
          const timer = setTimeout(done, milliseconds);
          signal.addEventListener("abort", done);
          wake = done;
        });
      }
      wake = sleeping;
      rung = false;
    },
  };
}
