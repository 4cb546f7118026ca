import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { formatEther, parseEther } from "ethers";
import { PNG } from "pngjs";
import { jobOf } from "../../../scripts/market/job.js";
import { command, type RunChoices } from "../../../scripts/market/options.js";
import { readPpm } from "../../../src/client/frame.js";
import { digestOf } from "../../../src/content/digest.js";
import type { Summary } from "../../../src/market/summary.js";
import { createWasmExecutor } from "../../../src/sandbox/wasmExecutor.js";
import { expectSentence, HOST, inPairs, processesWith, ran, start, textsOf } from "../../helpers/scripts.js";
import { startChain } from "../../helpers/otherChain.js";
import { loadWorkload } from "../../helpers/workloads.js";

/** Three providers and two clients, a block for every transaction, 15 tasks of some milliseconds. */
const SMALL = [
  ...["--providers", "3", "--clients", "2", "--block-time", "0"],
  ...["--frame", "64x48", "--tile", "20x16", "--samples", "2", "--images", "25", "--batch", "9"],
  ...["--critical", "0", "--checked", "0"],
];
/** The same with four tiles that their clients check, of which two are spoilt and one is disputed although it is right. */
const DISPUTED = [
  ...[...SMALL, "--providers", "4", "--checked", "4", "--lifetime", "40"],
  // A forger needs something that it can be faster than.
  ...["--samples", "32"],
];
const TILES = 12;
const BATCHES = 3;
const LONG = 180_000;

/** Amounts are decimal strings in JSON. */
type Written<T> = T extends bigint ? string : T extends object ? { readonly [K in keyof T]: Written<T[K]> } : T;
const sum = (amounts: readonly string[]) => amounts.reduce((total, amount) => total + BigInt(amount), 0n);

describe("scripts.start", function () {
  this.timeout(2 * LONG);
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "opengpu-run-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** Processes that a run in the folder has left; skips the test where the system does not tell. */
  const left = async (context: Mocha.Context, place: string): Promise<number[]> => {
    const found = await processesWith(place);
    if (found === undefined) context.skip();
    return found;
  };

  describe("runs a small market", () => {
    let summary: Written<Summary>;
    let files: string;

    before(async () => {
      const place = join(folder, "small");
      const { status, out, err } = await ran(
        "start",
        [...DISPUTED, "--json", "--folder", place],
        {},
        { timeout: LONG },
      );
      expect(err).to.equal("");
      expect(status).to.equal(0);
      summary = JSON.parse(out) as Written<Summary>;
      files = join(place, summary.run);
    });

    /** On a machine that is too slow a checked tile may have been ordered again, because nobody delivered it in time. */
    const paidTasks = () => summary.tasks.filter(({ state }) => state !== "Refunded");

    it("in which every part is paid once, at a price within its cap", () => {
      expect(summary.problems).to.deep.equal([]);
      const parts = paidTasks().map(({ workload, part }) => `${workload} ${part}`);
      expect([parts.length, new Set(parts).size]).to.deep.equal([TILES + BATCHES, TILES + BATCHES]);
      const names = summary.providers.map(({ name }) => name);
      for (const { state, price = "0", cap, winner, submittedAt, deliveredAt = 0, paidAt = 0 } of paidTasks()) {
        expect(state).to.equal("Settled");
        expect(BigInt(price) > 0n && BigInt(price) <= BigInt(cap), `${price} of ${cap}`).to.equal(true);
        expect(names).to.include(winner);
        expect(deliveredAt).to.be.at.least(submittedAt);
        expect(paidAt).to.be.at.least(deliveredAt);
      }
      expect(new Set(summary.tasks.map(({ client }) => client)).size).to.equal(2);
    });

    it("whose books balance to the wei", () => {
      const { escrow, tasks, providers } = summary;
      expect(escrow.balanced).to.equal(true);
      expect(escrow.paid).to.equal(sum(tasks.map(({ price = "0" }) => price)).toString());
      expect(sum([escrow.payments, escrow.panels, escrow.fromBonds])).to.equal(
        sum(providers.map(({ earned }) => earned)),
      );
      expect(escrow.paid).to.equal(sum([escrow.payments, escrow.royalties, escrow.fees]).toString());
      const parts = [escrow.clients, escrow.providers, escrow.publisher, escrow.treasury, escrow.stakes, escrow.others];
      expect(escrow.coin).to.equal(sum(parts).toString());
      expect(escrow.strangers).to.equal("0");
    });

    it("in which each task cleared between the price it began at and its cap, and that saved caps less what was paid", () => {
      const { workloads, escrow } = summary;
      const tasks = paidTasks();
      for (const { workload, price = "0", startPrice, cap } of tasks) {
        const floor = workloads.find(({ name }) => name === workload)?.floorPrice ?? "";
        const rising = [floor, startPrice, price, cap].map(BigInt);
        expect(rising, workload).to.deep.equal(rising.toSorted((a, b) => Number(a - b)));
      }
      const paid = (name: string) => tasks.filter(({ workload }) => workload === name);
      for (const { name, paid: count, clearing, saved } of workloads) {
        const prices = paid(name).map(({ price = "0" }) => price);
        expect(count).to.equal(prices.length);
        expect(clearing?.average).to.equal((sum(prices) / BigInt(prices.length)).toString());
        expect(BigInt(saved)).to.equal(sum(paid(name).map(({ cap }) => cap)) - sum(prices));
      }
      expect(sum(workloads.map(({ saved }) => saved))).to.equal(BigInt(escrow.caps) - BigInt(escrow.paid));
    });

    it("whose markets were seen once a second, with the slots of all providers, and moved as the chain lets them", () => {
      const { markets, workloads, chain, providers, startedAt } = summary;
      const { speed, target } = chain.pricing;
      expect(speed).to.equal(25_000);
      // Who spoils tiles is in their pool only.
      const slotsOf = (name: string) =>
        providers
          .filter(({ behaviour }) => name === "render" || behaviour === undefined)
          .reduce((total, { parallel }) => total + parallel, 0);
      const seconds = ((markets.at(-1)?.at ?? 0) - startedAt) / 1_000;
      expect(markets).to.have.length.within(2, seconds + 3);
      for (const { name, floorPrice, market } of workloads) {
        for (const { sources } of markets) {
          const { price = "0", capacity, openTasks = -1, utilisation } = sources[name] ?? {};
          expect(BigInt(price) >= BigInt(floorPrice), price).to.equal(true);
          expect(capacity).to.equal(slotsOf(name));
          expect(utilisation).to.equal(Math.min(1, openTasks / slotsOf(name)));
        }
        expect(market?.start).to.equal(markets[0]?.sources[name]?.price);
        expect(market?.end).to.equal(markets.at(-1)?.sources[name]?.price);
        const rise = Math.log(Number(market?.most) / Number(floorPrice));
        // Some seconds more than were counted, because blocks count whole ones.
        expect(rise).to.be.within(0, (speed / 1e6) * (10_000 / target - 1) * (seconds + 5));
      }
    });

    it("in which providers won what they delivered, and somebody competed", () => {
      for (const { name, won, attempts } of summary.providers) {
        expect(won, name).to.equal(summary.tasks.filter(({ winner }) => winner === name).length);
        expect(attempts, name).to.be.at.least(won);
      }
      expect(sum(summary.providers.map(({ won }) => String(won)))).to.equal(BigInt(TILES + BATCHES));
      const deliveries = summary.gas.find(({ operation }) => operation === "taskManager.deliver");
      expect((deliveries?.count ?? 0) - (deliveries?.reverted ?? 0)).to.equal(TILES + BATCHES);
    });

    it("whose picture is the one that a single machine renders", async () => {
      const picture = PNG.sync.read(await readFile(join(files, "picture.png")));
      const { moduleBytes, manifest } = await loadWorkload("render");
      const executor = createWasmExecutor();
      const frame = { width: 64, height: 48 };
      const job = { scene: "gallery", seed: 7, frame, tile: { x: 0, y: 0, ...frame }, samples: 32 };
      const input = new TextEncoder().encode(JSON.stringify(job));
      const { limits } = manifest;
      const { output } = await executor.run({ module: moduleBytes, args: [], input, seed: digestOf(input), limits });
      await executor.close();
      const direct = readPpm(output);
      expect([picture.width, picture.height]).to.deep.equal([direct.width, direct.height]);
      const colours = [...picture.data].filter((_, index) => index % 4 !== 3);
      expect(Buffer.from(colours).equals(Buffer.from(direct.pixels))).to.equal(true);
    });

    it("in which a wrong tile, one that nobody could read, and a right one were disputed, at the cost of who was wrong", () => {
      const { disputes, providers, escrow } = summary;
      const nameOf = (behaviour: string) => providers.find((provider) => provider.behaviour === behaviour)?.name;
      const by = (name: string | undefined) => disputes.filter(({ provider }) => provider === name);
      // A panel pays a price for each of its three seats; the bond of the deliverer is three caps.
      const [cap, bond] = [parseEther("0.03"), parseEther("0.09")];
      for (const [behaviour, reason] of [
        ["forger", "wrong"],
        ["withholder", "unavailable"],
      ] as const) {
        const [dispute, ...others] = by(nameOf(behaviour));
        expect(others, behaviour).to.deep.equal([]);
        expect(dispute).to.deep.include({ outcome: "Overturned", reason, cost: "0", slashed: String(bond) });
        const price = BigInt(dispute?.price ?? "");
        expect(price > 0n && price <= cap).to.equal(true);
        expect(dispute?.awarded).to.equal(String(BigInt(dispute?.seats ?? 0) * price));
      }
      const [quarrel, ...more] = disputes.filter(({ reason }) => reason === undefined);
      expect(more).to.deep.equal([]);
      expect(quarrel).to.deep.include({ outcome: "Upheld", slashed: "0" });
      expect(quarrel?.cost).to.equal(String(BigInt(quarrel?.seats ?? 0) * BigInt(quarrel?.price ?? "")));
      expect(quarrel?.awarded).to.equal(quarrel?.cost);
      expect(escrow.panels).to.equal(quarrel?.cost);
      expect(BigInt(escrow.slashed)).to.equal(2n * bond);
    });

    it("in which nobody else lost anything of its stake", () => {
      for (const { name, behaviour, stake, slashed, frauds, seatsLost, disputesLost } of summary.providers) {
        const lost = behaviour === undefined ? [0n, 0, 0] : [parseEther("0.09"), 1, 1];
        expect([BigInt(slashed), frauds, disputesLost], name).to.deep.equal(lost);
        expect(seatsLost, name).to.equal(0);
        expect(BigInt(stake) > 0n).to.equal(true);
      }
    });

    it("that reads digits, and keeps what a person looks at", async () => {
      const { digits } = summary;
      expect(digits?.images).to.equal(25);
      expect(digits?.correct).to.be.at.least(22);
      const page = await readFile(join(files, "report.html"), "utf8");
      expect(page).to.include(summary.run).and.include("data:image/png;base64,");
      expect(page).to.include("market of render").and.include("Saved against the caps");
      expect(page).to.include("Disputes, amounts in").and.include("unavailable");
      expect(JSON.parse(await readFile(join(files, "summary.json"), "utf8"))).to.deep.equal(summary);
    });

    it("and leaves nothing running", async function () {
      expect(await left(this, files)).to.deep.equal([]);
    });
  });

  describe("on another chain", () => {
    let chain: Awaited<ReturnType<typeof startChain>>;

    before(async () => {
      chain = await startChain(join(folder, "chain"));
    });
    after(() => chain.close());

    it("does the same job, takes back what is free, and says what stays until when", async () => {
      const place = join(folder, "elsewhere");
      const before = await chain.balance();
      const { env, words } = chain;
      // Two tiles are checked, and nobody is there to spoil them.
      // On that chain time passes with transactions only, so none must wait for a deadline.
      const checking = ["--providers", "5", "--checked", "2", "--lifetime", "3600"];
      const options = [...SMALL, ...checking, ...words, "--yes", "--folder", place];
      const { status, out, err } = await ran("start", options, env, { timeout: LONG });
      expect(err).to.equal("");
      expect(status, out).to.equal(0);
      expect(out)
        .to.match(/[\d.]+ of 0\.03 ETH \(\d+ % saved\)/)
        .and.include("Prices, amounts in");
      expect(out).to.include("No problems.").and.include(`went back to ${chain.funder.address}`);
      expect(out).to.not.include(chain.funder.privateKey.slice(2));
      const [run = ""] = await readdir(place);
      const { providers, escrow } = JSON.parse(
        await readFile(join(place, run, "summary.json"), "utf8"),
      ) as Written<Summary>;
      const stakes = sum(providers.map(({ stake }) => stake));
      for (const { name } of providers) expect(out).to.match(new RegExp(`${name}: .*unbond until 20`));
      // Stakes wait, fees are the protocol's, gas and what is too little to send are gone.
      const gone = before - (await chain.balance());
      expect(gone - stakes - BigInt(escrow.fees) > 0n).to.equal(true);
      expect(gone - stakes - BigInt(escrow.fees) < parseEther("0.2"), formatEther(gone)).to.equal(true);

      await chain.wait();
      const waited = await chain.balance();
      const again = await ran("start", [...words, "--reclaim", join(place, run)], env);
      expect(again.err).to.equal("");
      expect(again.status).to.equal(0);
      const back = (await chain.balance()) - waited;
      expect(back < stakes && back > stakes - parseEther("0.02"), formatEther(back)).to.equal(true);
    });

    it("says how to take the coin back when it is interrupted, and takes it back", async () => {
      const place = join(folder, "interrupted");
      const { env, words } = chain;
      const before = await chain.balance();
      const options = [...SMALL, "--samples", "1024", ...words, "--yes", "--folder", place];
      const child = start("start", options, env, { timeout: LONG, detached: true });
      const texts = textsOf(child);
      const closed = once(child, "close");
      while (!/\d paid\b/.test(texts.out) && child.exitCode === null) await new Promise((done) => setTimeout(done, 20));
      process.kill(-(child.pid ?? 0), "SIGINT");
      await closed;
      const [run = ""] = await readdir(place);
      expectSentence(texts.err, new RegExp(`interrupted.*--reclaim .*${run} takes it back`));
      const rest = await processesWith(place);
      if (rest !== undefined) expect(rest).to.deep.equal([]);
      const take = () => ran("start", [...words, "--reclaim", join(place, run)], env);
      const first = await take();
      expect([first.err, first.status]).to.deep.equal(["", 0]);
      expect(first.out).to.match(/provider \d: [\d.]+ of stake unbond until/);
      await chain.wait();
      // What was cancelled is refunded, what was locked unbonds, and then that is claimed.
      await take();
      await chain.wait();
      const last = await take();
      expect(last.out.trim().split("\n"), last.out).to.have.length(1);
      const gone = before - (await chain.balance());
      expect(gone < parseEther("0.3"), formatEther(gone)).to.equal(true);
    });

    it("spends nothing without being told to, or without the coin", async () => {
      const place = join(folder, "asked");
      const { env, words } = chain;
      const options = [...SMALL, ...words, "--folder", place];
      const before = await chain.balance();
      const asked = await ran("start", options, env);
      expectSentence(asked.err, /Spend up to [\d.]+ .*Add --yes/);
      expect(asked.status).to.equal(2);
      const poor = await ran("start", [...options, "--yes"], { OPENGPU_FUNDER_KEY: `0x${"5a".repeat(32)}` });
      expectSentence(poor.err, /has 0 wei/);
      const wrong = await ran("start", [...options, "--yes"], { OPENGPU_FUNDER_KEY: "0x5ec2e7" });
      expectSentence(wrong.err, /OPENGPU_FUNDER_KEY is no private key/);
      expect(wrong.err).to.not.include("5ec2e7");
      expect(await chain.balance()).to.equal(before);
    });
  });

  it("goes on when a provider is killed, and says so", async function () {
    const place = join(folder, "killed");
    const words = [...SMALL, "--samples", "512", "--folder", place];
    const child = start("start", words, {}, { timeout: LONG });
    const texts = textsOf(child);
    const closed = once(child, "close") as Promise<[number | null]>;
    while (!/\d paid\b/.test(texts.out) && child.exitCode === null) await new Promise((done) => setTimeout(done, 50));
    const [victim] = await left(this, join("provider-1", "provider.json"));
    if (victim !== undefined) process.kill(victim, "SIGKILL");
    const [status] = await closed;
    expect(texts.err).to.equal("");
    expect(status, texts.out).to.equal(0);
    expect(texts.out)
      .to.include("provider 1 ended by itself")
      .and.include(`${TILES + BATCHES} of ${TILES + BATCHES}`);
    expect(texts.out).to.include("No problems.");
  });

  for (const [how, stop] of [
    ["Ctrl-C", (pid: number) => process.kill(-pid, "SIGINT")],
    ["a signal to it alone", (pid: number) => process.kill(pid, "SIGTERM")],
    ["being killed", (pid: number) => process.kill(pid, "SIGKILL")],
  ] as const) {
    it(`leaves nothing running after ${how}`, async function () {
      const place = join(folder, how.replaceAll(" ", "-"));
      const words = [...SMALL, "--samples", "1024", "--folder", place];
      const child = start("start", words, {}, { timeout: LONG, detached: true });
      const texts = textsOf(child);
      const closed = once(child, "close") as Promise<[number | null]>;
      while (!/\d paid\b/.test(texts.out) && child.exitCode === null) await new Promise((done) => setTimeout(done, 50));
      expect(await left(this, place), texts.err).to.have.length.greaterThan(3);
      stop(child.pid ?? 0);
      const [status] = await closed;
      if (how !== "being killed") {
        expect(status).to.equal(1);
        expectSentence(texts.err, /interrupted/);
      }
      // Who is left alone notices by itself.
      for (let round = 0; round < 200 && (await left(this, place)).length > 0; round++) {
        await new Promise((done) => setTimeout(done, 100));
      }
      expect(await left(this, place)).to.deep.equal([]);
    });
  }

  it("says in one sentence what cannot be", async () => {
    const busy = createServer().listen(0, HOST);
    await once(busy, "listening");
    const { port } = busy.address() as { port: number };
    const place = join(folder, "none");
    const cases: [words: string[], status: number, pattern: RegExp][] = [
      [["--port", String(port)], 1, new RegExp(`Port ${port} .* in use .*--port`)],
      [["--content-port", String(port)], 1, new RegExp(`Port ${port} .* in use .*--content-port`)],
      [["--tile", "8000x8000", "--frame", "8000x8000"], 1, /Tile is 8000 by 8000/],
      [["--rpc", "http://127.0.0.1:1"], 2, /--rpc and --deployment go together/],
      [["--rpc", "http://127.0.0.1:1", "--deployment", "nowhere.json"], 1, /no file nowhere\.json/],
      [["--providers", "4", "--hostile", "0"], 2, /trust of 2 need 5 providers, not 4.*--providers/],
      [["--reclaim", "nowhere"], 2, /needs --rpc and --deployment/],
      [["--fast"], 2, /Unknown option '--fast'/],
    ];
    const tryOut = async ([words, expected, pattern]: (typeof cases)[number]) => {
      const { status, out, err } = await ran("start", ["--folder", place, ...words]);
      expectSentence(err, pattern);
      expect([status, out], words.join(" ")).to.deep.equal([expected, ""]);
    };
    // Some look at ports first, which two at a time would keep from each other.
    for (const each of cases.filter(([, status]) => status === 1)) await tryOut(each);
    await inPairs(
      cases.filter(([, status]) => status === 2),
      tryOut,
    );
    busy.close();
    // Nothing was begun.
    expect(await readdir(place).catch(() => [])).to.deep.equal([]);
  });

  it("refuses choices that cannot be", () => {
    const cases: [words: string[], pattern: RegExp][] = [
      [["--frame", "0x48"], /0x48.*size in pixels/],
      [["--frame", "none", "--images", "0"], /nothing to do/],
      [["--block-time", "-1"], /block-time/],
      [["--providers", "0"], /from 1 to 64/],
      [["--critical", "1", "--trust", "64", "--providers", "3", "--hostile", "2"], /trust of 64 need 10 .*not 5/],
      [["--critical", "1", "--trust", "1"], /from 2 to 16384/],
      [["--critical", "-1"], /critical.*from 0 to 10000/],
      [["--checked", "x"], /checked.*from 0 to 10000/],
      [["--critical", "0", "--providers", "3"], /Panels with a trust of 2 need 4 honest .*not 3.*--providers/],
      [["--lifetime", "9"], /lifetime.*from 10 to 3600/],
      [["--hostile", "17"], /hostile.*from 0 to 16/],
    ];
    for (const [words, pattern] of cases) {
      const choose = () => jobOf(command.parse(words, { from: "user" }).opts<RunChoices>());
      expect(choose, words.join(" ")).to.throw(Error, pattern);
    }
    const { critical, checked } = jobOf(command.parse([], { from: "user" }).opts<RunChoices>());
    expect([critical?.tiles, checked?.tiles]).to.deep.equal([9, 4]);
  });
});
