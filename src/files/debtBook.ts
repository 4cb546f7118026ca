import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { keccak256 } from "ethers";
import { z } from "zod";
import { formatDocument, parseDocument } from "../protocol/deployment.js";
import { DocumentFormatError } from "../protocol/errors.js";
import { type OrderDomain, packOrder, taskIdOf } from "../protocol/order.js";
import { accountSchema, bytes32Schema, bytesSchema, orderSchema, wholeSchema } from "../protocol/orderSchema.js";
import { sealOf } from "../protocol/seal.js";
import type { Debt, DebtBook } from "../provider/debts.js";
import { codeOf, readText, removeFile, writeText } from "./atomic.js";
import { FileAccessError } from "./errors.js";

const debtSchema = z.strictObject({
  format: z.literal("opengpu-debt/1"),
  chainId: wholeSchema,
  taskManager: accountSchema,
  taskId: bytes32Schema,
  provider: wholeSchema,
  /** Unix time in milliseconds. */
  incurredAt: wholeSchema,
  order: orderSchema,
  sealed: z.strictObject({
    resultDigest: bytes32Schema,
    salt: bytes32Schema,
    location: z.string(),
    commitment: bytes32Schema,
    envelope: bytesSchema,
    envelopeHash: bytes32Schema,
    seal: bytes32Schema,
    envelopeSecret: bytes32Schema,
  }),
  /** Of a seat in the panel of a dispute. */
  panel: z.literal(true).optional(),
});

const NAME = /^0x[0-9a-f]{64}\.json$/;

/**
 * Keeps what a provider owes as one file a task, `<task id>.json`, each written whole or not at all and on the disk
 * before its seal is sent.
 *
 * @param folder Made when needed. It belongs to one provider on one chain.
 * @param domain The chain and its TaskManager.
 * @throws {FileAccessError} from all methods, if a file cannot be read or written.
 * @param damaged Told of a file that was altered or is of another suite; the others are read all the same.
 * @throws {DocumentFormatError} from `open`, naming the file, if there is such a one and nobody to tell. It is left as it
 * is, because only what is in it opens its seal.
 */
export function fileDebts(
  folder: string,
  domain: OrderDomain,
  damaged?: (error: DocumentFormatError) => void,
): DebtBook {
  const fileOf = (taskId: string) => join(folder, `${taskId.toLowerCase()}.json`);
  return {
    incur: async ({ taskId, order, provider, sealed, panel }) => {
      const { chainId, taskManager } = domain;
      const place = { format: "opengpu-debt/1", chainId: Number(chainId), taskManager };
      const debt = { taskId, provider, incurredAt: Date.now(), order, sealed, ...(panel !== undefined && { panel }) };
      // For its owner alone: its secret shows what is inside the envelope.
      await writeText(fileOf(taskId), formatDocument({ ...place, ...debt }), 0o600);
    },
    clear: (taskId) => removeFile(fileOf(taskId)),
    open: async () => {
      const debts = await Promise.all(
        (await namesIn(folder)).map((name) =>
          readDebt(join(folder, name), domain).catch((error: unknown) => {
            if (damaged === undefined || !(error instanceof DocumentFormatError)) throw error;
            damaged(error);
            return undefined;
          }),
        ),
      );
      const known = debts.filter((debt) => debt !== undefined);
      return known.sort((a, b) => a.incurredAt - b.incurredAt).map(({ debt }) => debt);
    },
  };
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => NAME.test(name));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw new FileAccessError(folder, "read", codeOf(error), { cause: error });
  }
}

async function readDebt(file: string, domain: OrderDomain): Promise<{ incurredAt: number; debt: Debt } | undefined> {
  const text = await readText(file);
  // Cleared since the folder was read.
  if (text === undefined) return undefined;
  const document = parseDocument(debtSchema, text, file);
  const { chainId, taskManager, taskId, provider, incurredAt, order, sealed, panel } = document;
  if (BigInt(chainId) !== domain.chainId || taskManager.toLowerCase() !== domain.taskManager.toLowerCase()) {
    throw new DocumentFormatError(file, `it is of TaskManager ${taskManager} on chain ${chainId}`);
  }
  let found: string;
  try {
    packOrder(order);
    found = taskIdOf(order, domain);
  } catch (error) {
    throw new DocumentFormatError(file, error instanceof Error ? error.message : String(error), { cause: error });
  }
  if (found !== taskId.toLowerCase()) {
    throw new DocumentFormatError(file, `its order gives task ${found}, not ${taskId}`);
  }
  const { commitment, envelope } = sealed;
  const seal = sealOf({ taskId: found, provider, commitment, envelopeHash: keccak256(envelope) });
  if (seal !== sealed.seal)
    throw new DocumentFormatError(file, `its envelope gives the seal ${seal}, not ${sealed.seal}`);
  return { incurredAt, debt: { taskId: found, order, provider, sealed, ...(panel !== undefined && { panel }) } };
}
