/** Longest pause before something that failed is tried again, milliseconds. */
const LONGEST = 60_000;

/** Tasks that are left alone for a while. Moments in unix milliseconds. */
export interface Postponed {
  /** Leaves a task alone until a moment. */
  until(taskId: string, moment: number): void;
  /** Leaves a task alone after a failure, twice as long after each, and tells until when. */
  failed(taskId: string): number;
  isWaiting(taskId: string): boolean;
  forget(taskId: string): void;
}

/** @param pause After the first failure, milliseconds. */
export function createPostponed(pause: number): Postponed {
  const moments = new Map<string, number>();
  const failures = new Map<string, number>();
  return {
    until(taskId, moment) {
      moments.set(taskId, moment);
    },
    failed(taskId) {
      const before = failures.get(taskId) ?? 0;
      failures.set(taskId, before + 1);
      const moment = Date.now() + Math.min(pause * 2 ** before, LONGEST);
      moments.set(taskId, moment);
      return moment;
    },
    isWaiting: (taskId) => (moments.get(taskId) ?? 0) > Date.now(),
    forget(taskId) {
      moments.delete(taskId);
      failures.delete(taskId);
    },
  };
}
