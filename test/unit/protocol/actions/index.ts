import { expect } from "chai";
import type { TransactionReceipt } from "ethers";
import * as actions from "../../../../src/protocol/actions/index.js";
import { FieldFormatError, FieldRangeError, ReadOnlyError } from "../../../../src/protocol/errors.js";
import { INTERFACES } from "../../../../src/protocol/execute.js";
import { draftOrder } from "../../../../src/protocol/order.js";
import type { Protocol, SuiteKey } from "../../../../src/protocol/protocol.js";
import type { Call } from "../../../../src/protocol/sender.js";

type Action = (protocol: Protocol, parameters: object) => Promise<unknown>;
const { callOf, packSignedProof, ...rest } = actions;
const ACTIONS = Object.entries(rest) as [name: string, action: Action][];

const address = (digits: string) => `0x${digits.repeat(20)}`;
const word = (digits: string) => `0x${digits.repeat(32)}`;
const ADDRESSES = {
  escrow: address("01"),
  sourceRegistry: address("02"),
  providerPool: address("03"),
  reputation: address("04"),
  taskManager: address("05"),
};
const order = draftOrder({
  client: address("06"),
  source: 1,
  maxReward: 7n,
  deadline: 9,
  inputDigest: word("07"),
});

/** Every parameter that any action has. */
const PARAMETERS = {
  ...{ provider: 2, source: 3, version: 1, slots: 4, environments: 1, gpuMemory: 0, minGpuMemory: 0 },
  ...{
    seat: 1,
    weight: 2,
    taskId: word("27"),
    amount: 5n,
    floorPrice: 6n,
    stakePerSlot: 7n,
    royaltyBps: 8,
    feeBps: 10,
    nonce: 11n,
  },
  ...{ target: 8_000, speed: 1_000, clamp: 250 },
  ...{ to: address("10"), account: address("11"), payout: address("12"), agent: address("13") },
  ...{ treasury: address("14"), verifiers: [address("15")], payers: [address("16")] },
  ...{ key: word("17"), manifestDigest: word("18"), seal: word("19"), commitment: word("20") },
  ...{
    salt: word("26"),
    resultDigest: word("21"),
    envelopeHash: word("22"),
    envelope: "0x23",
    envelopeSecret: word("28"),
    signature: "0x24",
    proof: "0x25",
  },
  ...{ order, proofs: [], calls: ["0x26"], inbox: "somewhere", deterministic: false },
  ...{ allowed: true, active: true, approved: true, available: true, paused: true, attach: false },
};
type Name = keyof typeof PARAMETERS;

/** What these actions do not send themselves, and who does. */
const OTHERS = {
  escrow: ["hold", "depositAndHold", "settle", "settleBatch", "settleRound", "collectFees", "collectStake"],
  sourceRegistry: ["approve", "setApprovalForAll", "transferFrom", "safeTransferFrom(address,address,uint256,bytes)"],
  providerPool: [
    ...["engage", "enlist", "reserve", "fulfil", "vacate", "release", "slash", "jail"],
    // Its markets follow the tasks.
    ...["open", "openRound", "reopen", "close"],
  ],
  reputation: ["recordSettlement", "recordSettlements", "recordFault", "recordFraud"],
  taskManager: [],
} satisfies Record<SuiteKey, string[]>;

class Stop extends Error {}

/** What an action would send, which parameters it reads, or why it sends nothing. */
async function attempt(action: Action, changes: Partial<Record<Name, unknown>> = {}) {
  const read = new Set<Name>();
  const sent: Call[] = [];
  const sender = {
    address: address("0a"),
    send: (call: Call): Promise<TransactionReceipt> => {
      sent.push(call);
      return Promise.reject(new Stop());
    },
  };
  const parameters = new Proxy<object>(
    { ...PARAMETERS, ...changes },
    {
      get: (target, name) => {
        read.add(name as Name);
        return Reflect.get(target, name) as unknown;
      },
    },
  );
  const protocol = { addresses: ADDRESSES, sender } as unknown as Protocol;
  const error: unknown = await perform(action, protocol, parameters).catch((reason: unknown) => reason);
  return { error, read, sent };
}

/** Some actions have no parameters, and options in their place. */
const perform = (action: Action, protocol: Protocol, parameters: object): Promise<unknown> =>
  action.length === 2 ? (action as (protocol: Protocol) => Promise<unknown>)(protocol) : action(protocol, parameters);

/** The function that a call is for, e.g. `escrow.deposit`. */
function functionOf({ to, data }: Call): string {
  const key = (Object.keys(ADDRESSES) as SuiteKey[]).find((name) => ADDRESSES[name] === to);
  if (key === undefined) return `nothing at ${to}`;
  return `${key}.${INTERFACES[key].getFunction(data.slice(0, 10))?.format("sighash") ?? data}`;
}

/** A value that does not fit where this one does; `undefined` if there is none. */
function misfitFor(name: Name): unknown {
  const value: unknown = PARAMETERS[name];
  if (name === "inbox") return undefined;
  if (typeof value === "number") return -1;
  if (typeof value === "bigint") return -1n;
  if (typeof value === "string") return "0x123";
  return Array.isArray(value) && value.length > 0 ? ["0x123"] : undefined;
}

describe("protocol actions", () => {
  it("are one for each thing that an account may do", async () => {
    const expected = (Object.keys(OTHERS) as SuiteKey[]).flatMap((key) =>
      INTERFACES[key].fragments.flatMap((fragment) => {
        if (fragment.type !== "function") return [];
        const signature = fragment.format("sighash");
        const found = INTERFACES[key].getFunction(signature);
        if (found === null || found.constant) return [];
        const others: readonly string[] = OTHERS[key];
        return others.includes(found.name) || others.includes(signature) ? [] : [`${key}.${signature}`];
      }),
    );
    const found = new Set<string>();
    for (const [, action] of ACTIONS) {
      for (const changes of [{}, { account: undefined, to: undefined }]) {
        for (const call of (await attempt(action, changes)).sent) found.add(functionOf(call));
      }
    }
    expect([...found].sort()).to.deep.equal(expected.sort());
  });

  for (const [name, action] of ACTIONS) {
    it(`${name} sends one call, and none for a parameter that does not fit or without a signer`, async () => {
      const { error, read, sent } = await attempt(action);
      expect(error).to.be.instanceOf(Stop);
      expect(sent).to.have.length(1);
      for (const parameter of read) {
        const misfit = misfitFor(parameter);
        if (misfit === undefined) continue;
        const refused = await attempt(action, { [parameter]: misfit });
        const numeric = typeof misfit === "number" || typeof misfit === "bigint";
        expect(refused.error).to.be.instanceOf(numeric ? FieldRangeError : FieldFormatError);
        expect(refused.error).to.include({ field: parameter });
        expect(refused.sent).to.have.length(0);
      }
      const reader = { addresses: ADDRESSES } as unknown as Protocol;
      const unsigned: unknown = await perform(action, reader, PARAMETERS).catch((reason: unknown) => reason);
      expect(unsigned).to.be.instanceOf(ReadOnlyError);
    });
  }

  it("attach coin only where they say so", async () => {
    const values = new Map<string, bigint>();
    for (const [name, action] of ACTIONS) {
      for (const call of (await attempt(action, { attach: true })).sent) {
        if (call.value !== undefined) values.set(name, call.value);
      }
    }
    expect(Object.fromEntries(values)).to.deep.equal({ deposit: 5n, stake: 5n, submit: 7n });
    for (const action of [actions.stake, actions.submit] as Action[]) {
      expect((await attempt(action)).sent[0]?.value).to.equal(undefined);
    }
  });

  it("prepare calls and proofs as the contract takes them", () => {
    expect(callOf("revokeBelow", [7])).to.equal(INTERFACES.taskManager.encodeFunctionData("revokeBelow", [7]));
    const { resultDigest, envelopeHash, signature, proof } = PARAMETERS;
    const packed = packSignedProof({ order, resultDigest, envelopeHash, signature, proof });
    const data = INTERFACES.taskManager.encodeFunctionData("proveSigned", [2, packed]);
    expect(INTERFACES.taskManager.decodeFunctionData("proveSigned", data)[0]).to.equal(2n);
  });
});
