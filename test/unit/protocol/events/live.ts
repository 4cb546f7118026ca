import { expect } from "chai";
import { watch } from "../../../../src/protocol/events.js";
import { ethers, loadFixture } from "../../../helpers/network.js";
import { readerOf } from "../../../helpers/protocol.js";
import { deployMarket, openTask } from "../../../helpers/suite.js";
import { inShort, take } from "../../../helpers/watching.js";

describe("watch: live", () => {
  const setUp = async () => {
    const market = await loadFixture(deployMarket);
    const deposit = (value: bigint) => market.escrow.connect(market.client).deposit({ value });
    return { market, deposit, protocol: await readerOf(market) };
  };

  it("yields what is mined after it was called, and nothing older", async () => {
    const { market, deposit, protocol } = await setUp();
    const iterator = watch(protocol, { events: ["escrow.Deposited"] });
    await deposit(11n);
    await deposit(12n);
    const [first, second] = await take(iterator, 2);
    expect(first).to.deep.include({ contract: "escrow", name: "Deposited", removed: false });
    expect(first?.args).to.deep.equal({ account: market.client.address, from: market.client.address, amount: 11n });
    expect(second?.args.amount).to.equal(12n);
    const third = iterator.next();
    await deposit(13n);
    expect(inShort([(await third).value as never])).to.deep.equal(["+Deposited 13"]);
    await iterator.return();
  });

  it("goes from history over to what is new without a gap", async () => {
    const { market, deposit, protocol } = await setUp();
    const from = protocol.head.number + 1;
    for (const amount of [1n, 2n, 3n]) await deposit(amount);
    const iterator = watch(protocol, {
      events: ["escrow.*", "taskManager.TaskSubmitted"],
      from,
      reorgDepth: 1,
      rangeSize: 1,
    });
    expect(inShort(await take(iterator, 2))).to.deep.equal(["+Deposited 1", "+Deposited 2"]);
    await openTask(market);
    await deposit(4n);
    expect(inShort(await take(iterator, 3))).to.deep.equal(["+Deposited 3", "+TaskSubmitted", "+Deposited 4"]);
    await iterator.return();
  });

  it("waits for a block that is yet to come", async () => {
    const { deposit, protocol } = await setUp();
    const iterator = watch(protocol, { events: ["escrow.Deposited"], from: protocol.head.number + 2 });
    const next = iterator.next();
    await deposit(1n);
    await deposit(2n);
    expect((await next).value)
      .to.deep.include({ blockNumber: protocol.head.number })
      .and.have.nested.property("args.amount", 2n);
    await iterator.return();
  });

  it("yields an event only when it has the confirmations asked for", async () => {
    const { deposit, protocol } = await setUp();
    const iterator = watch(protocol, { events: ["escrow.Deposited"], confirmations: 3 });
    const next = iterator.next();
    let seen = false;
    void next.then(() => (seen = true));
    await deposit(1n);
    await ethers.provider.send("evm_mine", []);
    // Several looks at the chain.
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(seen).to.equal(false);
    await ethers.provider.send("evm_mine", []);
    expect(inShort([(await next).value as never])).to.deep.equal(["+Deposited 1"]);
    await iterator.return();
  });

  it("keeps the head of the connection at the newest block", async () => {
    const { deposit, protocol } = await setUp();
    const before = protocol.head.number;
    const iterator = watch(protocol, { events: ["escrow.Deposited"] });
    await deposit(1n);
    await iterator.next();
    expect(protocol.head.number).to.equal(before + 1);
    await iterator.return();
  });

  it("ends by its signal while it waits, before it begins, and between two events", async () => {
    const { deposit, protocol } = await setUp();
    const waiting = new AbortController();
    const next = watch(protocol, { signal: waiting.signal }).next();
    setTimeout(() => {
      waiting.abort();
    }, 30);
    expect(await next).to.deep.equal({ done: true, value: undefined });

    expect(await watch(protocol, { from: 0, signal: AbortSignal.abort() }).next()).to.deep.equal({
      done: true,
      value: undefined,
    });

    const between = new AbortController();
    const iterator = watch(protocol, { events: ["escrow.Deposited"], signal: between.signal });
    await deposit(1n);
    await deposit(2n);
    expect((await iterator.next()).done).to.equal(false);
    between.abort();
    expect((await iterator.next()).done).to.equal(true);
  });

  it("ends by return() while it waits", async () => {
    const { protocol } = await setUp();
    const iterator = watch(protocol);
    const next = iterator.next();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await iterator.return();
    expect(await next).to.deep.equal({ done: true, value: undefined });
  });
});
