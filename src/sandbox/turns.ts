/** Lets so many go at once, the others in the sequence in which they came. */
export interface Turns {
  /**
   * Resolves when it is the caller's turn, with what ends it.
   *
   * @param signal Gives the place up; rejected with its reason.
   */
  take(signal?: AbortSignal): Promise<() => void>;
}

/** @param parallel How many go at once, 1 or more. */
export function createTurns(parallel: number): Turns {
  const waiting = new Set<() => void>();
  let free = parallel;
  const give = () => {
    free += 1;
    const [next] = waiting;
    next?.();
  };
  return {
    take: (signal) =>
      new Promise((resolve, reject) => {
        const leave = () => {
          waiting.delete(enter);
          reject(signal?.reason as Error);
        };
        const enter = () => {
          waiting.delete(enter);
          signal?.removeEventListener("abort", leave);
          free -= 1;
          let ended = false;
          resolve(() => {
            if (!ended) give();
            ended = true;
          });
        };
        if (signal?.aborted === true) leave();
        else if (free > 0) enter();
        else {
          waiting.add(enter);
          signal?.addEventListener("abort", leave, { once: true });
        }
      }),
  };
}
