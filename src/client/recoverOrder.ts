import { INTERFACES } from "../protocol/execute.js";
import { OpenGpuError } from "../protocol/errors.js";
import { type Order, type PackedOrder, taskIdOf, unpackOrder } from "../protocol/order.js";
import type { Protocol } from "../protocol/protocol.js";
import { persist } from "../protocol/retry.js";
import type { OrderJournal } from "./journal.js";

/** No place that was searched knows the order of a task. */
export class OrderNotFoundError extends OpenGpuError {
  override readonly name = "OrderNotFoundError";
  readonly taskId: string;

  /**
   * @param taskId The task.
   * @param searched Where it was looked for.
   */
  constructor(taskId: string, searched: string) {
    super(`The order of task ${taskId} is not in ${searched}. Import it from whoever submitted it.`);
    this.taskId = taskId;
  }
}

/** Where to look for an order. */
export interface RecoverOptions {
  journal?: OrderJournal;
  /** First block whose log is searched; 0 by default. */
  fromBlock?: number;
  /** Most blocks in one request for logs. */
  rangeSize?: number;
}

/**
 * Finds the order of a task: in the journal, else in the log of its submission, newest blocks first. Whatever is found is
 * checked against the id.
 *
 * @param taskId 32 bytes in hexadecimal.
 * @throws {OrderNotFoundError}
 * @throws {NodeError} if the node does not answer.
 */
export async function recoverOrder(
  protocol: Protocol,
  taskId: string,
  { journal, fromBlock = 0, rangeSize = 2_000 }: RecoverOptions = {},
): Promise<Order> {
  const kept = (await journal?.entries())?.find((entry) => entry.taskId === taskId.toLowerCase());
  if (kept !== undefined && taskIdOf(kept.order, protocol.domain) === kept.taskId) return kept.order;

  const { provider, patience, contracts, addresses } = protocol;
  const topics = await contracts.taskManager.filters.TaskSubmitted(taskId).getTopicFilter();
  const head = await persist("eth_blockNumber", () => provider.getBlockNumber(), patience.requests);
  for (let to = Math.max(head, protocol.head.number); to >= fromBlock; to -= rangeSize) {
    const from = Math.max(fromBlock, to - rangeSize + 1);
    const filter = { address: addresses.taskManager, topics, fromBlock: from, toBlock: to };
    const [log] = await persist("eth_getLogs", () => provider.getLogs(filter), patience.requests);
    const order = log && (INTERFACES.taskManager.parseLog(log)?.args as { order?: PackedOrder } | undefined)?.order;
    if (order !== undefined) return unpackOrder(order);
  }
  throw new OrderNotFoundError(taskId, `${journal ? "the journal or " : ""}the log from block ${fromBlock} to ${head}`);
}

/**
 * The orders in the calldata of a transaction to TaskManager: whatever posts, answers or ends a task carries its
 * order, also inside a multicall or a batch of proofs.
 *
 * @param transactionHash Hash of the transaction, mined or pending.
 * @returns Orders by task id.
 * @throws {OpenGpuError} if the node does not know the transaction or it carries no order.
 */
export async function ordersInTransaction(protocol: Protocol, transactionHash: string): Promise<Map<string, Order>> {
  const { provider, patience } = protocol;
  const found = await persist(
    "eth_getTransactionByHash",
    () => provider.getTransaction(transactionHash),
    patience.requests,
  );
  if (found === null)
    throw new OpenGpuError(`The node knows no transaction ${transactionHash}. Check its hash and the chain.`);
  const orders = ordersInCalldata(found.data);
  if (orders.length === 0) throw new OpenGpuError(`Transaction ${transactionHash} carries no order.`);
  return new Map(orders.map((order) => [taskIdOf(order, protocol.domain), order]));
}

/** The orders in calldata for TaskManager; none if it is for something else. */
export function ordersInCalldata(data: string): Order[] {
  let call;
  try {
    call = INTERFACES.taskManager.parseTransaction({ data });
  } catch {
    return [];
  }
  if (call === null) return [];
  return call.fragment.inputs.flatMap((input, index) => ordersIn(input.name, call.args[index]));
}

/** Orders in one argument of a call, by the names that TaskManager gives its arguments. */
function ordersIn(name: string, value: unknown): Order[] {
  if (name === "order") return [unpackOrder(value as PackedOrder)];
  if (name === "signedProof") return [unpackOrder((value as { order: PackedOrder }).order)];
  if (name === "signedProofs") return [...(value as { order: PackedOrder }[])].map(({ order }) => unpackOrder(order));
  if (name === "data") return [...(value as string[])].flatMap(ordersInCalldata);
  return [];
}
