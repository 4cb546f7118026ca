import { HDNodeWallet, Wallet } from "ethers";
import { z } from "zod";
import { readText, writeText } from "../../files/atomic.js";
import { formatDocument, parseDocument } from "../../protocol/deployment.js";

/** Who takes part in a run, each with a key of its own. */
export interface Cast {
  readonly publisher: Wallet;
  readonly clients: readonly Wallet[];
  readonly providers: readonly Wallet[];
}

const keysSchema = z.strictObject({
  format: z.literal("opengpu-run-keys/1"),
  phrase: z.string(),
  clients: z.number().int().positive().max(1_000),
  providers: z.number().int().positive().max(1_000),
  /** First block of the run. */
  from: z.number().int().nonnegative(),
});

/** What the keys of a run follow from. */
export type RunKeys = Omit<z.output<typeof keysSchema>, "format">;

/** A phrase that nobody knows. */
export const freshPhrase = (): string => Wallet.createRandom().mnemonic?.phrase ?? "";

/** Keys of the run, the same for the same phrase and number of clients. */
export function castOf({ phrase, clients, providers }: Omit<RunKeys, "from">): Cast {
  const root = HDNodeWallet.fromPhrase(phrase, "", "m/44'/60'/0'/0");
  const key = (index: number) => new Wallet(root.deriveChild(index).privateKey);
  return {
    publisher: key(0),
    clients: Array.from({ length: clients }, (_, index) => key(1 + index)),
    providers: Array.from({ length: providers }, (_, index) => key(1 + clients + index)),
  };
}

/**
 * Keeps what the keys follow from, for its owner alone: until the run has ended, coin depends on it.
 *
 * @throws {FileAccessError}
 */
export async function writeKeys(file: string, keys: RunKeys): Promise<void> {
  await writeText(file, formatDocument({ format: "opengpu-run-keys/1", ...keys }), 0o600);
}

/**
 * @returns What {@link writeKeys} wrote; `undefined` if there is no such file.
 * @throws {FileAccessError | DocumentFormatError}
 */
export async function readKeys(file: string): Promise<RunKeys | undefined> {
  const text = await readText(file);
  return text === undefined ? undefined : parseDocument(keysSchema, text, file);
}
