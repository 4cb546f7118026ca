import { expect } from "chai";
import { hexlify, toUtf8Bytes } from "ethers";
import { FieldFormatError } from "../../../src/protocol/errors.js";
import { announceInbox } from "../../../src/protocol/actions/announceInbox.js";
import { pause } from "../../../src/protocol/retry.js";
import { InboxUnknownError } from "../../../src/provider/errors.js";
import { followInboxes, type Inboxes } from "../../../src/provider/inboxes.js";
import { loadFixture, networkHelpers } from "../../helpers/network.js";
import { protocolOf, readerOf } from "../../helpers/protocol.js";
import { deployMarket, type Market } from "../../helpers/suite.js";
import { thrown } from "../../helpers/thrown.js";

const HTTPS = "https://inbox.test/of/mine";
const LOCAL = "http://127.0.0.1:8080";

describe("provider.inboxes", () => {
  let market: Market;
  let client: string;
  const stops: (() => Promise<void>)[] = [];

  beforeEach(async () => {
    market = await loadFixture(deployMarket);
    client = market.client.address;
  });
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });

  const announce = async (inbox: string, signer = market.client) => {
    await announceInbox(await protocolOf(market, signer), { inbox });
  };
  /** Inboxes that are followed until the test ends. */
  const follow = async (allowed: string[] = [], from = 0): Promise<Inboxes> => {
    const inboxes = followInboxes(await readerOf(market), from, allowed);
    const ending = new AbortController();
    const following = inboxes.follow(ending.signal);
    stops.push(async () => {
      ending.abort();
      await following;
    });
    return inboxes;
  };
  /** The address of an inbox, or what is wrong with it. */
  const look = (inboxes: Inboxes, who: string): string => {
    try {
      return inboxes.of(who);
    } catch (error) {
      if (error instanceof InboxUnknownError) return error.message;
      throw error;
    }
  };
  /** Waits until everything that was announced so far has been read: the last to announce is the stranger. */
  const caughtUp = async (inboxes: Inboxes) => {
    const mark = `https://mark.test/${performance.now()}`;
    await announce(mark, market.stranger);
    const end = Date.now() + 20_000;
    while (look(inboxes, market.stranger.address) !== mark) {
      if (Date.now() > end) throw new Error("the announcements were not read");
      await pause(10);
    }
  };
  const unknown = (inboxes: Inboxes, who = client) => {
    const error = thrown(() => inboxes.of(who), InboxUnknownError);
    expect(error.client).to.equal(who);
    return error.message;
  };

  it("knows what was announced before it began, and what is announced meanwhile", async () => {
    await announce(HTTPS);
    const inboxes = await follow();
    await caughtUp(inboxes);
    expect(inboxes.of(client)).to.equal(HTTPS);
    await announce("https://another.test", market.others[0]);
    await caughtUp(inboxes);
    expect(inboxes.of(market.others[0]?.address ?? "")).to.equal("https://another.test");
    expect(inboxes.of(client)).to.equal(HTTPS);
  });

  it("knows a client by its address in any writing", async () => {
    await announce(HTTPS);
    const inboxes = await follow();
    await caughtUp(inboxes);
    expect(client).to.not.equal(client.toLowerCase());
    for (const written of [client, client.toLowerCase(), `0x${client.slice(2).toUpperCase()}`]) {
      expect(inboxes.of(written)).to.equal(HTTPS);
    }
  });

  it("takes the last that a client announced", async () => {
    await announce(HTTPS);
    const inboxes = await follow();
    await announce("https://moved.test:8443");
    await caughtUp(inboxes);
    expect(inboxes.of(client)).to.equal("https://moved.test:8443");
    await announce("http://not-allowed.test");
    await caughtUp(inboxes);
    expect(unknown(inboxes)).to.contain("http://not-allowed.test, which is not https");
  });

  it("knows no inbox of a client that announced none", async () => {
    const inboxes = await follow();
    expect(unknown(inboxes)).to.equal(
      `The client ${client} announced no inbox. Its envelope will be disclosed on chain.`,
    );
    await caughtUp(inboxes);
    expect(unknown(inboxes)).to.contain("announced no inbox");
  });

  it("forgets the inbox of a client that announces an empty one", async () => {
    await announce(HTTPS);
    await announce("");
    const inboxes = await follow();
    await caughtUp(inboxes);
    expect(unknown(inboxes)).to.contain(`The client ${client} announced no inbox.`);
    await announce(HTTPS);
    await caughtUp(inboxes);
    expect(inboxes.of(client)).to.equal(HTTPS);
  });

  it("does not look at blocks before the one it is to begin with", async () => {
    await announce(HTTPS);
    const next = (await networkHelpers.time.latestBlock()) + 1;
    const inboxes = await follow([], next);
    await caughtUp(inboxes);
    expect(unknown(inboxes)).to.contain("announced no inbox");
  });

  it("keeps what a reorganisation takes back: it comes again", async () => {
    const inboxes = await follow();
    await caughtUp(inboxes);
    const before = await networkHelpers.takeSnapshot();
    await announce("https://first.test");
    await announce(HTTPS);
    await caughtUp(inboxes);
    await before.restore();
    await networkHelpers.mine(5);
    await caughtUp(inboxes);
    expect(inboxes.of(client)).to.equal(HTTPS);
    await announce("https://later.test");
    await caughtUp(inboxes);
    expect(inboxes.of(client)).to.equal("https://later.test");
  });

  it("ends with its signal", async () => {
    const inboxes = followInboxes(await readerOf(market), 0, []);
    await inboxes.follow(AbortSignal.timeout(100));
  });

  describe("lets a provider send", () => {
    const allowed = [LOCAL, "http://inbox.local", "http://[::1]:9000/some/path"];
    for (const inbox of [
      ...[HTTPS, "https://127.0.0.1", "HTTPS://INBOX.TEST"],
      ...[LOCAL, `${LOCAL}/deep/inside`, "http://127.0.0.1:8080?a=1", "HTTP://127.0.0.1:8080/"],
      ...["http://inbox.local:80", "http://INBOX.local/", "http://[0:0::1]:9000"],
    ]) {
      it(`to ${inbox}`, async () => {
        await announce(inbox);
        const inboxes = await follow(allowed);
        await caughtUp(inboxes);
        expect(inboxes.of(client)).to.equal(inbox);
      });
    }

    for (const inbox of [
      ...["http://127.0.0.1:8081", "http://127.0.0.1", "http://localhost:8080", "http://inbox.test/of/mine"],
      ...["http://127.0.0.1:8080@evil.test", "http://127.0.0.1:8080.evil.test", "http://evil.test/#127.0.0.1:8080"],
      ...["http://inbox.local:8080", "http://sub.inbox.local", "ws://127.0.0.1:8080", "ftp://inbox.local"],
      ...["file:///etc/passwd", "data:text/plain,x", "javascript:alert(1)", "//127.0.0.1:8080", "127.0.0.1:8080"],
      ...["https://", "https", " "],
    ]) {
      it(`but not to ${JSON.stringify(inbox)}`, async () => {
        await announce(inbox);
        const inboxes = await follow(allowed);
        await caughtUp(inboxes);
        expect(unknown(inboxes)).to.contain(
          `announced the inbox ${inbox}, which is not https and not among the allowed`,
        );
      });
    }
  });

  it("is not ended by an announcement that is no text", async () => {
    const inboxes = await follow();
    // The contract does not look at the bytes.
    const data = market.taskManager.interface
      .encodeFunctionData("announceInbox", [HTTPS])
      .replace(hexlify(toUtf8Bytes("https")).slice(2), "68ff747073");
    await market.client.sendTransaction({ to: market.taskManager, data });
    await caughtUp(inboxes);
    expect(unknown(inboxes)).to.contain("announced the inbox h\ufffdtps");
    await announce(HTTPS);
    await caughtUp(inboxes);
    expect(inboxes.of(client)).to.equal(HTTPS);
  });

  describe("is not told by its owner to allow", () => {
    // A program reads the first as an address of the scheme "localhost", which has no origin, like a file.
    for (const origin of ["localhost:8080", "127.0.0.1:8080", "file:///tmp", "ws://127.0.0.1", "", "inbox"]) {
      it(JSON.stringify(origin), async () => {
        const protocol = await readerOf(market);
        const error = thrown(() => followInboxes(protocol, 0, [LOCAL, origin]), FieldFormatError);
        expect(error.value).to.equal(origin);
        expect(error.message).to.contain("http://127.0.0.1:8080");
      });
    }
  });
});
