import { expect } from "chai";
import { createInbox, EnvelopeRefusedError, InboxFullError } from "../../../src/content/index.js";
import { FieldFormatError } from "../../../src/protocol/errors.js";
import { caught } from "../../helpers/caught.js";

const TASK = `0x${"a7".repeat(32)}`;
const OTHER = `0x${"b8".repeat(32)}`;
const envelope = (...bytes: number[]) => Uint8Array.from(bytes);

describe("createInbox", () => {
  it("keeps envelopes by task, in their sequence, each once", async () => {
    const inbox = createInbox();
    await inbox.deliver(TASK, envelope(1));
    await inbox.deliver(TASK.toUpperCase().replace("0X", "0x"), envelope(2, 3));
    await inbox.deliver(TASK, envelope(1));
    await inbox.deliver(OTHER, envelope(4));
    expect(inbox.list(TASK)).to.deep.equal(["0x01", "0x0203"]);
    expect(inbox.list(OTHER)).to.deep.equal(["0x04"]);
    expect(inbox.list(`0x${"00".repeat(32)}`)).to.deep.equal([]);
  });

  it("takes 1 to 512 bytes, for a task", async () => {
    const inbox = createInbox();
    await inbox.deliver(TASK, new Uint8Array(512));
    for (const size of [0, 513]) {
      const error = await caught(inbox.deliver(TASK, new Uint8Array(size)), EnvelopeRefusedError);
      expect(error.taskId).to.equal(TASK);
      expect(error.message).to.include(`${size} bytes`);
    }
    await caught(inbox.deliver("0x12", envelope(1)), FieldFormatError);
    expect(inbox.list(TASK)).to.have.length(1);
  });

  it("keeps the first ones, of a task and in all, until they are forgotten", async () => {
    const inbox = createInbox({ perTask: 2, total: 3 });
    await inbox.deliver(TASK, envelope(1));
    await inbox.deliver(TASK, envelope(2));
    expect((await caught(inbox.deliver(TASK, envelope(3)), InboxFullError)).taskId).to.equal(TASK);
    // To send again what is there is not to send more.
    await inbox.deliver(TASK, envelope(2));
    await inbox.deliver(OTHER, envelope(4));
    expect((await caught(inbox.deliver(OTHER, envelope(5)), InboxFullError)).taskId).to.equal(OTHER);
    expect([inbox.list(TASK), inbox.list(OTHER)]).to.deep.equal([["0x01", "0x02"], ["0x04"]]);
    inbox.forget(TASK);
    inbox.forget(TASK);
    await inbox.deliver(OTHER, envelope(5));
    await inbox.deliver(TASK, envelope(6));
    await caught(inbox.deliver(TASK, envelope(7)), InboxFullError);
    expect([inbox.list(TASK), inbox.list(OTHER)]).to.deep.equal([["0x06"], ["0x04", "0x05"]]);
  });

  it("keeps its limits whatever comes at once", async () => {
    const inbox = createInbox({ perTask: 3, accept: () => Promise.resolve(true) });
    const attempts = Array.from({ length: 20 }, (_, index) => inbox.deliver(TASK, envelope(index % 10)));
    const results = await Promise.allSettled(attempts);
    expect(inbox.list(TASK)).to.have.length(3);
    // Each of the three came twice.
    expect(results.filter(({ status }) => status === "fulfilled")).to.have.length(6);
  });

  it("asks whether an envelope is wanted, and lets none in that is not", async () => {
    const asked: string[][] = [];
    const accept = (taskId: string, bytes: string) => {
      asked.push([taskId, bytes]);
      return Promise.resolve(bytes === "0x02");
    };
    const inbox = createInbox({ perTask: 1, accept });
    await caught(inbox.deliver(TASK, envelope(1)), EnvelopeRefusedError);
    await inbox.deliver(TASK, envelope(2));
    expect(inbox.list(TASK)).to.deep.equal(["0x02"]);
    expect(asked).to.deep.equal([
      [TASK, "0x01"],
      [TASK, "0x02"],
    ]);
  });

  it("shows a task's envelopes as they come", async () => {
    const inbox = createInbox();
    await inbox.deliver(TASK, envelope(1));
    const seen: string[] = [];
    const stop = new AbortController();
    const watching = (async () => {
      for await (const each of inbox.watch(TASK, stop.signal)) {
        seen.push(each);
        if (seen.length === 1) await inbox.deliver(TASK, envelope(2));
        if (seen.length === 2)
          setTimeout(() => void inbox.deliver(OTHER, envelope(9)).then(() => inbox.deliver(TASK, envelope(3))), 0);
        if (seen.length === 3)
          setTimeout(() => {
            stop.abort();
          }, 0);
      }
    })();
    await watching;
    expect(seen).to.deep.equal(["0x01", "0x02", "0x03"]);
  });

  it("ends what watches when it is closed", async () => {
    const inbox = createInbox();
    const watching = [inbox.watch(TASK).next(), inbox.watch(OTHER).next()];
    inbox.close();
    for (const { done } of await Promise.all(watching)) expect(done).to.equal(true);
    expect((await inbox.watch(TASK).next()).done).to.equal(true);
  });
});
