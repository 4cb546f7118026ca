import { expect } from "chai";
import { checkedGovernance, checkParameters } from "../../../../src/protocol/deploy/checks.js";
import { ParameterError } from "../../../../src/protocol/deploy/errors.js";
import { NETWORKS, presetOf } from "../../../../src/protocol/deploy/networks.js";
import {
  DEFAULT_PARAMETERS,
  type PriceParameters,
  type SuiteParameters,
  type Windows,
} from "../../../../src/protocol/parameters.js";
import { memoryStore, OWNER, TREASURY, at, freshDeployer, run } from "../../../helpers/deployment.js";

const MAX_UINT32 = 2 ** 32 - 1;
const DEFAULTS = DEFAULT_PARAMETERS.windows;
const withWindows = (windows: Partial<Windows>): Partial<SuiteParameters> => ({ windows: { ...DEFAULTS, ...windows } });
const withPrice = (price: Partial<PriceParameters>): Partial<SuiteParameters> => ({
  price: { ...DEFAULT_PARAMETERS.price, ...price },
});

function refusal(changes: Partial<SuiteParameters>): unknown {
  try {
    checkParameters({ ...DEFAULT_PARAMETERS, ...changes });
    return undefined;
  } catch (error) {
    return error;
  }
}

describe("checks before a deployment", () => {
  const wrong: [parameter: string, value: string, changes: Partial<SuiteParameters>][] = [
    ["feeBps", "9", { feeBps: 9 }],
    ["feeBps", "1001", { feeBps: 1001 }],
    ["feeBps", "20.5", { feeBps: 20.5 }],
    ["feeBps", "NaN", { feeBps: NaN }],
    ["price.target", "4999", withPrice({ target: 4_999 })],
    ["price.target", "9501", withPrice({ target: 9_501 })],
    ["price.speed", "9", withPrice({ speed: 9 })],
    ["price.speed", "40001", withPrice({ speed: 40_001 })],
    ["price.clamp", "9", withPrice({ clamp: 9 })],
    ["price.clamp", "1001", withPrice({ clamp: 1_001 })],
    ["price.clamp", "10.5", withPrice({ clamp: 10.5 })],
    ["feeScale", "0", { feeScale: 0n }],
    ["feeScale", String(2n ** 256n / 99n + 1n), { feeScale: 2n ** 256n / 99n + 1n }],
    ["feeScale", "1", { feeScale: 1n, maxRound: 99n }],
    ["maxRound", "0", { maxRound: 0n }],
    ["weightUnit", "0", { weightUnit: 0n }],
    ["weightUnit", String(2n ** 88n), { weightUnit: 2n ** 88n }],
    ["maxRound", String(2n ** 96n), { maxRound: 2n ** 96n, feeScale: 2n ** 96n }],
    ["minStakePerSlot", "0", { minStakePerSlot: 0n }],
    ["minStakePerSlot", String(2n ** 88n), { minStakePerSlot: 2n ** 88n }],
    ...Object.keys(DEFAULTS).flatMap((name): [string, string, Partial<SuiteParameters>][] => [
      [`windows.${name}`, "0", withWindows({ [name]: 0 })],
      [`windows.${name}`, "4294967296", withWindows({ [name]: MAX_UINT32 + 1 })],
    ]),
    [
      "The sum of the windows",
      String(2 * 2 ** 31 + 3600 * 5 + 259200 + 86400 - 3600),
      withWindows({ maxLifetime: 2 ** 31 }),
    ],
  ];
  for (const [parameter, value, changes] of wrong) {
    it(`refuse ${parameter} of ${value}`, () => {
      const error = refusal(changes);
      expect(error).to.be.instanceOf(ParameterError).and.include({ parameter, value });
      expect((error as Error).message).to.match(new RegExp(`^${parameter} is ${value}; it must be .*\\.$`));
    });
  }

  const extremes: [what: string, parameters: SuiteParameters][] = [
    [
      "the least of everything",
      {
        feeBps: 10,
        feeScale: 1n,
        maxRound: 98n,
        weightUnit: 1n,
        minStakePerSlot: 1n,
        price: { target: 5_000, speed: 10, clamp: 10 },
        windows: Object.fromEntries(Object.keys(DEFAULTS).map((name) => [name, 1])) as unknown as Windows,
      },
    ],
    [
      "the most of everything",
      {
        feeBps: 1000,
        feeScale: (2n ** 256n - 1n) / 99n,
        maxRound: 2n ** 96n - 1n,
        weightUnit: 2n ** 88n - 1n,
        minStakePerSlot: 2n ** 88n - 1n,
        price: { target: 9_500, speed: 40_000, clamp: 1_000 },
        windows: { ...DEFAULTS, cancelNotice: MAX_UINT32, claim: MAX_UINT32 - 1_490_400 + 3_600 },
      },
    ],
  ];
  for (const [what, parameters] of extremes) {
    it(`let ${what} pass, and so do the contracts`, async () => {
      const { error } = await run(at(await freshDeployer()), memoryStore(), { parameters });
      expect(error).to.equal(undefined);
    });
  }

  it("refuse addresses that are none, or zero, and put the checksum on others", () => {
    expect(checkedGovernance({ owner: OWNER.toLowerCase(), treasury: TREASURY })).to.deep.equal({
      owner: OWNER,
      treasury: TREASURY,
    });
    for (const address of ["", "0x12", `0x${"0".repeat(40)}`, OWNER.replace("A", "a"), "opengpu.eth"]) {
      expect(() => checkedGovernance({ owner: address, treasury: TREASURY }), address)
        .to.throw(ParameterError, "must be an address other than zero")
        .with.property("parameter", "owner");
      expect(() => checkedGovernance({ owner: OWNER, treasury: address }), address)
        .to.throw(ParameterError)
        .with.property("parameter", "treasury");
    }
  });

  it("know the public chains by their ids", () => {
    for (const preset of Object.values(NETWORKS)) expect(presetOf(preset.chainId)).to.equal(preset);
    expect(presetOf(1n)).to.equal(undefined);
  });
});
