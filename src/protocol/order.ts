import { getAddress, type Signer, TypedDataEncoder, toBeHex, ZeroAddress, ZeroHash } from "ethers";
import { FieldFormatError } from "./errors.js";
import { address, bytes32, uint } from "./fields.js";

/** How a result is judged. The numbers are those of the contracts. */
export const Verification = { Review: 0, Proof: 1, Quorum: 2 } as const;
export type Verification = (typeof Verification)[keyof typeof Verification];

/** Environment bits, a mask. */
export const Environment = { Cpu: 1, Nvidia: 2, Amd: 4 } as const;

/** What a client asks for and agrees to pay. Amounts in wei, times in seconds, shares in basis points. */
export interface Order {
  /** Who pays, accepts and receives the result. */
  client: string;
  source: number;
  version: number;
  /** Cap of the price of one execution. */
  maxReward: bigint;
  /** Seconds from the start price to the cap; 0: the cap at once. */
  rampDuration: number;
  /** Last second (unix time) in which a result may be delivered. */
  deadline: number;
  verification: Verification;
  /** Odds a panel must reach; 0: no panel. */
  trust: number;
  /** Seconds the client may inspect a disclosed result before silence pays. */
  reviewPeriod: number;
  /** Stake a provider locks while it holds the task. */
  bond: bigint;
  /** Least reputation, score × 1e6; 0: anyone. */
  minScore: number;
  /** Accepted environments, a mask. */
  environments: number;
  /** GiB; matters on a GPU only. */
  minGpuMemory: number;
  /** Seconds of an exclusive reservation; 0: open race. */
  reservation: number;
  /** Verifier contract of a Proof order, else the zero address. */
  verifier: string;
  maxRoyaltyBps: number;
  maxFeeBps: number;
  /** SHA-256 of the input, 32 bytes in hexadecimal. */
  inputDigest: string;
  /** X25519 public key of the client, 32 bytes in hexadecimal. */
  clientKey: string;
  nonce: bigint;
}

/** An order in the six words in which it travels; see `PackedOrder` in the contracts for their layout. */
export interface PackedOrder {
  reward: string;
  assurance: string;
  terms: string;
  clocks: string;
  inputDigest: string;
  clientKey: string;
}

const WORDS = ["reward", "assurance", "terms", "clocks", "inputDigest", "clientKey"] as const;

/** EIP-712 types of an order, fields in the sequence in which a wallet shows them. */
export const ORDER_TYPES: Record<string, { name: keyof Order; type: string }[]> = {
  Order: [
    { name: "client", type: "address" },
    { name: "source", type: "uint32" },
    { name: "version", type: "uint16" },
    { name: "maxReward", type: "uint96" },
    { name: "rampDuration", type: "uint24" },
    { name: "deadline", type: "uint40" },
    { name: "verification", type: "uint8" },
    { name: "trust", type: "uint16" },
    { name: "reviewPeriod", type: "uint24" },
    { name: "bond", type: "uint96" },
    { name: "minScore", type: "uint32" },
    { name: "environments", type: "uint8" },
    { name: "minGpuMemory", type: "uint16" },
    { name: "reservation", type: "uint24" },
    { name: "verifier", type: "address" },
    { name: "maxRoyaltyBps", type: "uint16" },
    { name: "maxFeeBps", type: "uint16" },
    { name: "inputDigest", type: "bytes32" },
    { name: "clientKey", type: "bytes32" },
    { name: "nonce", type: "uint64" },
  ],
};

/** Which suite an order is for. */
export interface OrderDomain {
  chainId: bigint;
  /** Address of TaskManager. */
  taskManager: string;
}

/** The EIP-712 domain of a suite's orders. */
export function orderDomain({ chainId, taskManager }: OrderDomain) {
  return { name: "OpenGPU", version: "1", chainId, verifyingContract: taskManager };
}

/**
 * Packs an order into the form that TaskManager takes.
 *
 * @throws {FieldRangeError} if a number does not fit its field.
 * @throws {FieldFormatError} if a digest or a key is not 32 bytes, or an address is none.
 */
export function packOrder(order: Order): PackedOrder {
  type Numeric = { [F in keyof Order]: Order[F] extends bigint | number ? F : never }[keyof Order];
  const field = (name: Numeric, bits: number): [bigint, number] => [uint(name, order[name], bits), bits];
  const account = (name: "client" | "verifier"): [bigint, number] => [BigInt(address(name, order[name])), 160];

  return {
    reward: word(account("client"), field("maxReward", 96)),
    assurance: word(account("verifier"), field("bond", 96)),
    terms: word(
      field("source", 32),
      field("version", 16),
      field("verification", 8),
      field("trust", 16),
      field("environments", 8),
      field("minGpuMemory", 16),
      field("maxRoyaltyBps", 16),
      field("maxFeeBps", 16),
      field("minScore", 32),
      field("nonce", 64),
    ),
    clocks: word(field("deadline", 40), field("rampDuration", 24), field("reviewPeriod", 24), field("reservation", 24)),
    inputDigest: bytes32("inputDigest", order.inputDigest),
    clientKey: bytes32("clientKey", order.clientKey),
  };
}

/**
 * The inverse of {@link packOrder}: reads an order from calldata or from the log.
 *
 * @throws {FieldFormatError} if a word is not 32 bytes, or bits are set that mean nothing.
 */
export function unpackOrder(packed: PackedOrder): Order {
  for (const name of WORDS) bytes32(name, packed[name]);
  const unused = (BigInt(packed.terms) >> 224n) | (BigInt(packed.clocks) >> 112n);
  if (unused !== 0n)
    throw new FieldFormatError("terms or clocks", `0x${unused.toString(16)}`, "zero in its unused bits");
  const reward = reader(packed.reward);
  const assurance = reader(packed.assurance);
  const terms = reader(packed.terms);
  const clocks = reader(packed.clocks);
  const maxReward = reward(96);
  const bond = assurance(96);
  const nonce = terms(64);
  const minScore = Number(terms(32));
  const maxFeeBps = Number(terms(16));
  const maxRoyaltyBps = Number(terms(16));
  const minGpuMemory = Number(terms(16));
  const environments = Number(terms(8));
  const trust = Number(terms(16));
  const verification = Number(terms(8)) as Verification;
  const version = Number(terms(16));
  const source = Number(terms(32));
  const reservation = Number(clocks(24));
  const reviewPeriod = Number(clocks(24));
  const rampDuration = Number(clocks(24));
  const deadline = Number(clocks(40));
  return {
    client: getAddress(toBeHex(reward(160), 20)),
    source,
    version,
    maxReward,
    rampDuration,
    deadline,
    verification,
    trust,
    reviewPeriod,
    bond,
    minScore,
    environments,
    minGpuMemory,
    reservation,
    verifier: getAddress(toBeHex(assurance(160), 20)),
    maxRoyaltyBps,
    maxFeeBps,
    inputDigest: packed.inputDigest,
    clientKey: packed.clientKey,
    nonce,
  };
}

/** Id of the task that an order makes: its EIP-712 digest. */
export function taskIdOf(order: Order, domain: OrderDomain): string {
  return TypedDataEncoder.hash(orderDomain(domain), ORDER_TYPES, order);
}

/** Signs an order, so that anyone may post it; 65 bytes in hexadecimal. */
export function signOrder(signer: Signer, order: Order, domain: OrderDomain): Promise<string> {
  return signer.signTypedData(orderDomain(domain), ORDER_TYPES, order);
}

/** An order with the fields that most orders leave alone filled in. */
export function draftOrder(
  order: Pick<Order, "client" | "source" | "maxReward" | "deadline" | "inputDigest"> & Partial<Order>,
): Order {
  return {
    version: 1,
    rampDuration: 0,
    verification: Verification.Review,
    trust: 0,
    reviewPeriod: 3600,
    bond: order.maxReward,
    minScore: 0,
    environments: Environment.Cpu,
    minGpuMemory: 0,
    reservation: 0,
    verifier: ZeroAddress,
    maxRoyaltyBps: 2000,
    maxFeeBps: 1000,
    clientKey: ZeroHash,
    nonce: 0n,
    ...order,
  };
}

/** Fields from the highest bit to the lowest, as one 32-byte word. */
function word(...fields: [value: bigint, bits: number][]): string {
  return toBeHex(
    fields.reduce((sum, [value, bits]) => (sum << BigInt(bits)) | value, 0n),
    32,
  );
}

/** Takes fields off the low end of a word, one call a field. */
function reader(text: string): (bits: number) => bigint {
  let rest = BigInt(text);
  return (bits) => {
    const value = rest & ((1n << BigInt(bits)) - 1n);
    rest >>= BigInt(bits);
    return value;
  };
}
