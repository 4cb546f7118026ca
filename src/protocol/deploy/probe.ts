import type { Provider } from "ethers";
import { NodeError } from "../errors.js";
import { DEFAULT_PATIENCE, firstLine, persist } from "../retry.js";
import { MissingOpcodesError } from "./errors.js";

/** Rules of a chain, oldest first, by the release that brought the newest operations it knows. */
export const LEVELS = ["byzantium", "constantinople", "istanbul", "london", "paris", "shanghai", "cancun"] as const;
export type Level = (typeof LEVELS)[number];

/** Operations that came after Byzantium: their code, how many values they take, and since when they are there. */
export const OPCODES = {
  SHL: { code: 0x1b, takes: 2, since: "constantinople" },
  SHR: { code: 0x1c, takes: 2, since: "constantinople" },
  SAR: { code: 0x1d, takes: 2, since: "constantinople" },
  EXTCODEHASH: { code: 0x3f, takes: 1, since: "constantinople" },
  CREATE2: { code: 0xf5, takes: 4, since: "constantinople" },
  CHAINID: { code: 0x46, takes: 0, since: "istanbul" },
  SELFBALANCE: { code: 0x47, takes: 0, since: "istanbul" },
  BASEFEE: { code: 0x48, takes: 0, since: "london" },
  PUSH0: { code: 0x5f, takes: 0, since: "shanghai" },
  MCOPY: { code: 0x5e, takes: 3, since: "cancun" },
  TLOAD: { code: 0x5c, takes: 1, since: "cancun" },
  TSTORE: { code: 0x5d, takes: 2, since: "cancun" },
  BLOBHASH: { code: 0x49, takes: 1, since: "cancun" },
  BLOBBASEFEE: { code: 0x4a, takes: 0, since: "cancun" },
} as const satisfies Record<string, { code: number; takes: number; since: Level }>;
export type Opcode = keyof typeof OPCODES;

/** What the contracts use of them. */
export const REQUIRED_OPCODES: readonly Opcode[] = ["SHL", "SHR", "CHAINID"];

/** What a chain understands. */
export interface ChainRules {
  level: Level;
  opcodes: ReadonlySet<Opcode>;
}

/** Ends a creation: the code of the new contract is the byte 1. */
const RETURN_ONE = "600160005360016000f3";
/** Ends a creation: the code of the new contract is the lowest byte of what is on top of the stack. */
const RETURN_TOP = "60005360016000f3";
/** PREVRANDAO in place of a difficulty is random, so it is above 2^64. */
const IS_RANDOM = `67${"ff".repeat(8)}4411${RETURN_TOP}`;

/**
 * Finds out which operations a chain knows, by calls that create a contract and cost nothing.
 *
 * @param chainId The chain, for errors.
 * @param required Operations that it must know.
 * @param patience For how long to ask a node that fails, milliseconds.
 * @throws {MissingOpcodesError} naming those that it does not.
 * @throws {NodeError} if the node does not answer such calls at all.
 */
export async function probeChain(
  provider: Provider,
  chainId: bigint,
  required: readonly Opcode[] = REQUIRED_OPCODES,
  patience: number = DEFAULT_PATIENCE.requests,
): Promise<ChainRules> {
  const create = (code: string) => persist("eth_call", () => provider.call({ data: `0x${code}` }), patience);
  /** Else a node that refuses every creation would be one of a chain without operations. */
  const checkNode = async () => {
    const answer = await create(RETURN_ONE).catch((error: unknown) => {
      if (error instanceof NodeError) throw error;
      const reason = error instanceof Error ? firstLine(error.message) : String(error);
      throw new NodeError("eth_call", `it refuses calls that create a contract (${reason})`, { cause: error });
    });
    if (answer !== "0x01") throw new NodeError("eth_call", `a call that creates a contract gave ${answer}, not 0x01`);
  };
  const gives = async (code: string): Promise<boolean> => {
    try {
      return (await create(code)) === "0x01";
    } catch (error) {
      if (error instanceof NodeError) throw error;
      return false;
    }
  };

  await checkNode();
  const names = Object.keys(OPCODES) as Opcode[];
  const [isRandom, ...known] = await Promise.all([
    gives(IS_RANDOM),
    ...names.map((name) => {
      const { code, takes } = OPCODES[name];
      return gives("6000".repeat(takes) + code.toString(16).padStart(2, "0") + RETURN_ONE);
    }),
  ]);
  await checkNode();

  const opcodes = new Set(names.filter((_, index) => known[index] === true));
  const missing = required.filter((name) => !opcodes.has(name));
  if (missing.length !== 0) throw new MissingOpcodesError(chainId, missing);
  return { level: levelOf(opcodes, isRandom), opcodes };
}

/** The newest level of which, and of all before it, every operation is known. */
function levelOf(opcodes: ReadonlySet<Opcode>, isRandom: boolean): Level {
  const unknown = Object.entries(OPCODES).filter(([name]) => !opcodes.has(name as Opcode));
  const end = Math.min(LEVELS.length, ...unknown.map(([, { since }]) => LEVELS.indexOf(since)));
  const level = LEVELS[end - 1] ?? "byzantium";
  // Paris has no operation of its own: it gives an old one another meaning.
  return level === "paris" && !isRandom ? "london" : level;
}
