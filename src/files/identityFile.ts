import { z } from "zod";
import { formatDocument, parseDocument } from "../protocol/deployment.js";
import { DocumentFormatError } from "../protocol/errors.js";
import type { OrderDomain } from "../protocol/order.js";
import { accountSchema, bytes32Schema, wholeSchema } from "../protocol/orderSchema.js";
import type { IdentityBook } from "../provider/identity.js";
import { readText, writeText } from "./atomic.js";

const identitySchema = z.strictObject({
  format: z.literal("opengpu-identity/1"),
  chainId: wholeSchema,
  taskManager: accountSchema,
  provider: wholeSchema.optional(),
  /** X25519. Whoever has it can read private inputs. */
  secretKey: bytes32Schema,
});

/**
 * Keeps a provider's identity in a file that its owner alone can read.
 *
 * @param domain The suite that it belongs to.
 * @throws {FileAccessError} from both methods, if the file cannot be read or written.
 * @throws {DocumentFormatError} when reading, if it was altered or belongs to another suite.
 */
export function fileIdentity(path: string, domain: OrderDomain): IdentityBook {
  return {
    async read() {
      const text = await readText(path);
      if (text === undefined) return undefined;
      const { chainId, taskManager, provider, secretKey } = parseDocument(identitySchema, text, path);
      if (BigInt(chainId) !== domain.chainId || taskManager.toLowerCase() !== domain.taskManager.toLowerCase()) {
        const problem = `it is of TaskManager ${taskManager} on chain ${chainId}; choose another folder for this one`;
        throw new DocumentFormatError(path, problem);
      }
      return { secretKey, ...(provider !== undefined && { provider }) };
    },
    async write(identity) {
      const { chainId, taskManager } = domain;
      const document = { format: "opengpu-identity/1", chainId: Number(chainId), taskManager, ...identity };
      await writeText(path, formatDocument(document), 0o600);
    },
  };
}
