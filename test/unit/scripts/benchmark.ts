import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { formatEther, parseEther } from "ethers";
import { command } from "../../../scripts/benchmark/options.js";
import { addedBy } from "../../../src/market/benchmark/overhead.js";
import { parseResult } from "../../../src/market/benchmark/resultSchema.js";
import { pause } from "../../../src/protocol/retry.js";
import { startChain } from "../../helpers/otherChain.js";
import { expectSentence, inPairs, processesWith, ran, start, textsOf } from "../../helpers/scripts.js";

/** Two sizes of one workload and one of the other, a load, and faults, as small as they can be; who is killed is missed for a minute. */
const SMALL = [
  ...["--quick", "--in-flight", "2", "--block-time", "0", "--providers", "2", "--fault-tasks", "4"],
  ...["--faults", "slow-store,lossy-rpc"],
  ...["--coin-price", "2", "--gas-price", "0.5", "--hardware", "Tesla T4", "--json"],
];

describe("scripts.benchmark", function () {
  this.timeout(400_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "opengpu-benchmark-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("measures both workloads in a whole market, and leaves nothing running", async () => {
    const { status, out, err } = await ran("benchmark", [...SMALL, "--folder", folder], {}, { timeout: 350_000 });
    expect(status, err).to.equal(0);
    const result = parseResult(out);
    expect(result.problems).to.deep.equal([]);
    expect(result.network).to.include({ chainId: 31_337, coin: "ETH", coinPrice: 2, gasPrice: 500_000_000n });
    expect(result.batches.map(({ workload, units }) => [workload, units])).to.deep.equal([
      ["digits", 1],
      ["digits", 100],
      ["train", 100],
    ]);
    for (const { payment, overhead, cost } of result.batches) {
      expect(payment.samples).to.equal(3);
      // Whatever the market adds, the work itself is in it.
      const { chain, storage, execution, waiting } = overhead.split;
      expect(execution).to.be.above(0);
      expect(overhead.market.most).to.be.at.least(execution);
      expect(chain + storage + execution + waiting).to.be.closeTo(meanOf(overhead.market), 0.05);
      expect([cost.price, cost.fee, cost.royalty]).to.deep.equal([10n ** 15n, 25n * 10n ** 12n, 5n * 10n ** 13n]);
      const operations = cost.gas.map(({ operation, payer }) => `${payer} ${operation}`);
      expect(operations).to.include.members([
        ...["client taskManager.submit", "client taskManager.accept", "provider taskManager.deliver"],
      ]);
    }
    const [one, hundred] = result.batches.map((batch) => addedBy(batch).unit);
    expect(hundred).to.be.below(one ?? 0);
    expect(result.loads.map(({ inFlight, tasks, failures }) => [inFlight, tasks, failures])).to.deep.equal([[2, 8, 0]]);
    expect(result.setup).to.include({ providers: 2, parallel: 1, reward: 10n ** 15n });
    expect(result.rates.map(({ workload, units }) => [workload, units])).to.deep.equal([
      ["digits", 100],
      ["train", 100],
    ]);
    const [baseline, ...faulty] = result.scenarios;
    expect(baseline).to.include({ scenario: "baseline", tasks: 4, faults: 0, lost: 0 });
    expect(faulty.map(({ scenario, tasks, inFlight, lost }) => [scenario, tasks, inFlight, lost])).to.deep.equal([
      ["slow-store", 4, 4, 0],
      ["lossy-rpc", 4, 4, 0],
    ]);
    for (const { scenario, faults } of faulty) expect(faults, scenario).to.be.above(0);

    const [digits] = result.prices;
    expect(digits?.offers.every(({ basis }) => basis === "not measured here")).to.equal(true);
    expect(digits?.provider).to.include({ hardware: "Tesla T4" });
    const [run = ""] = await readdir(folder);
    const kept = await readdir(join(folder, run));
    expect(kept).to.include.members(["report.html", "result.json"]);
    expect(parseResult(await readFile(join(folder, run, "result.json"), "utf8"))).to.deep.equal(result);
    const left = await processesWith(folder);
    if (left !== undefined) expect(left).to.deep.equal([]);
  });

  describe("on another chain", () => {
    let chain: Awaited<ReturnType<typeof startChain>>;
    const options = ["--quick", "--workloads", "digits", "--in-flight", "4", "--providers", "2"];
    before(async () => {
      chain = await startChain(join(folder, "chain"));
    });
    after(() => chain.close());

    it("asks once for what both markets need, before anything is sent", async () => {
      const { env, words } = chain;
      const before = await chain.balance();
      const amounts = [];
      for (const faults of [[], ["--no-faults"]]) {
        const asked = await ran("benchmark", [...options, ...words, ...faults, "--folder", join(folder, "asked")], env);
        expectSentence(asked.err, /Spend up to [\d.]+ .*Add --yes/);
        expect(asked.status).to.equal(2);
        // Its tasks would wait for an hour there, and nobody has said that they may.
        expect(asked.out.includes("No provider is killed")).to.equal(faults.length === 0);
        amounts.push(Number(/up to ([\d.]+)/.exec(asked.err)?.[1]));
      }
      expect(amounts[0]).to.be.above(1.2 * (amounts[1] ?? 0));
      expect(await chain.balance()).to.equal(before);
    });

    it("says how to take the coin back when it is interrupted, and its orders and stakes are taken back", async () => {
      const place = join(folder, "interrupted");
      const { env, words } = chain;
      const before = await chain.balance();
      const child = start("benchmark", [...options, ...words, "--no-faults", "--yes", "--folder", place], env, {
        ...{ timeout: 120_000, detached: true },
      });
      const texts = textsOf(child);
      const closed = once(child, "close");
      const market = async () => join(place, (await readdir(place).catch(() => []))[0] ?? "", "market");
      const ordered = async () =>
        (await readFile(join(await market(), "client-1.jsonl"), "utf8").catch(() => "")) !== "";
      while (!(await ordered()) && child.exitCode === null) await pause(20);
      process.kill(-(child.pid ?? 0), "SIGINT");
      await closed;
      expectSentence(texts.err, /interrupted.* this takes it back: npm start -- .* --reclaim .*market\.$/);
      const rest = await processesWith(place);
      if (rest !== undefined) expect(rest).to.deep.equal([]);
      const take = async () => {
        const { status, out, err } = await ran("start", [...words, "--reclaim", await market()], env);
        expect([err, status]).to.deep.equal(["", 0]);
        return out;
      };
      expect(await take()).to.match(/provider 1: [\d.]+ of stake unbond until/);
      for (let time = 0; time < 2; time++) {
        await chain.wait();
        await take();
      }
      await chain.wait();
      const last = await take();
      expect(last.trim().split("\n"), last).to.have.length(1);
      const gone = before - (await chain.balance());
      expect(gone < parseEther("0.1"), formatEther(gone)).to.equal(true);
    });
  });

  it("tells its options, and what they are if they are left out", () => {
    const help = command.helpInformation();
    for (const option of command.options) expect(help).to.include(option.flags);
    expect(help).to.match(/--reward <coins>\s+what a task pays \(default: 0\.001\)/);
  });

  it("says in one sentence what cannot be", async () => {
    const bad = join(folder, "bad.json");
    await writeFile(bad, '{"format":"opengpu-prices/1","offers":[]}');
    const cases: [words: string[], status: number, pattern: RegExp][] = [
      [["--workloads", "digits,chess"], 2, /“chess” is none of digits, train/],
      [["--reward", "0"], 2, /amount of coins above 0/],
      [["--rpc", "http://127.0.0.1:1"], 2, /--rpc and --deployment go together/],
      [["--rpc", "ws://127.0.0.1:1", "--deployment", bad], 2, /node of http or https only.*lossy-rpc out of --faults/],
      [["--faults", "flood"], 2, /“flood” is none of slow-store, lossy-rpc, provider-killed/],
      [["--providers", "1"], 2, /--providers 2 or more, or leave provider-killed out/],
      [["--hardware", "Abacus"], 2, /no hardware “Abacus”, only .*“Tesla T4”/],
      [["--prices", join(folder, "none.json")], 1, /There is no file .*none\.json/],
      [["--prices", bad], 1, /offers.*list of at least one offer/],
      [["--compare", bad], 1, /bad\.json.*format/],
    ];
    const place = join(folder, "none");
    await inPairs(cases, async ([words, expected, pattern]) => {
      const { status, out, err } = await ran("benchmark", ["--folder", place, ...words]);
      expectSentence(err, pattern);
      expect([status, out], words.join(" ")).to.deep.equal([expected, ""]);
    });
    expect(await readdir(place).catch(() => [])).to.deep.equal([]);
  });
});

const meanOf = ({ least, median, most }: { least: number; median: number; most: number }) =>
  (least + median + most) / 3;
