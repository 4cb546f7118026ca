import { expect } from "chai";
import { AbiCoder, concat, id, makeError } from "ethers";
import { OpenGpuError } from "../../../src/protocol/errors.js";
import {
  decodeRevert,
  isRevert,
  RevertError,
  revertDataIn,
  revertOf,
  UnknownRevertError,
} from "../../../src/protocol/reverts.js";
import { SENTENCES } from "../../../src/protocol/sentences.js";
import { samples } from "../../helpers/revertArguments.js";

const ACTION = "taskManager.submit";
const HASH = `0x${"ab".repeat(32)}`;
const encode = (signature: string, types: string[], values: unknown[]): string =>
  concat([id(signature).slice(0, 10), AbiCoder.defaultAbiCoder().encode(types, values)]);
const REASON = encode("Error(string)", ["string"], ["out of tea"]);
const DATA = encode("WrongValue(uint256,uint256)", ["uint256", "uint256"], [1, 2]);

/** What an unknown revert says. */
function unknown(data: string | undefined): { message: string; data: string | undefined; action: string } {
  const error: unknown = decodeRevert(data, ACTION);
  expect(error).to.be.instanceOf(UnknownRevertError);
  const { message, data: kept, action } = error as UnknownRevertError;
  return { message, data: kept, action };
}

describe("decodeRevert", () => {
  for (const { name, signature, args, data } of samples()) {
    it(`reads ${signature}`, () => {
      const cause = new Error("what the node said");
      const error: unknown = decodeRevert(data, ACTION, { cause });
      expect(error).to.be.instanceOf(RevertError).and.instanceOf(OpenGpuError);
      expect(error).to.include({ name: "RevertError", revert: name, action: ACTION, cause });
      expect((error as RevertError).args).to.deep.equal(args);
      expect((error as RevertError).message).to.equal((SENTENCES[name] as (args: object) => string)(args));
    });
  }

  it("keeps plain reasons and panics", () => {
    expect(unknown(REASON)).to.deep.equal({
      message: `${ACTION} was refused: out of tea.`,
      data: REASON,
      action: ACTION,
    });
    const panic = encode("Panic(uint256)", ["uint256"], [0x11]);
    expect(unknown(panic)).to.deep.equal({ message: `${ACTION} was refused: panic 17.`, data: panic, action: ACTION });
  });

  it("keeps what it does not know", () => {
    const foreign = encode("Foreign(uint256)", ["uint256"], [1]);
    // A known selector with too little behind it.
    for (const data of [foreign, DATA.slice(0, -64), DATA.slice(0, 10)]) {
      expect(unknown(data)).to.deep.equal({
        message: `${ACTION} was refused: it reverted with ${data}.`,
        data,
        action: ACTION,
      });
    }
  });

  it("says so if there is nothing to read", () => {
    for (const data of ["0x", undefined]) {
      expect(unknown(data)).to.deep.equal({
        message: `${ACTION} was refused: the contract gave no reason.`,
        data,
        action: ACTION,
      });
    }
  });
});

describe("revertDataIn", () => {
  const shapes: Record<string, unknown> = {
    "geth and anvil": { code: 3, message: "execution reverted", data: DATA },
    "what wraps them once": { message: "call failed", error: { code: 3, data: DATA } },
    "ethers around them": { code: "UNKNOWN_ERROR", info: { payload: {}, error: { code: 3, data: DATA } } },
    "ganache 7": { code: -32000, data: { hash: HASH, programCounter: 77, result: DATA, reason: null } },
    "ganache 7 through ethers": { info: { error: { data: { hash: HASH, result: DATA } } } },
    "ganache by hash": { info: { error: { data: { [HASH]: { error: "revert", program_counter: 7, result: DATA } } } } },
    "ganache by hash, older": { data: { [HASH]: { error: "revert", return: DATA }, name: "RuntimeError" } },
    hardhat: { error: { code: 3, data: { message: "reverted", txHash: HASH, data: DATA } } },
    "a cause of a cause": new Error("outer", { cause: new Error("inner", { cause: { data: DATA } }) }),
    "a wallet that answers with the error": { value: { error: { data: DATA } } },
  };
  for (const [title, shape] of Object.entries(shapes)) {
    it(`finds it in ${title}`, () => {
      expect(revertDataIn(shape)).to.equal(DATA);
      const error: unknown = revertOf(shape, ACTION);
      expect(error).to.be.instanceOf(RevertError);
      expect((error as RevertError).args).to.deep.equal({ sent: 1n, expected: 2n });
      expect(isRevert(error)).to.equal(true);
    });
  }

  it("takes neither hashes, nor addresses, nor calldata, nor words for it, and does not go in circles", () => {
    const circle: Record<string, unknown> = { data: HASH, message: "reverted", error: { data: "0x" } };
    circle["cause"] = circle;
    circle["info"] = { result: `0x${"ab".repeat(20)}`, payload: { params: [{ data: DATA }] }, error: null };
    for (const value of [circle, undefined, null, DATA, 7, { data: "Reverted" }, { transaction: { data: DATA } }]) {
      expect(revertDataIn(value)).to.equal(undefined);
    }
  });
});

describe("revertOf", () => {
  const transaction = { to: null, data: "0x" };

  it("tells a revert without data from any other failure", () => {
    const details = { action: "call", data: null, transaction, invocation: null, revert: null } as const;
    const silent = makeError("missing revert data", "CALL_EXCEPTION", { ...details, reason: null });
    expect(revertOf(silent, ACTION)?.message).to.equal(`${ACTION} was refused: the contract gave no reason.`);
    const reasoned = makeError("execution reverted", "CALL_EXCEPTION", { ...details, reason: "out of tea" });
    expect(revertOf(reasoned, ACTION)?.message).to.equal(`${ACTION} was refused: out of tea.`);
    const worded = makeError("could not coalesce error: VM Exception: revert", "UNKNOWN_ERROR");
    expect(revertOf(worded, ACTION)).to.be.instanceOf(UnknownRevertError);
    for (const other of [makeError("timeout", "TIMEOUT"), new Error("revert"), undefined, "revert"]) {
      expect(revertOf(other, ACTION)).to.equal(undefined);
      expect(isRevert(other)).to.equal(false);
    }
  });
});

describe("RevertError", () => {
  it("narrows by name", () => {
    const error: unknown = decodeRevert(DATA, ACTION);
    if (!(error instanceof RevertError)) throw error;
    expect(error.is("WrongValue")).to.equal(true);
    expect(error.is("ZeroKey", "WrongValue")).to.equal(true);
    expect(error.is("ZeroKey")).to.equal(false);
    if (error.is("WrongValue")) expect(error.args.sent + error.args.expected).to.equal(3n);
  });
});
