/** The error of a kind that a promise is rejected with; what else happens is thrown. */
export async function caught<E extends Error>(
  promise: Promise<unknown>,
  kind: abstract new (...args: never[]) => E,
): Promise<E> {
  const error: unknown = await promise.then(
    () => new Error(`no ${kind.name} came`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof kind) || error.message.startsWith("no ")) throw error;
  return error;
}

/** What a promise is rejected with. */
export function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error("it was not rejected");
    },
    (reason: unknown) => reason,
  );
}
