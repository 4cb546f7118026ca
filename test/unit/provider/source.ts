import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { digestOf } from "../../../src/content/digest.js";
import {
  ContentMismatchError,
  ContentNotFoundError,
  ContentTooLargeError,
  StoreError,
} from "../../../src/content/errors.js";
import { folderStore } from "../../../src/content/folderStore.js";
import { MAX_MANIFEST_BYTES } from "../../../src/content/manifest.js";
import { type ContentStore, memoryStore } from "../../../src/content/store.js";
import { DocumentFormatError, NodeError } from "../../../src/protocol/errors.js";
import { connect } from "../../../src/protocol/protocol.js";
import { RevertError } from "../../../src/protocol/reverts.js";
import { SourceRefusedError } from "../../../src/provider/errors.js";
import { DEFAULT_CEILING, openSource, type SourceRequest } from "../../../src/provider/source.js";
import { caught, rejection } from "../../helpers/caught.js";
import { LIMITS } from "../../helpers/jobs.js";
import { connection, loadFixture } from "../../helpers/network.js";
import { InterceptedProvider, unreachable } from "../../helpers/node.js";
import { IMPATIENCE, locationOf, readerOf } from "../../helpers/protocol.js";
import { manifestBytes, manifestFor, publishVersion } from "../../helpers/sources.js";
import { deployMarket, type Market } from "../../helpers/suite.js";
import { program } from "../../helpers/wasm.js";
import { loadWorkload } from "../../helpers/workloads.js";

/** A store that tells which digests it was asked for. */
function observed(store: ContentStore): ContentStore & { asked: string[] } {
  const asked: string[] = [];
  return {
    ...store,
    asked,
    get: (digest, options) => {
      asked.push(digest);
      return store.get(digest, options);
    },
  };
}

describe("openSource", () => {
  let market: Market;
  let folder: string;
  let store: ReturnType<typeof observed>;
  let module: Uint8Array;

  before(async () => {
    module = await program("");
  });
  beforeEach(async () => {
    market = await loadFixture(deployMarket);
    folder = await mkdtemp(join(tmpdir(), "opengpu-source-"));
    store = observed(folderStore(folder));
    await store.put(module);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const fileOf = (digest: string) => join(folder, digest.slice(2, 4), digest.slice(2));
  /** Puts a manifest of these bytes into the store and on chain. */
  const publish = async (bytes: Uint8Array, deterministic = true): Promise<number> =>
    publishVersion(market, (await store.put(bytes)).digest, deterministic);
  const open = async (version: number, changes: Partial<SourceRequest> = {}) =>
    openSource(await readerOf(market), { source: 1, version, store, ceiling: DEFAULT_CEILING, ...changes });
  const refused = async (version: number, changes: Partial<SourceRequest> = {}) => {
    const error = await caught(open(version, changes), SourceRefusedError);
    expect([error.source, error.version]).to.deep.equal([1, version]);
    expect(error.message).to.contain(`Version ${version} of source 1 cannot be run here: `);
    return error;
  };

  for (const name of ["render", "digits"] as const) {
    it(`opens the workload ${name}`, async () => {
      const workload = await loadWorkload(name);
      await store.put(workload.moduleBytes);
      const version = await publish(workload.manifestBytes);
      const opened = await open(version);
      const { manifest } = workload;
      expect({ ...opened, module: digestOf(opened.module) }).to.deep.equal({
        ...{ source: 1, version, manifest, module: digestOf(workload.moduleBytes), args: [], limits: manifest.limits },
      });
    });
  }

  it("brings the judge along that a manifest names, the module's own or another", async () => {
    const { moduleBytes, manifestBytes: bytes } = await loadWorkload("tour");
    await store.put(moduleBytes);
    const own = await open(await publish(bytes, false));
    expect(own.judge?.args).to.deep.equal(["judge"]);
    expect(digestOf(own.judge?.module ?? new Uint8Array())).to.equal(digestOf(moduleBytes));
    const judge = { module: digestOf(moduleBytes), args: ["judge"] };
    const other = await open(await publish(manifestBytes(manifestFor(module, { judge, deterministic: false })), false));
    expect(digestOf(other.module)).to.equal(digestOf(module));
    expect(digestOf(other.judge?.module ?? new Uint8Array())).to.equal(digestOf(moduleBytes));
  });

  it("takes arguments from the manifest, also where nothing is deterministic", async () => {
    const executables = { wasm: { module: digestOf(module), args: ["--fast", "2"] } };
    const version = await publish(manifestBytes(manifestFor(module, { executables, deterministic: false })), false);
    const { args, manifest } = await open(version);
    expect(args).to.deep.equal(["--fast", "2"]);
    expect(manifest.deterministic).to.equal(false);
  });

  it("opens the version that is asked for, whatever came after it", async () => {
    const first = await publish(manifestBytes(manifestFor(module, { name: "first" })));
    const second = await publish(manifestBytes(manifestFor(module, { name: "second" })));
    expect((await open(first)).manifest.name).to.equal("first");
    expect((await open(second)).manifest.name).to.equal("second");
  });

  it("opens a version that takes no new tasks: there may be old ones", async () => {
    const version = await publish(manifestBytes(manifestFor(module)));
    await market.sourceRegistry.connect(market.publisher).setVersionActive(1, version, false);
    expect((await open(version)).version).to.equal(version);
  });

  it("knows no source and no version that is not on chain", async () => {
    const versions = Number((await market.sourceRegistry.getSource(1)).versions);
    for (const [changes, revert] of [
      [{ source: 2, version: 1 }, "UnknownSource"],
      [{ version: versions + 1 }, "UnknownVersion"],
      [{ version: 0 }, "UnknownVersion"],
    ] as const) {
      const error = await caught(open(1, changes), RevertError);
      expect(error.revert).to.equal(revert);
    }
    expect(store.asked).to.deep.equal([]);
  });

  describe("may succeed later, so it refuses nothing, when", () => {
    let version: number;
    let manifestDigest: string;
    beforeEach(async () => {
      const bytes = manifestBytes(manifestFor(module));
      manifestDigest = digestOf(bytes);
      version = await publish(bytes);
    });

    it("the manifest is not there", async () => {
      await rm(fileOf(manifestDigest));
      expect((await caught(open(version), ContentNotFoundError)).digest).to.equal(manifestDigest);
      await store.put(manifestBytes(manifestFor(module)));
      expect((await open(version)).version).to.equal(version);
    });

    it("the module is not there", async () => {
      await rm(fileOf(digestOf(module)));
      expect((await caught(open(version), ContentNotFoundError)).digest).to.equal(digestOf(module));
    });

    it("the manifest was altered", async () => {
      const altered = manifestBytes(manifestFor(module, { limits: { ...LIMITS, output: 2 ** 20 } }));
      await writeFile(fileOf(manifestDigest), altered);
      const error = await caught(open(version), ContentMismatchError);
      expect([error.digest, error.found]).to.deep.equal([manifestDigest, digestOf(altered)]);
      expect(store.asked).to.deep.equal([manifestDigest]);
    });

    it("the module was altered", async () => {
      const other = await program("(unreachable)");
      await writeFile(fileOf(digestOf(module)), other);
      const error = await caught(open(version), ContentMismatchError);
      expect([error.digest, error.found]).to.deep.equal([digestOf(module), digestOf(other)]);
    });

    it("the store fails", async () => {
      const failure = new StoreError(manifestDigest, "The disk", "it is on fire");
      const broken = { ...memoryStore(), get: () => Promise.reject(failure) };
      expect(await rejection(open(version, { store: broken }))).to.equal(failure);
    });

    it("the node is away", async () => {
      let away = false;
      const provider = new InterceptedProvider(connection.provider, 31_337n, (_method, _params, next) => {
        if (away) throw unreachable();
        return next();
      });
      const patience = { ...IMPATIENCE, requests: 200 };
      const protocol = await connect(provider, await locationOf(market), { patience });
      away = true;
      const request = { source: 1, version, store, ceiling: DEFAULT_CEILING };
      await caught(openSource(protocol, request), NodeError);
      away = false;
      expect((await openSource(protocol, request)).version).to.equal(version);
    });
  });

  describe("refuses a manifest that", () => {
    const good = () => manifestFor(module);
    const without = (field: string) => ({ ...good(), [field]: undefined });
    const damaged: [title: string, manifest: () => unknown, field: string | undefined, message: RegExp][] = [
      ["is no object", () => 7, undefined, /not usable/],
      ["has a field too many", () => ({ ...good(), colour: "red" }), "colour", /"colour"/],
      ["has no limits", () => without("limits"), "limits", /limits/],
      ["has no name", () => without("name"), "name", /name/],
      ["has no executables", () => without("executables"), "executables", /executables/],
      ["has no limit of time", () => ({ ...good(), limits: { ...LIMITS, time: undefined } }), "limits.time", /\.time/],
      ["has a limit too many", () => ({ ...good(), limits: { ...LIMITS, disk: 1 } }), "limits.disk", /limits.*"disk"/],
      ["has a limit of text", () => ({ ...good(), limits: { ...LIMITS, time: "1" } }), "limits.time", /limits\.time/],
      ["is of another format", () => ({ ...good(), format: "opengpu-manifest/2" }), "format", /format/],
      [
        "names a module by no digest",
        () => ({ ...good(), executables: { wasm: { module: "latest", args: [] } } }),
        "executables.wasm.module",
        /executables\.wasm\.module: "latest" is no digest/,
      ],
    ];
    for (const [title, manifest, field, message] of damaged) {
      it(title, async () => {
        const error = await refused(await publish(manifestBytes(manifest())));
        expect(error.message).to.match(message);
        expect((error.cause as DocumentFormatError).field).to.equal(field);
        expect(error.cause).to.be.instanceOf(DocumentFormatError);
      });
    }

    it("is no JSON, or no text", async () => {
      expect((await refused(await publish(Buffer.from("{")))).message).to.contain("it is not JSON");
      expect((await refused(await publish(Buffer.of(0xff)))).message).to.contain("it is not UTF-8");
    });

    it("is larger than any manifest", async () => {
      const padded = (size: number) => Buffer.from(JSON.stringify(good()).padEnd(size));
      await open(await publish(padded(MAX_MANIFEST_BYTES)));
      const error = await refused(await publish(padded(MAX_MANIFEST_BYTES + 1)));
      expect(error.message).to.contain("65537 bytes, more than 65536");
      expect(error.cause).to.be.instanceOf(ContentTooLargeError);
    });

    it("calls deterministic what the chain does not, or the other way round", async () => {
      for (const deterministic of [true, false]) {
        const version = await publish(manifestBytes(manifestFor(module, { deterministic })), !deterministic);
        const { message } = await refused(version);
        expect(message).to.contain(`manifest says deterministic: ${deterministic}, the chain says ${!deterministic}.`);
      }
    });

    it("has images only", async () => {
      const image = { reference: "registry.test/a:1", digest: digestOf(module), config: digestOf(module) };
      const version = await publish(manifestBytes(manifestFor(module, { executables: { images: { cpu: image } } })));
      expect((await refused(version)).message).to.contain("names no WebAssembly module");
    });
  });

  describe("has a ceiling", () => {
    for (const name of ["memory", "time", "input", "output"] as const) {
      it(`for ${name}, above which no module is fetched`, async () => {
        const version = await publish(manifestBytes(manifestFor(module)));
        const ceiling = { ...DEFAULT_CEILING, ...LIMITS };
        expect((await open(version, { ceiling })).limits).to.deep.equal(LIMITS);
        store.asked.length = 0;
        const { message } = await refused(version, { ceiling: { ...ceiling, [name]: LIMITS[name] - 1 } });
        expect(message).to.contain(`its limits.${name} is ${LIMITS[name]}, more than the ${LIMITS[name] - 1} that are`);
        expect(store.asked).to.have.length(1);
      });
    }

    it("for the module", async () => {
      const version = await publish(manifestBytes(manifestFor(module)));
      const { length } = module;
      await open(version, { ceiling: { ...DEFAULT_CEILING, module: length } });
      const error = await refused(version, { ceiling: { ...DEFAULT_CEILING, module: length - 1 } });
      expect(error.message).to.contain(`${length} bytes, more than ${length - 1}`);
      expect(error.cause).to.be.instanceOf(ContentTooLargeError);
    });
  });

  describe("is ended by its signal", () => {
    const reason = new Error("the race is lost");

    it("before it began", async () => {
      const version = await publish(manifestBytes(manifestFor(module)));
      expect(await rejection(open(version, { signal: AbortSignal.abort(reason) }))).to.equal(reason);
    });

    it("while a store is slow", async () => {
      const version = await publish(manifestBytes(manifestFor(module)));
      const ending = new AbortController();
      const slow: ContentStore = {
        ...store,
        get: (digest, { signal } = {}) => {
          if (digest !== digestOf(module)) return store.get(digest, {});
          setTimeout(() => {
            ending.abort(reason);
          }, 10);
          return new Promise((_, reject) => {
            signal?.addEventListener("abort", () => {
              reject(signal.reason as Error);
            });
          });
        },
      };
      expect(await rejection(open(version, { store: slow, signal: ending.signal }))).to.equal(reason);
    });
  });
});
