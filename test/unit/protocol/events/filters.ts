import { expect } from "chai";
import { FieldFormatError } from "../../../../src/protocol/errors.js";
import { UnknownEventError, watch } from "../../../../src/protocol/events.js";
import { filterOf } from "../../../../src/protocol/events/filter.js";
import { INTERFACES } from "../../../../src/protocol/execute.js";
import { ACCOUNT, ADDRESSES, fakeNode, grow, watchableOf } from "../../../helpers/fakeChain.js";
import { ethers, loadFixture } from "../../../helpers/network.js";
import { readerOf } from "../../../helpers/protocol.js";
import { deliveredTask, deployMarket, openTask } from "../../../helpers/suite.js";
import { all, inShort } from "../../../helpers/watching.js";

const word = (value: number | string) => `0x${BigInt(value).toString(16).padStart(64, "0")}`;
const topicOf = (key: keyof typeof INTERFACES, name: string) => INTERFACES[key].getEvent(name)?.topicHash;

describe("watch: filters", () => {
  it("names all contracts and events if nothing is asked for", () => {
    const { address, topics } = filterOf(ADDRESSES);
    expect(address).to.have.members(Object.values(ADDRESSES));
    expect(topics).to.have.length(1);
    expect(topics[0]).to.include.members([topicOf("escrow", "Deposited"), topicOf("taskManager", "TaskLapsed")]);
  });

  it("turns values of indexed arguments into topics", () => {
    const { address, topics } = filterOf(ADDRESSES, ["taskManager.TaskSubmitted"], {
      source: [1, 7n],
      client: ACCOUNT,
    });
    expect(address).to.deep.equal([ADDRESSES.taskManager]);
    expect(topics).to.deep.equal([
      [topicOf("taskManager", "TaskSubmitted")],
      null,
      [word(1), word(7)],
      [word(ACCOUNT)],
    ]);
  });

  it("leaves to itself what topics cannot say of several events at once", () => {
    // The provider is the first indexed argument of one and the second of the other.
    const { topics, matches } = filterOf(ADDRESSES, ["providerPool.Slashed", "taskManager.TaskDelivered"], {
      provider: 5,
    });
    expect(topics).to.deep.equal([[topicOf("providerPool", "Slashed"), topicOf("taskManager", "TaskDelivered")]]);
    const slashed = (provider: number) => ({
      address: ADDRESSES.providerPool,
      topics: [topicOf("providerPool", "Slashed") ?? "", word(provider)],
    });
    expect(matches(slashed(5))).to.equal(true);
    expect(matches(slashed(6))).to.equal(false);
    expect(matches({ ...slashed(5), address: ADDRESSES.escrow })).to.equal(false);
    const delivered = [topicOf("taskManager", "TaskDelivered") ?? "", word(5), word(6), word(ACCOUNT)];
    expect(matches({ address: ADDRESSES.taskManager, topics: delivered })).to.equal(false);
  });

  it("takes of a contract's events those that have the argument", async () => {
    const market = await loadFixture(deployMarket);
    const protocol = await readerOf(market);
    const from = protocol.head.number + 1;
    const { taskId } = await deliveredTask(market);
    await openTask(market);
    const to = await ethers.provider.getBlockNumber();
    const options = { events: ["taskManager.*", "escrow.*"], where: { taskId }, from, to } as const;
    expect(inShort(await all(watch(protocol, options)))).to.deep.equal(["+TaskSubmitted", "+TaskDelivered"]);
    // The provider is at different places of these, so a node cannot tell them apart.
    const patterns = ["taskManager.*", "providerPool.*"] as const;
    expect(inShort(await all(watch(protocol, { events: patterns, where: { provider: 1 }, from, to })))).to.deep.equal([
      "+TaskDelivered",
    ]);
    expect(await all(watch(protocol, { events: patterns, where: { provider: 2 }, from, to }))).to.deep.equal([]);
    const others = { events: ["taskManager.TaskSubmitted"], where: { source: 2 }, from, to } as const;
    expect(await all(watch(protocol, others))).to.deep.equal([]);
  });

  it("types what it yields and what may be asked for", async () => {
    const protocol = watchableOf(fakeNode(grow(undefined, [[], [5n]])));
    const options = { from: 0, to: 1 };
    for await (const event of watch(protocol, {
      ...options,
      events: ["escrow.Deposited"],
      where: { account: ACCOUNT },
    })) {
      const amount: bigint = event.args.amount;
      expect(amount).to.equal(5n);
      const name: "Deposited" = event.name;
      expect(name).to.equal("Deposited");
    }
    for await (const event of watch(protocol, options)) {
      // @ts-expect-error Not every event has an amount.
      expect(event.args.amount).to.be.a("bigint");
      if (event.contract === "escrow" && event.name === "Withdrawn") expect(event.args.to).to.be.a("string");
    }
    // @ts-expect-error There is no such event.
    expect(() => watch(protocol, { events: ["escrow.Burnt"] })).to.throw(UnknownEventError, "escrow.Burnt");
    // @ts-expect-error An argument that is not indexed.
    expect(() => watch(protocol, { events: ["escrow.Deposited"], where: { amount: 1n } })).to.throw(FieldFormatError);
    // @ts-expect-error An address, not a number.
    expect(() => watch(protocol, { events: ["escrow.Deposited"], where: { account: 1 } })).to.throw(FieldFormatError);
  });

  for (const [problem, events, where, message] of [
    ["a contract that is none", ["market.*"], {}, "The suite has no event market.*."],
    ["a name without contract", ["Deposited"], {}, "The suite has no event Deposited."],
    ["a name of Object", ["constructor.*"], {}, "The suite has no event constructor.*."],
    ["no events", [], {}, "events is empty; it must be left out or name at least one event."],
    [
      "an argument that is not indexed",
      ["escrow.Deposited"],
      { amount: 1 },
      "where.amount is 1; it must be left out, because escrow.Deposited has no such indexed argument.",
    ],
    [
      "an argument that nothing has",
      ["escrow.*"],
      { source: 1 },
      "where is source; it must be indexed arguments that one of the events has.",
    ],
    [
      "no value",
      ["escrow.Deposited"],
      { account: [] },
      "where.account is empty; it must be left out or have at least one value.",
    ],
    [
      "what is no address",
      ["escrow.Deposited"],
      { account: "0x12" },
      "where.account is 0x12; it must be a value of type address.",
    ],
    [
      "too large a number",
      ["taskManager.TaskSubmitted"],
      { source: 2 ** 32 },
      "where.source is 4294967296; it must be a value of type uint32.",
    ],
    [
      "a negative number",
      ["taskManager.TaskSubmitted"],
      { source: [1, -1] },
      "where.source is -1; it must be a value of type uint32.",
    ],
    [
      "no number",
      ["taskManager.TaskSubmitted"],
      { source: NaN },
      "where.source is NaN; it must be a value of type uint32.",
    ],
    [
      "an id that is cut off",
      ["taskManager.TaskSubmitted"],
      { taskId: "0x1234" },
      "where.taskId is 0x1234; it must be a value of type bytes32.",
    ],
  ] as const) {
    it(`refuses ${problem}`, () => {
      expect(() => filterOf(ADDRESSES, events, where)).to.throw(message);
    });
  }
});
