import { expect } from "chai";
import { Random, SEED } from "../../helpers/seeded.js";
import { runCommand } from "../../helpers/wasi.js";
import { loadWorkload, type Workload } from "../../helpers/workloads.js";

type Point = readonly [x: number, y: number];

/** An input: a count, and coordinates, 16 bits each, the lower byte first. */
function inputOf(points: readonly Point[], count = points.length): Uint8Array {
  return new Uint8Array(Uint16Array.from([count, ...points.flat()]).buffer);
}

/** What a judge reads. */
function caseOf(input: Uint8Array, output: Uint8Array, length = input.length): Uint8Array {
  const both = new Uint8Array(8 + input.length + output.length);
  new DataView(both.buffer).setBigUint64(0, BigInt(length), true);
  both.set(input, 8);
  both.set(output, 8 + input.length);
  return both;
}

const tourOf = (places: readonly number[]) => new Uint8Array(Uint16Array.from(places).buffer);
const placesOf = (output: Uint8Array) => [...new Uint16Array(output.slice().buffer)];

function lengthOf(points: readonly Point[], tour: readonly number[]): number {
  return tour.reduce((sum, place, step) => {
    const [x = 0, y = 0] = points[place] ?? [];
    const [nextX = 0, nextY = 0] = points[tour[(step + 1) % tour.length] ?? 0] ?? [];
    return sum + Math.hypot(x - nextX, y - nextY);
  }, 0);
}

const cloud = (random: Random, count: number): Point[] =>
  Array.from({ length: count }, () => [random.whole(0, 65_535), random.whole(0, 65_535)]);

describe("tour", function () {
  this.timeout(60_000);
  const random = new Random(SEED);
  let module: Workload["module"];
  const solve = (input: Uint8Array) => runCommand(module, input);
  const judge = (input: Uint8Array) => {
    const { status, output, message } = runCommand(module, input, Infinity, ["judge"]);
    return status === 0 ? new TextDecoder().decode(output) : message;
  };

  before(async () => {
    ({ module } = await loadWorkload("tour"));
  });

  it(`finds round trips that its judge takes, another one at every run (SEED=${SEED})`, () => {
    const points = cloud(random, 120);
    const input = inputOf(points);
    const tours = new Set<string>();
    for (let run = 0; run < 4; run++) {
      const { status, output } = solve(input);
      expect(status).to.equal(0);
      const places = placesOf(output);
      expect([...places].sort((a, b) => a - b)).to.deep.equal(points.map((_, place) => place));
      expect(judge(caseOf(input, output))).to.equal("valid");
      tours.add(places.join());
    }
    expect(tours.size).to.be.greaterThan(1);
  });

  it("has a judge that takes a tour from wherever it begins, both ways round", () => {
    const points = cloud(random, 40);
    const input = inputOf(points);
    const places = placesOf(solve(input).output);
    const turned = [...places.slice(7), ...places.slice(0, 7)].reverse();
    expect(judge(caseOf(input, tourOf(turned)))).to.equal("valid");
  });

  it("has a judge that refuses what is longer than need be, or no round trip at all", () => {
    const points = cloud(random, 60);
    const input = inputOf(points);
    const best = placesOf(solve(input).output);
    const careless = points.map((_, place) => place);
    expect(lengthOf(points, careless)).to.be.greaterThan(lengthOf(points, best));
    const [first = 0, second = 0, ...rest] = best;
    for (const places of [
      careless,
      [first, first, ...rest],
      [first, 60, ...rest],
      [second, ...rest],
      [...best, 0],
      [],
    ]) {
      expect(judge(caseOf(input, tourOf(places))), places.join()).to.equal("invalid");
    }
    expect(judge(caseOf(input, Uint8Array.of(...tourOf(best), 0)))).to.equal("invalid");
  });

  it("says in one sentence what it cannot read", () => {
    const points = cloud(random, 4);
    const cases: [input: Uint8Array, sentence: RegExp][] = [
      [new Uint8Array(), /^The input is empty\.\n$/],
      [inputOf(points.slice(1)), /^3 places are too few or too many; there may be 4 to 512\.\n$/],
      [inputOf([], 513), /^513 places are too few/],
      [inputOf(points, 5), /^An input of 5 places has 22 bytes, not 18\.\n$/],
      [new Uint8Array(2051), /^The input has more than 2050 bytes\.\n$/],
    ];
    for (const [input, sentence] of cases) {
      const { status, output, message } = solve(input);
      expect([status, output.length]).to.deep.equal([1, 0]);
      expect(message).to.match(sentence);
    }
    const whole = inputOf(points);
    expect(judge(new Uint8Array(7))).to.equal("There is nothing to judge.\n");
    expect(judge(caseOf(whole, new Uint8Array(), 999))).to.equal("The input is cut off.\n");
    const { status, message } = runCommand(module, whole, Infinity, ["jury"]);
    expect([status, message]).to.deep.equal([1, "The argument is not known.\n"]);
  });
});
