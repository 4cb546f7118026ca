import { expect } from "chai";
import { watchHeads } from "../../../../src/protocol/events/heads.js";

const FOREVER = 1_000_000;

/** A provider that tells of blocks when the test does. */
function teller() {
  const listeners = new Set<(number: number) => void>();
  return {
    listeners,
    onHead(listener: (number: number) => void) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    tell(number: number) {
      for (const listener of listeners) listener(number);
    },
  };
}

const quiet = new AbortController().signal;

describe("watchHeads", () => {
  it("wakes who waits, and keeps the newest block", async () => {
    const provider = teller();
    const head = { number: 5 };
    const heads = watchHeads(provider, head, FOREVER);
    const woken = heads.wait(quiet);
    provider.tell(7);
    await woken;
    expect(head.number).to.equal(7);
    provider.tell(6);
    expect(head.number).to.equal(7);
    heads.stop();
    expect(provider.listeners.size).to.equal(0);
  });

  it("does not let anybody wait for what was told in between", async () => {
    const provider = teller();
    const heads = watchHeads(provider, { number: 0 }, FOREVER);
    provider.tell(1);
    await heads.wait(quiet);
    const controller = new AbortController();
    const second = heads.wait(controller.signal).then(
      () => "woken",
      () => "aborted",
    );
    controller.abort();
    expect(await second).to.equal("aborted");
    heads.stop();
  });

  it("looks at intervals where nobody tells", async () => {
    const heads = watchHeads({}, { number: 0 }, 5);
    await heads.wait(quiet);
    await watchHeads(teller(), { number: 0 }, 5).wait(quiet);
    heads.stop();
  });

  it("rejects with the signal's reason", async () => {
    const reason = new Error("enough");
    const heads = watchHeads({}, { number: 0 }, FOREVER);
    const error: unknown = await heads.wait(AbortSignal.abort(reason)).catch((thrown: unknown) => thrown);
    expect(error).to.equal(reason);
  });
});
