import { expect } from "chai";
import { parseEther } from "ethers";
import { DocumentFormatError } from "../../../src/protocol/errors.js";
import { environmentsOf, parseConfig, type ProviderConfigDocument } from "../../../src/provider/config.js";
import { DEFAULT_CEILING } from "../../../src/provider/source.js";
import { thrown } from "../../helpers/thrown.js";

const LEAST: ProviderConfigDocument = {
  format: "opengpu-provider/1",
  rpc: "http://127.0.0.1:8545",
  deployment: "31337.json",
  store: "content",
  folder: "kept",
  stake: "1.5",
  sources: [{ source: 3, minimum: "0.001" }],
};
const parse = (changes: Record<string, unknown> = {}) =>
  parseConfig(JSON.stringify({ ...LEAST, ...changes }), "provider.json");
const aSource = (changes: Record<string, unknown> = {}) => ({ source: 3, minimum: "0.001", ...changes });

describe("provider.parseConfig", () => {
  it("fills in what is left out", () => {
    expect(parse()).to.deep.equal({
      ...LEAST,
      name: "provider",
      hardware: { environments: [1], gpuMemory: 0 },
      parallel: 1,
      niceness: 0,
      stake: parseEther("1.5"),
      sources: [{ source: 3, slots: 1, minimum: parseEther("0.001"), perSecond: 0n }],
      inboxes: [],
      confirmations: 1,
      interval: 500,
      ceiling: DEFAULT_CEILING,
    });
  });

  it("keeps what is said", () => {
    const said = {
      ...{ name: "swift", provider: 7, parallel: 4, niceness: 19, grace: 60, interval: 20 },
      ...{
        rpc: "wss://node.test",
        store: "https://content.test/a",
        inboxes: ["http://127.0.0.1:80", "https://a.test"],
      },
    };
    expect(parse(said)).to.deep.include(said);
    const ceiling = { module: 1, memory: 2 ** 32 - 1, time: 7 * 86_400_000, input: 5, output: 6 };
    expect(parse({ ceiling }).ceiling).to.deep.equal(ceiling);
    expect(parse({ ceiling: { time: 9 } }).ceiling).to.deep.equal({ ...DEFAULT_CEILING, time: 9 });
    expect(parse({ hardware: { environments: ["nvidia"] } }).hardware).to.deep.equal({
      environments: [2],
      gpuMemory: 0,
    });
    expect(parse({ hardware: { environments: ["amd"], gpuMemory: 24 } }).hardware.gpuMemory).to.equal(24);
    expect(parse({ sources: [aSource({ slots: 1_000 }), aSource({ source: 4 })] }).sources[0]?.slots).to.equal(1_000);
  });

  for (const [written, wei] of [
    ["0", 0n],
    ["1", 10n ** 18n],
    ["007", 7n * 10n ** 18n],
    ["0.25", 25n * 10n ** 16n],
    ["0.000000000000000001", 1n],
    ["999999999999.999999999999999999", 10n ** 30n - 1n],
  ] as const) {
    it(`reads ${written} coins as ${wei} wei`, () => {
      const sources = [aSource({ minimum: written, perSecond: written })];
      const config = parse({ stake: written, sources });
      expect([config.stake, config.sources[0]?.minimum, config.sources[0]?.perSecond]).to.deep.equal([wei, wei, wei]);
    });
  }

  it("writes the payout account with its checksum", () => {
    const payout = `0x${"ab".repeat(20)}`;
    expect(parse({ payout }).payout).to.equal("0xABaBaBaBABabABabAbAbABAbABabababaBaBABaB");
  });

  describe("names the field and the value that is wrong:", () => {
    const refused = (changes: Record<string, unknown>, field: string, value: string) => {
      const error = thrown(() => parse(changes), DocumentFormatError);
      expect(error.field).to.equal(field);
      expect(error.message).to.contain("provider.json is not usable: ").and.contain(value);
      return error.message;
    };
    const place = (field: string) => field.split(".").at(-1) ?? "";

    for (const amount of [
      ...["0.1234567890123456789", "-1", "1e3", "1,5", ".5", "1.", " 1", "", "one", "0x10", "1234567890123"],
      ...[1, 0.25, null, ["1"]],
    ]) {
      it(`the amount ${JSON.stringify(amount)}`, () => {
        const problem = `${JSON.stringify(amount)} is no amount of coins`;
        expect(refused({ stake: amount }, "stake", problem)).to.contain(": stake: ");
        const inSource = (name: string) => ({ sources: [aSource(), aSource({ source: 4, [name]: amount })] });
        for (const name of ["minimum", "perSecond"]) {
          expect(refused(inSource(name), `sources.1.${name}`, problem)).to.contain(`: sources.1.${name}: `);
        }
      });
    }

    const wholes: [field: string, change: (value: unknown) => Record<string, unknown>, least: number, most: number][] =
      [
        ["provider", (provider) => ({ provider }), 1, 2 ** 32 - 1],
        ["parallel", (parallel) => ({ parallel }), 1, 1_024],
        ["niceness", (niceness) => ({ niceness }), 0, 19],
        ["interval", (interval) => ({ interval }), 20, 60_000],
        ["sources.0.source", (source) => ({ sources: [aSource({ source })] }), 1, 2 ** 32 - 1],
        ["sources.0.slots", (slots) => ({ sources: [aSource({ slots })] }), 1, 1_000],
        ["hardware.gpuMemory", (gpuMemory) => ({ hardware: { environments: ["amd"], gpuMemory } }), 0, 65_535],
        ["ceiling.module", (module) => ({ ceiling: { module } }), 1, 2 ** 32 - 1],
        ["ceiling.memory", (memory) => ({ ceiling: { memory } }), 1, 2 ** 32 - 1],
        ["ceiling.time", (time) => ({ ceiling: { time } }), 1, 7 * 86_400_000],
      ];
    for (const [field, change, least, most] of wholes) {
      it(`${field} beyond ${least} to ${most}, or no whole number`, () => {
        for (const value of [least - 1, most + 1, least + 0.5, `${least}`, null]) {
          refused(
            change(value),
            field,
            `${field}: ${JSON.stringify(value)} is no whole number from ${least} to ${most}`,
          );
        }
        for (const value of [least, most]) parse(change(value));
      });
    }

    it("a grace of no time", () => {
      for (const grace of [0, -1, 1.5, "60"])
        refused({ grace }, "grace", `grace: ${JSON.stringify(grace)} is no whole`);
    });

    for (const field of ["name", "rpc", "deployment", "store", "folder"]) {
      it(`a ${field} that is no text, or empty`, () => {
        for (const value of ["", 5, null])
          refused({ [field]: value }, field, `${field}: ${JSON.stringify(value)} is no text`);
      });
    }

    it("a name that is too long for a table", () => {
      refused({ name: "n".repeat(65) }, "name", `"${"n".repeat(65)}" is no text of 1 to 64`);
      expect(parse({ name: "n".repeat(64) }).name).to.have.length(64);
    });

    for (const store of ["ftp://content.test", "file:///srv/content", "ipfs://bafy", "ws://127.0.0.1"]) {
      it(`the store ${store}, whose scheme is not http`, () => {
        refused({ store }, "store", `store: "${store}" is no http address`);
      });
    }

    for (const inbox of ["127.0.0.1", "ws://127.0.0.1:80", "file:///tmp", "//inbox.test", "", 80]) {
      it(`the inbox ${JSON.stringify(inbox)}, which is no http address`, () => {
        const inboxes = ["http://127.0.0.1:80", inbox];
        refused({ inboxes }, "inboxes.1", `inboxes.1: ${JSON.stringify(inbox)} is no http address`);
      });
    }

    for (const environment of ["tpu", "CPU", "", 1]) {
      it(`the environment ${JSON.stringify(environment)}`, () => {
        const hardware = { environments: ["cpu", environment] };
        const problem = `hardware.environments.1: ${JSON.stringify(environment)} is no environment: cpu, nvidia or amd`;
        refused({ hardware }, "hardware.environments.1", problem);
      });
    }

    it("no environments and no sources", () => {
      refused({ hardware: { environments: [] } }, "hardware.environments", "[] is no list");
      refused({ sources: [] }, "sources", "[] is no list");
    });

    it("a source that is there twice, whatever stands between", () => {
      const sources = [aSource(), aSource({ source: 5 }), aSource({ minimum: "2" })];
      refused({ sources }, "sources.2.source", "sources.2.source: 3 is there twice");
    });

    it("a payout account that is none", () => {
      const wrongChecksum = "0xaBaBaBaBABabABabAbAbABAbABabababaBaBABaB";
      for (const payout of ["0x12", "me", wrongChecksum])
        refused({ payout }, "payout", `payout: ${payout} is no address`);
    });

    it("another format", () => {
      refused({ format: "opengpu-provider/2" }, "format", 'format: "opengpu-provider/2" is no format');
    });

    for (const [field, changes] of [
      ["price", { price: "1" }],
      ["sources.0.price", { sources: [aSource({ price: "1" })] }],
      ["hardware.price", { hardware: { environments: ["cpu"], price: 1 } }],
      ["ceiling.price", { ceiling: { price: 1 } }],
    ] as const) {
      it(`the unknown field ${field}`, () => {
        refused(changes, field, `"${place(field)}"`);
      });
    }

    for (const field of ["format", "rpc", "deployment", "store", "folder", "stake"]) {
      it(`that ${field} is missing`, () => {
        refused({ [field]: undefined }, field, `${field}: it is missing`);
      });
    }

    it("that the sources are missing, or what one asks", () => {
      refused({ sources: undefined }, "sources", "sources: ");
      refused({ sources: [{ source: 3 }] }, "sources.0.minimum", "sources.0.minimum: it is missing");
      refused({ sources: [{ minimum: "1" }] }, "sources.0.source", "sources.0.source: it is missing");
    });
  });

  it("says when it is no JSON, or no object", () => {
    for (const text of ["", "{", '{"format":}', "rpc: http://127.0.0.1"]) {
      const { message, field } = thrown(() => parseConfig(text, "provider.json"), DocumentFormatError);
      expect(message).to.contain("provider.json is not usable: it is not JSON");
      expect(field).to.equal(undefined);
    }
    for (const text of ["[]", "null", '"a text"']) {
      const { message } = thrown(() => parseConfig(text), DocumentFormatError);
      expect(message).to.contain("The configuration is not usable: ");
    }
  });
});

describe("provider.environmentsOf", () => {
  for (const [names, mask] of [
    [["cpu"], 1],
    [["nvidia"], 2],
    [["amd"], 4],
    [["amd", "cpu"], 5],
    [["cpu", "nvidia", "amd"], 7],
    [["cpu", "cpu"], 1],
  ] as const) {
    it(`makes ${mask} of ${names.join(" and ")}`, () => {
      expect(environmentsOf(parse({ hardware: { environments: names } }))).to.equal(mask);
    });
  }
});
