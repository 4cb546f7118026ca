import { readFileSync } from "node:fs";
import { expect } from "chai";
import { sha256 } from "ethers";
import { PNG } from "pngjs";
import { Random, SEED } from "../../helpers/seeded.js";
import { type Module, type Run, runCommand } from "../../helpers/wasi.js";
import { loadWorkload } from "../../helpers/workloads.js";

interface Tile {
  x: number;
  y: number;
  width: number;
  height: number;
}

const FRAME = { width: 96, height: 72 };
const WHOLE: Tile = { x: 0, y: 0, ...FRAME };
const MOST_PIXELS = 262_144;

const job = (tile: Tile, { frame = FRAME, samples = 2, scene = "gallery", seed = 7 } = {}) => ({
  ...{ scene, seed, frame, tile, samples },
});

describe("render", () => {
  let module: Module;
  before(async () => {
    ({ module } = await loadWorkload("render"));
  });

  const run = (input: unknown): Run => runCommand(module, typeof input === "string" ? input : JSON.stringify(input));

  /** The pixels of a tile, three bytes each. */
  function pixels(input: { tile: Tile }): Uint8Array {
    const { status, output, message } = run(input);
    expect(status, message).to.equal(0);
    const header = `P6\n${input.tile.width} ${input.tile.height}\n255\n`;
    expect(Buffer.from(output.subarray(0, header.length)).toString("latin1")).to.equal(header);
    const body = output.subarray(header.length);
    expect(body.length).to.equal(3 * input.tile.width * input.tile.height);
    return body;
  }

  const mean = (body: Uint8Array, channel: number) =>
    body.reduce((sum, byte, index) => (index % 3 === channel ? sum + byte : sum), 0) / (body.length / 3);

  it("gave the picture that the README shows", async () => {
    const [example] = (await loadWorkload("render")).manifest.examples;
    const { frame, tile } = JSON.parse(example?.input.data ?? "") as ReturnType<typeof job>;
    const png = PNG.sync.read(readFileSync(new URL("../../../workloads/render/picture.png", import.meta.url)));
    expect([png.width, png.height]).to.deep.equal([frame.width, frame.height]);
    const rows = Array.from({ length: tile.height }, (_, row) => {
      const from = 4 * ((tile.y + row) * frame.width + tile.x);
      return png.data.subarray(from, from + 4 * tile.width).filter((_byte, index) => index % 4 !== 3);
    });
    const ppm = Buffer.concat([Buffer.from(`P6\n${tile.width} ${tile.height}\n255\n`), ...rows]);
    expect(sha256(ppm)).to.equal(example?.output);
  });

  describe("tiles of known bytes", () => {
    const known: [title: string, input: ReturnType<typeof job>, digest: string][] = [
      [
        "glass and gold",
        job({ x: 16, y: 24, width: 24, height: 20 }, { samples: 9 }),
        "0x78400e7715098fd1db2607d4ebd1c52f3e542cfeef66016c9bc59a97e0e20140",
      ],
      [
        "the sky",
        job({ x: 0, y: 0, width: 96, height: 8 }, { samples: 1 }),
        "0x542f134bcb83bb0ad75065d0ac5202cea4300a85bd960d207a8f8ca1e2b76143",
      ],
      [
        "marbles",
        job({ x: 30, y: 30, width: 31, height: 17 }, { scene: "marbles", seed: 4_294_967_295 }),
        "0x758530f3c2db0e991250d60fc14e112a48ce5a06bcb2077efbb456a8c037e0be",
      ],
      [
        "the corner of the largest frame",
        job({ x: 8191, y: 8191, width: 1, height: 1 }, { frame: { width: 8192, height: 8192 }, samples: 64, seed: 0 }),
        "0x46b96bc95f1e4cc70a8f37d4dbb9dbbf1dfd070ecd548d3f222703f6b0d83f00",
      ],
    ];
    for (const [title, input, digest] of known) {
      it(title, () => {
        expect(sha256(run(input).output)).to.equal(digest);
      });
    }
  });

  it("gives the same picture whole and in tiles of any size", () => {
    const whole = pixels(job(WHOLE));
    const assembled = new Uint8Array(whole.length);
    for (let y = 0; y < FRAME.height; y += 25) {
      for (let x = 0; x < FRAME.width; x += 17) {
        const [width, height] = [Math.min(17, FRAME.width - x), Math.min(25, FRAME.height - y)];
        const tile = pixels(job({ x, y, width, height }));
        for (let row = 0; row < height; row += 1) {
          assembled.set(tile.subarray(3 * width * row, 3 * width * (row + 1)), 3 * (FRAME.width * (y + row) + x));
        }
      }
    }
    expect(sha256(assembled)).to.equal(sha256(whole));
  });

  it("shows a sky over a floor, in colour and with contrast", () => {
    const sky = pixels(job({ x: 0, y: 0, width: 96, height: 6 }));
    const floor = pixels(job({ x: 0, y: 62, width: 96, height: 10 }));
    expect(mean(sky, 2)).to.be.greaterThan(90);
    const bright = (body: Uint8Array) => body.filter((byte) => byte > 180).length / body.length;
    const dark = (body: Uint8Array) => body.filter((byte) => byte < 100).length / body.length;
    expect(bright(floor)).to.be.greaterThan(0.15);
    expect(dark(floor)).to.be.greaterThan(0.15);
  });

  it("comes closer to the picture with more samples", () => {
    const tile = { x: 36, y: 30, width: 24, height: 24 };
    const reference = pixels(job(tile, { samples: 400 }));
    const error = (samples: number) =>
      pixels(job(tile, { samples })).reduce((sum, byte, index) => sum + (byte - (reference[index] ?? 0)) ** 2, 0);
    expect(error(64)).to.be.lessThan(error(4) / 3);
  });

  it("depends on scene and seed", () => {
    const tile = { x: 10, y: 40, width: 60, height: 20 };
    const pictures = [job(tile), job(tile, { seed: 8 }), job(tile, { scene: "marbles" })].map((each) =>
      sha256(pixels(each)),
    );
    expect(new Set(pictures).size).to.equal(3);
  });

  it("takes the seed to be 1 and the samples 128 where they are left out", () => {
    const { scene, frame, tile } = job({ x: 48, y: 36, width: 2, height: 2 });
    expect(run({ scene, frame, tile }).output).to.deep.equal(run({ scene, frame, tile, seed: 1, samples: 128 }).output);
  });

  it("does not mind white space or the sequence of fields", () => {
    const input = job({ x: 48, y: 36, width: 2, height: 2 });
    const turned = Object.fromEntries(Object.entries(input).reverse());
    const spaced = `\r\n\t${JSON.stringify(turned, null, 2).padEnd(4093)}`;
    expect(spaced.length).to.equal(4096);
    expect(run(spaced)).to.deep.equal(run(input));
  });

  it("renders a single pixel, a frame of one, and the largest tile", () => {
    expect(pixels(job({ x: 95, y: 71, width: 1, height: 1 }))).to.have.length(3);
    const one = { width: 1, height: 1 };
    expect(pixels(job({ x: 0, y: 0, ...one }, { frame: one }))).to.have.length(3);
    const frame = { width: 8192, height: 32 };
    expect(frame.width * frame.height).to.equal(MOST_PIXELS);
    pixels(job({ x: 0, y: 0, ...frame }, { frame, samples: 1 }));
  });

  describe("refuses", () => {
    const good = job(WHOLE);
    const { width } = WHOLE;
    const refused: [title: string, input: unknown, message: RegExp][] = [
      ["nothing", "", /a \{ is missing/],
      ["white space", " \n", /a \{ is missing/],
      ["a list", "[]", /a \{ is missing/],
      ["an empty object", "{}", /^scene is missing/],
      ["an end within", '{"scene":"gal', /ends within a text/],
      ["an end after a name", '{"scene"', /a : is missing/],
      ["something behind", `${JSON.stringify(good)}x`, /something behind/],
      ["a comma too many", '{"seed":1,}', /a " is missing/],
      ["a comma too few", '{"seed":1"samples":1}', /a , is missing/],
      ["an escape", '{"sc\\u0065ne":"gallery"}', /not plain ASCII/],
      ["a zero byte", '{"\0":1}', /not plain ASCII/],
      ["an unknown field", { ...good, shadows: 1 }, /^shadows is no field/],
      ["an unknown field of the tile", { ...good, tile: { ...WHOLE, z: 1 } }, /^tile\.z is no field/],
      ["an unknown field of the frame", { ...good, frame: { ...FRAME, depth: 1 } }, /^frame\.depth is no field/],
      ["a field without a name", { ...good, "": 1 }, /without a name/],
      ["a field twice", '{"seed":1,"seed":1}', /^seed is there twice/],
      ["a tile twice", '{"tile":{},"tile":{}}', /^tile is there twice/],
      ["no frame", { ...good, frame: undefined }, /^frame\.width is missing/],
      ["no height of the tile", { ...good, tile: { x: 0, y: 0, width } }, /^tile\.height is missing/],
      ["another scene", { ...good, scene: "room" }, /^scene is room; it must be gallery or marbles/],
      ["a scene that is a number", { ...good, scene: 1 }, /a " is missing/],
      ["a seed that is a text", { ...good, seed: "1" }, /^seed is no whole number/],
      ["a fraction", { ...good, samples: 1.5 }, /^samples is no whole number/],
      ["an exponent", '{"samples":1e2}', /^samples is no whole number/],
      ["a leading zero", '{"samples":01}', /^samples begins with a zero/],
      ["a space within a number", '{"samples":- 1}', /^samples is no whole number/],
      ["null", { ...good, samples: null }, /^samples is no whole number/],
      ["a negative seed", { ...good, seed: -1 }, /^seed is -1; it must be from 0 to 4294967295/],
      ["a large seed", { ...good, seed: 2 ** 32 }, /^seed is 4294967296; it must/],
      ["a number beyond 64 bits", '{"seed":18446744073709551617}', /^seed is too long a number/],
      ["no samples", { ...good, samples: 0 }, /^samples is 0; it must be from 1 to 1024/],
      ["many samples", { ...good, samples: 1025 }, /^samples is 1025/],
      ["an empty tile", job({ ...WHOLE, width: 0 }), /^tile\.width is 0; it must be from 1/],
      ["a large frame", job(WHOLE, { frame: { width: 8193, height: 1 } }), /^frame\.width is 8193/],
      ["a tile left of the frame", job({ ...WHOLE, x: -1 }), /^tile\.x is -1/],
      [
        "a tile right of the frame",
        job({ ...WHOLE, x: 1 }),
        /^The tile ends at 97, 72, outside of the frame of 96 by 72/,
      ],
      ["a tile below the frame", job({ ...WHOLE, y: 1 }), /^The tile ends at 96, 73, outside/],
      [
        "too many pixels",
        job({ ...WHOLE, width: 513, height: 512 }, { frame: { width: 513, height: 512 } }),
        /^The tile has 262656 pixels; it must have at most 262144/,
      ],
      [
        "too much work",
        job({ ...WHOLE, width: 512, height: 512 }, { frame: { width: 512, height: 512 }, samples: 129 }),
        /^The tile takes 33816576 samples in all; it must take at most 33554432/,
      ],
      ["too long an input", " ".repeat(4097), /^The input has more than 4096 bytes/],
    ];
    for (const [title, input, message] of refused) {
      it(title, () => {
        const { status, output, message: said } = run(input);
        expect(status).to.equal(1);
        expect(output).to.have.length(0);
        expect(said)
          .to.match(message)
          .and.to.match(/^[^\n]+\.\n$/);
      });
    }
  });

  it(`ends with a message whatever happens to its input (seed ${SEED})`, () => {
    const random = new Random(SEED);
    const text = JSON.stringify(job({ x: 0, y: 0, width: 1, height: 1 }, { samples: 1 }));
    for (let round = 0; round < 400; round += 1) {
      const bytes = Buffer.from(text);
      for (let changes = random.whole(1, 3); changes > 0; changes -= 1) {
        bytes[random.whole(0, bytes.length - 1)] = random.whole(0, 255);
      }
      const cut = bytes.subarray(0, random.whole(0, 3) === 0 ? random.whole(0, bytes.length) : bytes.length);
      const { status, output, message } = runCommand(module, cut);
      if (status === 0) expect(output.length, cut.toString("hex")).to.be.greaterThan(0);
      else expect(message, cut.toString("hex")).to.match(/^.+\.\n$/s);
    }
  });
});
