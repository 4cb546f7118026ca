import { readFileSync } from "node:fs";
import { expect } from "chai";
import { sha256 } from "ethers";
import { countOf, type Digits, splitDigits, take } from "../../../workloads/digits/training/data.js";
import { train } from "../../../workloads/digits/training/epochs.js";
import { expOfNegative } from "../../../workloads/digits/training/exp.js";
import { accuracy, decodeWeights, encodeWeights, quantise } from "../../../workloads/digits/training/quantise.js";
import { draws, shuffled } from "../../../workloads/digits/training/random.js";
import { SETTINGS } from "../../../workloads/digits/training/settings.js";
import { ROOT } from "../../../workloads/tools/places.js";

const FEW = 600;

describe("training of the digits", () => {
  let training: Digits;
  let validation: Digits;
  let few: Digits;
  before(() => {
    ({ training, validation } = splitDigits());
    few = take(
      training,
      Array.from({ length: FEW }, (_, index) => index),
    );
  });

  const trained = (seed: number) => encodeWeights(quantise(train(few, { ...SETTINGS, seed, epochs: 1 })));

  it("gives the committed weights", () => {
    const committed = readFileSync(`${ROOT}workloads/digits/weights.bin`);
    expect(committed.length).to.be.lessThan(200_000);
    expect(sha256(encodeWeights(quantise(train(training, SETTINGS))))).to.equal(sha256(committed));
  });

  it("follows from its seed", () => {
    expect(sha256(trained(1))).to.equal(sha256(trained(1)));
    expect(sha256(trained(1))).to.not.equal(sha256(trained(2)));
  });

  it("loses next to nothing where weights become whole numbers", () => {
    const weights = decodeWeights(readFileSync(`${ROOT}workloads/digits/weights.bin`));
    expect(encodeWeights(weights)).to.deep.equal(new Uint8Array(readFileSync(`${ROOT}workloads/digits/weights.bin`)));
    expect(accuracy(weights, validation)).to.be.at.least(0.97);
  });

  it("splits all digits by a seed", () => {
    const [one, again, two] = [splitDigits(1), splitDigits(1), splitDigits(2)];
    expect(sha256(again.training.pixels)).to.equal(sha256(one.training.pixels));
    expect(sha256(two.training.pixels)).to.not.equal(sha256(one.training.pixels));
    expect(countOf(one.training) + countOf(one.validation) + countOf(one.heldOut)).to.be.at.most(70_000);
  });

  it("has an exponential function that is right to the last digits", () => {
    for (let power = 0; power > -700; power -= 0.37) {
      expect(expOfNegative(power) / Math.exp(power)).to.be.within(1 - 1e-14, 1 + 1e-14);
    }
    expect(expOfNegative(0)).to.equal(1);
    expect(expOfNegative(-1000)).to.equal(0);
  });

  it("draws and shuffles evenly", () => {
    const draw = draws(5);
    const counts = [0, 0, 0, 0];
    for (let round = 0; round < 4000; round += 1) {
      const value = draw(4);
      counts[value] = (counts[value] ?? 0) + 1;
    }
    for (const count of counts) expect(count).to.be.within(900, 1100);
    const order = shuffled(1000, draw);
    expect([...order].sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 1000 }, (_, index) => index));
    expect(order.filter((value, index) => value === index).length).to.be.lessThan(20);
  });
});
