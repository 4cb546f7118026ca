import { expect } from "chai";
import {
  exportOrders,
  formatEntry,
  importOrders,
  journalEntry,
  memoryJournal,
  parseEntry,
} from "../../../src/client/journal.js";
import { DocumentFormatError } from "../../../src/protocol/errors.js";
import { signOrder } from "../../../src/protocol/order.js";
import { loadFixture } from "../../helpers/network.js";
import { deployMarket, random32, reviewOrder } from "../../helpers/suite.js";

const anEntry = async () => {
  const market = await loadFixture(deployMarket);
  const order = await reviewOrder(market, { maxReward: 2n ** 96n - 1n, nonce: 2n ** 64n - 1n, minScore: 7 });
  const signature = await signOrder(market.client, order, market.domain);
  return journalEntry(order, market.domain, { signature, secretKey: random32() });
};

describe("client journal", () => {
  it("brings an entry through its text unchanged", async () => {
    const entry = await anEntry();
    expect(parseEntry(formatEntry(entry))).to.deep.equal(entry);
  });

  it("keeps entries in sequence, and copies of them", async () => {
    const journal = memoryJournal();
    const [one, two] = [await anEntry(), await anEntry()];
    await journal.record(one);
    await journal.record(two);
    const taskId = one.taskId;
    one.taskId = "changed";
    expect((await journal.entries()).map((entry) => entry.taskId)).to.deep.equal([taskId, two.taskId]);
  });

  it("exports without secrets unless told", async () => {
    const entry = await anEntry();
    expect(exportOrders([entry])).not.to.include(entry.secretKey);
    const open = { ...entry };
    delete open.secretKey;
    expect(importOrders(exportOrders([entry]))).to.deep.equal([open]);
    expect(importOrders(exportOrders([entry, entry], { secrets: true }))).to.deep.equal([entry, entry]);
  });

  it("refuses an entry that was altered, naming the line and what is wrong", async () => {
    const entry = await anEntry();
    const good = formatEntry(entry);
    const change = (edit: (value: { order: Record<string, unknown> } & Record<string, unknown>) => void) => {
      const value = JSON.parse(good) as { order: Record<string, unknown> } & Record<string, unknown>;
      edit(value);
      return JSON.stringify(value);
    };
    for (const [bad, problem] of [
      ["junk", "not JSON"],
      ["[]", "expected object"],
      [change((value) => (value["format"] = "opengpu-order/2")), "format"],
      [change((value) => (value.order["maxReward"] = "1")), `not ${entry.taskId}`],
      [change((value) => (value["chainId"] = 5)), `not ${entry.taskId}`],
      [change((value) => (value.order["maxReward"] = "-1")), "order.maxReward"],
      [
        change((value) => (value.order["maxReward"] = (2n ** 96n).toString())),
        "maxReward is 79228162514264337593543950336",
      ],
      [change((value) => (value.order["source"] = 1.5)), "order.source"],
      [change((value) => delete value.order["nonce"]), "order.nonce"],
      [change((value) => (value.order["extra"] = 1)), "extra"],
      [change((value) => (value["taskId"] = "0x12")), "taskId"],
    ] as const) {
      let error: unknown;
      try {
        importOrders(`${good}\n\n${bad}\n`, "orders.jsonl");
      } catch (reason) {
        error = reason;
      }
      expect(error, problem).to.be.instanceOf(DocumentFormatError);
      expect((error as Error).message)
        .to.include("orders.jsonl, line 3")
        .and.to.include(problem);
    }
  });
});
