import { expect } from "chai";
import { confine, PAGE, Refusal } from "../../../src/sandbox/confine.js";
import { compileBomb, leb, moduleOf, section } from "../../helpers/compileBomb.js";
import { Random, SEED } from "../../helpers/seeded.js";
import { program, wasm } from "../../helpers/wasm.js";

const LIMIT = 10 * PAGE;

/** How a module is refused: kind and problem; `undefined` if it is not. */
function refusal(module: Uint8Array): string | undefined {
  try {
    confine(module, LIMIT);
    return undefined;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return `${error.kind}: ${error.message}`;
  }
}

const MEMORY = section(5, [1, 0, 1]);

describe("confine", () => {
  it("gives memory a maximum, keeps a smaller one, and changes nothing else", () => {
    const before = section(1, [1, 0x60, 0, 0]);
    const after = section(10, [0]);
    const memory = (...range: number[]) => moduleOf(before, section(5, [1, ...range]), after);
    for (const [given, made] of [
      [
        [0, 2],
        [1, 2, 10],
      ],
      [
        [1, 2, 200, 1],
        [1, 2, 10],
      ],
      [
        [1, 2, 10],
        [1, 2, 10],
      ],
      [
        [1, 2, 3],
        [1, 2, 3],
      ],
      [
        [1, 0, 0],
        [1, 0, 0],
      ],
      // Numbers may be longer than they need be.
      [
        [0, 0x82, 0x80, 0],
        [1, 2, 10],
      ],
    ] as const) {
      expect(confine(memory(...given), LIMIT)).to.deep.equal(memory(...made));
    }
    expect(confine(memory(0, 1), 2 * PAGE - 1)).to.deep.equal(memory(1, 1, 1));
    expect(confine(memory(0, 1), 2 ** 40)).to.deep.equal(memory(1, 1, ...leb(65_536)));
  });

  it("leaves out custom sections wherever they are", () => {
    const custom = section(0, [4, 110, 97, 109, 101, 1, 2, 3]);
    expect(confine(moduleOf(custom, MEMORY, custom), LIMIT)).to.deep.equal(moduleOf(section(5, [1, 1, 1, 10])));
  });

  it("reads a module that lies in a larger buffer", () => {
    const module = moduleOf(MEMORY);
    const larger = Uint8Array.from([9, 9, 9, 9, 9, ...module, 9]);
    expect(confine(larger.subarray(5, 5 + module.length), LIMIT)).to.deep.equal(confine(module, LIMIT));
  });

  it("refuses memories that are no plain one", async () => {
    expect(refusal(moduleOf(section(5, [1, 3, 1, 2])))).to.match(/^module: .*shared/);
    expect(refusal(moduleOf(section(5, [1, 4, 1])))).to.match(/^module: .*64-bit/);
    expect(refusal(moduleOf(section(5, [1, 8, 1, 0])))).to.match(/^module: /);
    expect(refusal(moduleOf(section(5, [2, 0, 1, 0, 1])))).to.match(/^module: .*2 memories/);
    expect(refusal(moduleOf(section(5, [0])))).to.match(/^module: .*0 memories/);
    expect(refusal(moduleOf(MEMORY, MEMORY))).to.match(/^module: .*two sections/);
    expect(refusal(moduleOf())).to.match(/^module: .*no memory/);
    expect(refusal(moduleOf(section(5, [1, 0, 11])))).to.equal(`memory: begins with ${11 * PAGE} bytes`);
    expect(refusal(await wasm("(module (memory 1 2 shared))"))).to.match(/^module: .*shared/);
    expect(refusal(await wasm("(module (memory i64 1))"))).to.match(/^module: .*64-bit/);
  });

  it("refuses types, tables and sections beyond plain ones", () => {
    const types = (...bytes: number[]) => refusal(moduleOf(section(1, bytes), MEMORY));
    expect(types(1, 0x60, 2, 0x7f, 0x7b, 1, 0x70)).to.equal(undefined);
    expect(types(1, 0x5e, 0x7f, 1)).to.match(/^module: .*garbage/);
    expect(types(1, 0x4e, 1, 0x5f, 0)).to.match(/^module: .*garbage/);
    expect(types(1, 0x60, 1, 0x63, 0x70, 0)).to.match(/^module: .*plain/);
    expect(types(1, 0x60, 0, 1, 0x69)).to.match(/^module: .*plain/);
    const tables = (...bytes: number[]) => refusal(moduleOf(section(4, bytes), MEMORY));
    expect(tables(2, 0x70, 0, 1, 0x6f, 1, 0, 9)).to.equal(undefined);
    expect(tables(1, 0x69, 0, 1)).to.match(/^module: .*plain/);
    expect(tables(1, 0x40, 0, 0x70, 0, 1, 0xd0, 0x70, 0x0b)).to.match(/^module: .*plain/);
    expect(tables(1, 0x70, 4, 1)).to.match(/^module: .*64-bit/);
    expect(tables(1, 0x70, 0, ...leb(100_001))).to.match(/^module: .*100001/);
    expect(refusal(moduleOf(MEMORY, section(13, [1, 0, 0])))).to.match(/^module: .*13/);
  });

  it("refuses too many imports and exports without reading them", () => {
    expect(refusal(moduleOf(section(2, leb(1_001)), MEMORY))).to.match(/^module: .*1001 imports/);
    expect(refusal(moduleOf(MEMORY, section(7, leb(10_001))))).to.match(/^module: .*10001 exports/);
    expect(refusal(moduleOf(section(4, leb(4_294_967_295)), MEMORY))).to.match(/^module: .*4294967295 tables/);
  });

  it("refuses numbers beyond 32 bits and other versions", () => {
    expect(refusal(moduleOf(section(5, [1, 0, 0xff, 0xff, 0xff, 0xff, 0x1f])))).to.match(/^module: .*32 bits/);
    expect(refusal(moduleOf(section(5, [1, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0])))).to.match(/^module: .*32 bits/);
    const later = moduleOf(MEMORY);
    later[4] = 2;
    expect(refusal(later)).to.match(/^module: .*version is 2/);
  });

  it("takes a bomb for a module, for only the engine can tell", () => {
    expect(refusal(compileBomb())).to.equal(undefined);
  });

  it("refuses what is cut off anywhere but between sections", async () => {
    const module = await program("(call $show (i32.const 1))");
    for (let length = 0; length < module.length; length++) {
      const problem = refusal(module.subarray(0, length));
      if (problem !== undefined) expect(problem).to.match(/^module: /);
      // What is whole up to its memory may pass, and is left to the engine.
      else expect(length).to.be.greaterThan(module.length / 2);
    }
  });

  it(`makes of random alterations nothing but refusals and modules with a limit (SEED=${SEED})`, async () => {
    const random = new Random(SEED);
    const module = await program("(call $show (i32.const 1))", "(table 3 funcref)");
    for (let round = 0; round < 3_000; round++) {
      const altered = module.slice();
      for (let change = random.whole(1, 3); change > 0; change--) {
        altered[random.whole(0, module.length - 1)] = random.number(8);
      }
      try {
        const confined = confine(altered, LIMIT);
        // To confine is to do it once and for all.
        expect(confine(confined, LIMIT)).to.deep.equal(confined);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
      }
    }
  });
});
