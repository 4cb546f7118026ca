import { expect } from "chai";
import { FieldFormatError, FieldRangeError } from "../../../../src/protocol/errors.js";
import { watch, type WatchOptions } from "../../../../src/protocol/events.js";
import { fakeNode, grow, watchableOf } from "../../../helpers/fakeChain.js";

const HASH = `0x${"ab".repeat(32)}`;

describe("watch: wrong options", () => {
  const refusal = (options: WatchOptions) => {
    const node = fakeNode(grow(undefined, [[]]));
    try {
      watch(watchableOf(node), options);
    } catch (error) {
      expect(node.asked, "asked the node").to.deep.equal([]);
      return error as Error;
    }
    throw new Error("it took them");
  };

  for (const [options, field, message] of [
    [{ from: 6, to: 5 }, "from", "from is 6; it must be an integer from 0 to 5."],
    [{ from: -1 }, "from", "from is -1; it must be an integer from 0 to 9007199254740991."],
    [{ from: NaN }, "from", "from is NaN;"],
    [{ from: 1.5 }, "from", "from is 1.5;"],
    [{ from: 2 ** 60 }, "from", "from is 1152921504606847000;"],
    [{ to: -1 }, "to", "to is -1;"],
    [{ to: Infinity }, "to", "to is Infinity;"],
    [
      { from: { blockNumber: 7, blockHash: HASH, logIndex: 0 }, to: 6 },
      "from.blockNumber",
      "from.blockNumber is 7; it must be an integer from 0 to 6.",
    ],
    [{ from: { blockNumber: 7, blockHash: HASH, logIndex: -1 } }, "from.logIndex", "from.logIndex is -1;"],
  ] as const) {
    it(`refuses ${JSON.stringify(options)} at once (${field})`, () => {
      const error = refusal(options);
      expect(error).to.be.instanceOf(FieldRangeError).and.include({ field });
      expect(error.message).to.include(message);
    });
  }

  for (const name of ["rangeSize", "confirmations", "reorgDepth", "outage"] as const) {
    for (const value of [0, -1, 0.5, NaN, Infinity]) {
      it(`refuses ${name} ${value}`, () => {
        const error = refusal({ [name]: value });
        expect(error).to.be.instanceOf(FieldFormatError).and.include({ field: name });
        expect(error.message).to.equal(`${name} is ${value}; it must be a whole number from 1 up.`);
      });
    }
  }

  it("refuses a cursor without a hash", () => {
    const error = refusal({ from: { blockNumber: 1, blockHash: "0x12", logIndex: 0 } });
    expect(error).to.be.instanceOf(FieldFormatError).and.include({ field: "from.blockHash" });
  });
});
