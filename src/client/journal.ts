import { z } from "zod";
import { parseDocument } from "../protocol/deployment.js";
import { DocumentFormatError } from "../protocol/errors.js";
import { toJson } from "../protocol/json.js";
import { type Order, type OrderDomain, packOrder, taskIdOf } from "../protocol/order.js";
import { accountSchema, bytes32Schema, bytesSchema, orderSchema, wholeSchema } from "../protocol/orderSchema.js";

const entrySchema = z.strictObject({
  format: z.literal("opengpu-order/1"),
  chainId: wholeSchema,
  taskManager: accountSchema,
  taskId: bytes32Schema,
  order: orderSchema,
  /** Signature of the order, where anyone may post it. */
  signature: bytesSchema.optional(),
  /** X25519 secret key that opens the envelope. Whoever has it can read the result. */
  secretKey: bytes32Schema.optional(),
});

/** An order with all that is needed to go on with its task. */
export interface JournalEntry {
  chainId: bigint;
  taskManager: string;
  taskId: string;
  order: Order;
  /** Signature of the order, where anyone may post it. */
  signature?: string;
  /** X25519 secret key that opens the envelope; whoever has it can read the result. */
  secretKey?: string;
}

/** Keeps orders before they are sent, so that whatever fails afterwards, no task is lost: the chain keeps no orders. */
export interface OrderJournal {
  /** Keeps an order; once this resolves it survives the program. */
  record(entry: JournalEntry): Promise<void>;
  /** All orders, oldest first. */
  entries(): Promise<JournalEntry[]>;
}

/** A journal that lives as long as the program. */
export function memoryJournal(): OrderJournal {
  const kept: JournalEntry[] = [];
  return {
    record: (entry) => {
      kept.push({ ...entry });
      return Promise.resolve();
    },
    entries: () => Promise.resolve(kept.map((entry) => ({ ...entry }))),
  };
}

/** The entry for an order. */
export function journalEntry(
  order: Order,
  domain: OrderDomain,
  extras: Pick<JournalEntry, "signature" | "secretKey"> = {},
): JournalEntry {
  return { ...domain, taskId: taskIdOf(order, domain), order: { ...order }, ...extras };
}

/** One line of JSON for an entry. */
export function formatEntry({ chainId, ...entry }: JournalEntry): string {
  return toJson({ format: "opengpu-order/1", chainId: Number(chainId), ...entry });
}

/**
 * Reads one line of JSON, and checks that the order gives the id that stands beside it.
 *
 * @param name What is read, for errors, e.g. a file and its line.
 * @throws {DocumentFormatError}
 */
export function parseEntry(line: string, name = "The order"): JournalEntry {
  const { chainId, signature, secretKey, ...rest } = parseDocument(entrySchema, line, name);
  const { order } = rest;
  const domain = { chainId: BigInt(chainId), taskManager: rest.taskManager };
  let taskId: string;
  try {
    packOrder(order);
    taskId = taskIdOf(order, domain);
  } catch (error) {
    throw new DocumentFormatError(name, error instanceof Error ? error.message.replace(/\.$/, "") : String(error), {
      cause: error,
    });
  }
  if (taskId !== rest.taskId.toLowerCase()) {
    throw new DocumentFormatError(name, `its order gives task ${taskId}, not ${rest.taskId}`);
  }
  return {
    ...domain,
    taskId,
    order,
    ...(signature !== undefined && { signature }),
    ...(secretKey !== undefined && { secretKey }),
  };
}

/**
 * Orders as text that another program or another machine can import, one a line.
 *
 * @param secrets Whether to include the keys that open results.
 */
export function exportOrders(entries: readonly JournalEntry[], { secrets = false } = {}): string {
  return entries
    .map(({ secretKey, ...entry }) => formatEntry(secrets && secretKey !== undefined ? { ...entry, secretKey } : entry))
    .map((line) => `${line}\n`)
    .join("");
}

/**
 * Reads exported orders; all or none.
 *
 * @param name What is read, for errors.
 * @throws {DocumentFormatError} naming the line.
 */
export function importOrders(text: string, name = "The export"): JournalEntry[] {
  return text
    .split("\n")
    .map((line, index) => ({ line, number: index + 1 }))
    .filter(({ line }) => line.trim() !== "")
    .map(({ line, number }) => parseEntry(line, `${name}, line ${number}`));
}
