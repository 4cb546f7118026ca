import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { getBytes, toUtf8Bytes } from "ethers";
import { digestOf } from "../../../src/content/digest.js";
import {
  ContentMismatchError,
  ContentNotFoundError,
  ContentTooLargeError,
  StoreError,
} from "../../../src/content/errors.js";
import { folderStore } from "../../../src/content/folderStore.js";
import { type ContentStore, memoryStore } from "../../../src/content/store.js";
import { NodeError } from "../../../src/protocol/errors.js";
import { draftOrder } from "../../../src/protocol/order.js";
import { SourceRefusedError, TaskRefusedError } from "../../../src/provider/errors.js";
import { judgeOutput, performOrder, rehearse, type Workshop } from "../../../src/provider/perform.js";
import { DEFAULT_CEILING, type OpenedSource, openSource } from "../../../src/provider/source.js";
import {
  createWasmExecutor,
  ExecutorClosedError,
  ExecutorError,
  ExitError,
  InputLimitError,
  type Job,
  MemoryLimitError,
  ModuleError,
  OutputLimitError,
  TimeLimitError,
  TrapError,
} from "../../../src/sandbox/index.js";
import { caught, rejection } from "../../helpers/caught.js";
import { LIMITS } from "../../helpers/jobs.js";
import { loadFixture } from "../../helpers/network.js";
import { readerOf } from "../../helpers/protocol.js";
import { manifestBytes, manifestFor, openedOf, publishVersion } from "../../helpers/sources.js";
import { deployMarket, random32, reviewOrder } from "../../helpers/suite.js";
import { program } from "../../helpers/wasm.js";
import { loadWorkload } from "../../helpers/workloads.js";

const INPUT = toUtf8Bytes("what the client wants done");
const FOREVER = "(loop $again (br $again))";
/** Writes the first 64 bytes of the input. */
const ECHO = `
  (i32.store (i32.const 0) (i32.const 100))
  (i32.store (i32.const 4) (i32.const 64))
  (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
  (call $write (i32.const 100) (i32.load (i32.const 8)))`;
/** Writes eight random bytes. */
const CHANCE = "(drop (call $random_get (i32.const 100) (i32.const 8))) (call $write (i32.const 100) (i32.const 8))";
/** Says what is at 100. */
const SAY = `
  (i32.store (i32.const 0) (i32.const 100)) (i32.store (i32.const 4) (i32.const 14))
  (drop (call $fd_write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8)))`;
const WORDS = '(data (i32.const 100) "the ink is dry")';

const orderFor = (inputDigest: string) =>
  draftOrder({
    ...{ client: `0x${"11".repeat(20)}`, source: 1, version: 2, maxReward: 1n, deadline: 9, nonce: 1n },
    inputDigest,
  });
const signal = () => new AbortController().signal;

describe("provider.perform", () => {
  const executor = createWasmExecutor();
  after(() => executor.close());

  describe("performOrder", () => {
    let folder: string;
    let store: ContentStore;
    const took: [source: number, duration: number][] = [];

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), "opengpu-perform-"));
      store = folderStore(folder);
      took.length = 0;
    });
    afterEach(() => rm(folder, { recursive: true, force: true }));

    const workshop = (opened: OpenedSource, changes: Partial<Workshop> = {}): Workshop => ({
      executor,
      store,
      open: () => Promise.resolve(opened),
      took: ({ source }, duration) => took.push([source, duration]),
      ...changes,
    });
    /** Puts an input into the store and does what an order asks to do with it. */
    const perform = async (opened: OpenedSource, input = INPUT, changes: Partial<Workshop> = {}, ends = signal()) =>
      performOrder(workshop(opened, changes), orderFor((await store.put(input)).digest), ends);
    const echo = async (changes: Record<string, unknown> = {}, args: string[] = []) =>
      openedOf(await program(ECHO), changes, args);

    it("gives the output of the program that the order names, and tells how long it took", async () => {
      const opened: [number, number][] = [];
      const source = await echo();
      const open = (...[number, version]: [number, number, AbortSignal]) => {
        opened.push([number, version]);
        return Promise.resolve(source);
      };
      expect(Buffer.from(await perform(source, INPUT, { open }))).to.deep.equal(Buffer.from(INPUT));
      expect(opened).to.deep.equal([[1, 2]]);
      expect(took.map(([number]) => number)).to.deep.equal([1]);
      expect(took[0]?.[1]).to.be.greaterThan(0).and.lessThan(60_000);
    });

    it("does without anybody to tell", async () => {
      const { digest } = await store.put(INPUT);
      const output = await performOrder({ executor, store, open: () => echo() }, orderFor(digest), signal());
      expect(digestOf(output)).to.equal(digest);
    });

    it("does the orders of a published workload, to the digest in its manifest", async () => {
      const market = await loadFixture(deployMarket);
      const { manifestBytes, moduleBytes, manifest } = await loadWorkload("render");
      const example = manifest.examples[1];
      await store.put(moduleBytes);
      const version = await publishVersion(market, (await store.put(manifestBytes)).digest);
      const protocol = await readerOf(market);
      const open: Workshop["open"] = (source, version, signal) =>
        openSource(protocol, { source, version, store, ceiling: DEFAULT_CEILING, signal });
      const { digest } = await store.put(toUtf8Bytes(example?.input.data ?? ""));
      const order = await reviewOrder(market, { version, inputDigest: digest });
      expect(digestOf(await performOrder({ executor, store, open }, order, signal()))).to.equal(example?.output);
    });

    it("passes the manifest's arguments and limits on", async () => {
      const jobs: Job[] = [];
      const fake = {
        ...executor,
        run: (job: Job) => {
          jobs.push(job);
          return Promise.resolve({ output: INPUT, diagnostics: "", duration: 7 });
        },
      };
      await perform(await echo({}, ["--fast"]), INPUT, { executor: fake });
      expect(jobs.map(({ args, limits }) => ({ args, limits }))).to.deep.equal([{ args: ["--fast"], limits: LIMITS }]);
      expect(took).to.deep.equal([[1, 7]]);
    });

    describe("takes randomness", () => {
      const other = toUtf8Bytes("another input");

      it("from the input, if the source is deterministic", async () => {
        const chance = openedOf(await program(CHANCE));
        const first = await perform(chance);
        expect(first).to.have.length(8);
        expect(await perform(chance)).to.deep.equal(first);
        expect(await perform(chance, other)).to.not.deep.equal(first);
        const job = { module: chance.module, args: [], input: INPUT, seed: digestOf(INPUT), limits: LIMITS };
        expect((await executor.run(job)).output).to.deep.equal(first);
      });

      it("from nowhere, if it is not", async () => {
        const chance = openedOf(await program(CHANCE), { deterministic: false });
        expect(await perform(chance)).to.not.deep.equal(await perform(chance));
        const seeds: string[] = [];
        const fake = {
          ...executor,
          run: ({ seed }: Job) => {
            seeds.push(seed);
            return Promise.resolve({ output: INPUT, diagnostics: "", duration: 1 });
          },
        };
        await perform(chance, INPUT, { executor: fake });
        await perform(chance, INPUT, { executor: fake });
        expect(new Set([...seeds, digestOf(INPUT)]).size).to.equal(3);
        for (const seed of seeds) expect(getBytes(seed)).to.have.length(32);
      });
    });

    describe("refuses a task for good", () => {
      const refused = async (work: Promise<unknown>, cause: abstract new (...args: never[]) => Error) => {
        const error = await caught(work, TaskRefusedError);
        if (!(error.cause instanceof cause)) throw error;
        expect(error.problem).to.equal(error.cause.message);
        expect(error.message).to.equal(`The task cannot be done here: ${error.problem}`);
        // Time that was spent for nothing is learned from as well.
        expect(took).to.deep.equal(cause === TimeLimitError ? [[1, 300]] : []);
        return error;
      };
      /** What a task with a program of this body is refused with. */
      const failing = async (body: string, cause: Parameters<typeof refused>[1], changes = {}, more = "") =>
        refused(perform(openedOf(await program(body, more), changes)), cause);

      it("whose input is larger than the source takes", async () => {
        const exact = await echo({ limits: { ...LIMITS, input: INPUT.length } });
        expect(await perform(exact)).to.have.length(INPUT.length);
        took.length = 0;
        const small = await echo({ limits: { ...LIMITS, input: INPUT.length - 1 } });
        const { message } = await refused(perform(small), ContentTooLargeError);
        expect(message).to.contain(`${INPUT.length} bytes, more than ${INPUT.length - 1}`);
      });

      it("whose input is too large together with the arguments", async () => {
        const full = await echo({ limits: { ...LIMITS, input: INPUT.length + 5 } }, ["12345"]);
        const { message } = await refused(perform(full), InputLimitError);
        expect(message).to.contain(`have ${INPUT.length + 6} bytes`);
      });

      it("whose program traps, in the words of the sandbox", async () => {
        const { problem } = await failing(`${SAY} (unreachable)`, TrapError, {}, WORDS);
        expect(problem).to.match(/^The program broke off: .*unreachable.*, having said “the ink is dry”\./);
      });

      it("whose program gives up", async () => {
        const { problem } = await failing(`${SAY} (call $proc_exit (i32.const 3))`, ExitError, {}, WORDS);
        expect(problem).to.contain("ended with status 3, having said “the ink is dry”");
      });

      it("that takes longer than it may", async () => {
        const { problem } = await failing(FOREVER, TimeLimitError, { limits: { ...LIMITS, time: 300 } });
        expect(problem).to.contain("within its 300 ms");
      });

      it("that needs more memory than it may have", async () => {
        const module = await program("", "", "20");
        await refused(perform(openedOf(module)), MemoryLimitError);
      });

      it("that gives more than it may", async () => {
        const limits = { ...LIMITS, output: 10 };
        await failing("(call $write (i32.const 0) (i32.const 11))", OutputLimitError, { limits });
      });

      it("whose program is none", async () => {
        await refused(perform(openedOf(toUtf8Bytes("no module"))), ModuleError);
      });

      it("of a source that is refused", async () => {
        const refusal = new SourceRefusedError(1, 2, "it has no module.");
        const open = () => Promise.reject(refusal);
        const { cause, message } = await refused(perform(await echo(), INPUT, { open }), SourceRefusedError);
        expect(cause).to.equal(refusal);
        expect(message).to.contain("Version 2 of source 1 cannot be run here: it has no module.");
      });

      it("whose source was published with limits that are too high here", async () => {
        const market = await loadFixture(deployMarket);
        const module = await program(ECHO);
        const { digest } = await store.put(manifestBytes(manifestFor(module)));
        const version = await publishVersion(market, digest);
        const protocol = await readerOf(market);
        const ceiling = { ...DEFAULT_CEILING, time: 1_000 };
        const open = () => openSource(protocol, { source: 1, version, store, ceiling });
        const { message } = await refused(perform(await echo(), INPUT, { open }), SourceRefusedError);
        expect(message).to.contain("limits.time is 60000");
      });
    });

    describe("leaves for later, and passes on as it is,", () => {
      it("that the input is not in the store", async () => {
        const digest = random32();
        const error = await caught(
          performOrder(workshop(await echo()), orderFor(digest), signal()),
          ContentNotFoundError,
        );
        expect(error.digest).to.equal(digest);
        expect(took).to.deep.equal([]);
      });

      it("that the input was altered, which the program never sees", async () => {
        const { digest } = await store.put(INPUT);
        await writeFile(join(folder, digest.slice(2, 4), digest.slice(2)), "what the store wants done");
        const error = await caught(
          performOrder(workshop(await echo()), orderFor(digest), signal()),
          ContentMismatchError,
        );
        expect(error.digest).to.equal(digest);
        expect(took).to.deep.equal([]);
      });

      for (const [what, failure] of [
        ["the store", new StoreError(digestOf(INPUT), "The disk", "it is full")],
        ["the node", new NodeError("eth_call", "it is away")],
        ["what brings the program", new ContentNotFoundError(digestOf(INPUT), "The memory")],
      ] as const) {
        it(`that ${what} failed`, async () => {
          const open = () => Promise.reject(failure);
          expect(await rejection(perform(await echo(), INPUT, { open }))).to.equal(failure);
        });
      }

      it("that the executor failed", async () => {
        const failure = new ExecutorError("no process could be started");
        const fake = { ...executor, run: () => Promise.reject(failure) };
        expect(await rejection(perform(await echo(), INPUT, { executor: fake }))).to.equal(failure);
        expect(took).to.deep.equal([]);
      });

      it("that the executor was closed", async () => {
        const closed = createWasmExecutor();
        await closed.close();
        await caught(perform(await echo(), INPUT, { executor: closed }), ExecutorClosedError);
      });
    });

    describe("is ended by its signal, whose reason is passed on,", () => {
      const reason = new Error("another was first");
      const soon = () => {
        const ending = new AbortController();
        setTimeout(() => {
          ending.abort(reason);
        }, 100);
        return ending.signal;
      };
      const whenAborted = (signal?: AbortSignal) =>
        new Promise<never>((_, reject) => {
          const end = () => {
            reject(signal?.reason as Error);
          };
          if (signal?.aborted === true) end();
          else signal?.addEventListener("abort", end);
        });

      it("before it began", async () => {
        expect(await rejection(perform(await echo(), INPUT, {}, AbortSignal.abort(reason)))).to.equal(reason);
      });

      it("while the program is fetched", async () => {
        const open: Workshop["open"] = (_source, _version, signal) => whenAborted(signal);
        expect(await rejection(perform(await echo(), INPUT, { open }, soon()))).to.equal(reason);
      });

      it("while the input is fetched", async () => {
        const slow: ContentStore = { ...memoryStore(), get: (_digest, { signal } = {}) => whenAborted(signal) };
        expect(await rejection(perform(await echo(), INPUT, { store: slow }, soon()))).to.equal(reason);
      });

      it("while it works", async () => {
        const begun = performance.now();
        const endless = openedOf(await program(FOREVER));
        expect(await rejection(perform(endless, INPUT, {}, soon()))).to.equal(reason);
        expect(performance.now() - begun).to.be.lessThan(LIMITS.time / 2);
        expect(took).to.deep.equal([]);
      });
    });
  });

  describe("judgeOutput", () => {
    const store = memoryStore();

    it("lets the manifest's judge look at input and output", async () => {
      const { manifest, moduleBytes: module } = await loadWorkload("tour");
      const { limits } = manifest;
      const judge = { module, args: manifest.judge?.args ?? [] };
      const source = { source: 1, version: 2, manifest, module, args: [], limits, judge };
      const example = manifest.examples[0]?.input.data ?? "";
      const { digest: inputDigest } = await store.put(Buffer.from(example, "base64"));
      const workshop = { executor, store, open: () => Promise.resolve(source) };
      const order = orderFor(inputDigest);
      const output = await performOrder(workshop, order, signal());
      const judged = async (bytes: Uint8Array) =>
        judgeOutput(workshop, order, (await store.put(bytes)).digest, signal());
      expect(await judged(output)).to.equal(true);
      expect(await judged(output.slice(2))).to.equal(false);
      expect(await judged(Uint8Array.from([...output.slice(2), ...output.slice(2, 4)]))).to.equal(false);
    });

    it("refuses a source without a judge, and a judge that says neither", async () => {
      const opened = openedOf(await program(ECHO));
      const { digest } = await store.put(INPUT);
      for (const [judge, problem] of [
        [undefined, "names no judge"],
        [{ module: opened.module, args: [] }, "neither valid nor invalid"],
      ] as const) {
        const open = () => Promise.resolve(judge === undefined ? opened : { ...opened, judge });
        const error = await caught(
          judgeOutput({ executor, store, open }, orderFor(digest), digest, signal()),
          TaskRefusedError,
        );
        expect(error.message).to.contain(problem);
      }
    });
  });

  describe("rehearse", () => {
    const example = (data: string, output?: string, encoding = "utf8", description = `of ${data}`) => ({
      ...{ description, input: { encoding, data } },
      ...(output !== undefined && { output }),
    });
    const digestOfText = (text: string) => digestOf(toUtf8Bytes(text));
    const echoing = async (examples: unknown[], changes: Record<string, unknown> = {}) =>
      openedOf(await program(ECHO), { examples, ...changes });
    const refused = async (work: Promise<unknown>) => {
      const error = await caught(work, SourceRefusedError);
      expect([error.source, error.version]).to.deep.equal([1, 2]);
      return error;
    };
    /** An executor that gives back its input after so many milliseconds of its own, one a job. */
    const pretending = (durations: number[], jobs: Job[] = []) => ({
      ...executor,
      run: (job: Job) => {
        jobs.push(job);
        return Promise.resolve({ output: job.input, diagnostics: "", duration: durations[jobs.length - 1] ?? 0 });
      },
    });

    for (const name of ["render", "digits"] as const) {
      it(`is content with the workload ${name}`, async () => {
        const { manifest, moduleBytes } = await loadWorkload(name);
        const opened = { source: 1, version: 2, manifest, module: moduleBytes, args: [], limits: manifest.limits };
        expect(await rehearse(executor, opened)).to.be.greaterThan(0);
      });
    }

    it("runs examples of both encodings, each by its own input", async () => {
      const jobs: Job[] = [];
      const bytes = Buffer.of(0, 255, 10);
      const opened = await echoing([
        example("größer", digestOfText("größer")),
        example(bytes.toString("base64"), digestOf(bytes), "base64"),
      ]);
      await rehearse(pretending([], jobs), opened);
      expect(jobs.map(({ input }) => Buffer.from(input))).to.deep.equal([Buffer.from("größer"), bytes]);
      expect(jobs.map(({ seed }) => seed)).to.deep.equal([digestOfText("größer"), digestOf(bytes)]);
      expect(await rehearse(executor, opened)).to.be.greaterThan(0);
    });

    it("tells how long the first took that could be checked", async () => {
      const jobs: Job[] = [];
      const opened = await echoing([example("a"), example("b", digestOfText("b")), example("c", digestOfText("c"))]);
      expect(await rehearse(pretending([5, 7], jobs), opened)).to.equal(5);
      expect(jobs.map(({ input }) => Buffer.from(input).toString())).to.deep.equal(["b", "c"]);
      expect(await rehearse(pretending([0, 7]), opened)).to.equal(0);
    });

    it("tells nothing of a source without examples that could be checked", async () => {
      const opened = await echoing([example("a")]);
      expect(await rehearse(pretending([]), opened)).to.equal(undefined);
      expect(await rehearse(pretending([]), await echoing([]))).to.equal(undefined);
    });

    it("refuses a source whose example has another output, and names both", async () => {
      const opened = await echoing([
        example("good", digestOfText("good"), "utf8", "the good one"),
        example("evil", digestOfText("good"), "utf8", "the evil one"),
      ]);
      const { message } = await refused(rehearse(executor, opened));
      expect(message).to.equal(
        "Version 2 of source 1 cannot be run here: its example “the evil one” gave " +
          `${digestOfText("evil")}, not ${digestOfText("good")}.`,
      );
    });

    it("refuses a source whose example fails, in the words of the sandbox", async () => {
      const examples = [example("a", digestOfText("a"), "utf8", "the only one")];
      const error = await refused(rehearse(executor, openedOf(await program("(unreachable)"), { examples })));
      expect(error.message).to.match(/its example “the only one” failed\. The program broke off: .*unreachable/);
      expect(error.cause).to.be.instanceOf(TrapError);
    });

    it("refuses a source whose example exceeds its own limits", async () => {
      const examples = [example("12345", digestOfText("12345"))];
      const error = await refused(rehearse(executor, await echoing(examples, { limits: { ...LIMITS, input: 4 } })));
      expect(error.cause).to.be.instanceOf(InputLimitError);
      const limits = { ...LIMITS, output: 4 };
      expect((await refused(rehearse(executor, await echoing(examples, { limits })))).cause).to.be.instanceOf(
        OutputLimitError,
      );
    });

    it("blames no source for a failure of the executor", async () => {
      const failure = new ExecutorError("no process could be started");
      const opened = await echoing([example("a", digestOfText("a"))]);
      expect(await rejection(rehearse({ ...executor, run: () => Promise.reject(failure) }, opened))).to.equal(failure);
    });

    it("is ended by its signal", async () => {
      const reason = new Error("enough");
      const endless = openedOf(await program(FOREVER), { examples: [example("a", digestOfText("a"))] });
      const ending = new AbortController();
      setTimeout(() => {
        ending.abort(reason);
      }, 100);
      expect(await rejection(rehearse(executor, endless, ending.signal))).to.equal(reason);
    });
  });
});
