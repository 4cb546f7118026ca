import { cidOf } from "./digest.js";
import { ContentMismatchError, ContentNotFoundError, ContentTooLargeError, StoreError } from "./errors.js";
import { type Answer, ask, type HttpOptions, placeAt } from "./http.js";
import { type ContentStore, normalDigest, storedAs, verified } from "./store.js";

/** Most bytes that are read if nothing else is said. */
const MAX_SIZE = 2 ** 30;

/**
 * A store behind the address of a content server. What comes from there is believed only if it has the digest, so it does
 * not matter who runs it. Each request has a limited time, and nothing is asked twice.
 *
 * @param url E.g. `http://127.0.0.1:8080`.
 * @throws {FieldFormatError} if it is no HTTP address.
 */
export function httpStore(url: string, { timeout }: HttpOptions = {}): ContentStore {
  const { name, at } = placeAt(url);
  const patience = timeout === undefined ? {} : { timeout };
  const place = (digest: string) => at("content", cidOf(digest));
  const failing = (digest: string) => (problem: string, options: ErrorOptions) =>
    new StoreError(digest, name, problem, options);
  const refused = async (digest: string, answer: Answer) => new StoreError(digest, name, await answer.reason());

  return {
    async put(content, { signal } = {}) {
      const stored = storedAs(content);
      const { digest, size } = stored;
      const question = { method: "PUT", body: content, signal, ...patience } as const;
      return ask(place(digest), question, failing(digest), async (answer) => {
        if (answer.status === 413) throw new ContentTooLargeError(digest, await maximumIn(answer, size - 1), size);
        if (answer.status === 422) throw new ContentMismatchError(digest, name, { problem: await answer.reason() });
        if (answer.status !== 200 && answer.status !== 201) throw await refused(digest, answer);
        return stored;
      });
    },
    async get(digest, { maxSize = MAX_SIZE, signal } = {}) {
      const key = normalDigest(digest);
      return ask(place(key), { method: "GET", signal, ...patience }, failing(key), async (answer) => {
        if (answer.status === 404) throw new ContentNotFoundError(key, name);
        if (answer.status === 422) throw new ContentMismatchError(key, name, { problem: await answer.reason() });
        if (answer.status !== 200) throw await refused(key, answer);
        const content = await answer.bytes(maxSize);
        if (content === undefined) throw new ContentTooLargeError(key, maxSize);
        return verified(key, content, name);
      });
    },
    async has(digest, { signal } = {}) {
      const key = normalDigest(digest);
      return ask(place(key), { method: "HEAD", signal, ...patience }, failing(key), async (answer) => {
        if (answer.status !== 200 && answer.status !== 404) throw await refused(key, answer);
        return answer.status === 200;
      });
    },
  };
}

/** The most bytes that a place says it takes. */
async function maximumIn(answer: Answer, otherwise: number): Promise<number> {
  const [, maximum] = /at most (\d{1,15}) bytes/.exec(await answer.reason()) ?? [];
  return maximum === undefined ? otherwise : Number(maximum);
}
