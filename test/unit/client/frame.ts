import { expect } from "chai";
import { concat, getBytes } from "ethers";
import { AssemblyError, OpenGpuError, OutputFormatError, SplitError } from "../../../src/index.js";
import {
  type Area,
  assembleFrame,
  type FrameJob,
  readPpm,
  type Size,
  splitFrame,
  type Tile,
} from "../../../src/client/frame.js";
import { builtWorker } from "../../../scripts/market/worker.js";
import { createWasmExecutor } from "../../../src/sandbox/index.js";
import { SEED_A, text } from "../../helpers/jobs.js";
import { Random, SEED } from "../../helpers/seeded.js";
import { thrown } from "../../helpers/thrown.js";
import { runCommand } from "../../helpers/wasi.js";
import { loadWorkload, type Workload } from "../../helpers/workloads.js";

const job = (changes: Partial<FrameJob> = {}): FrameJob => ({
  scene: "gallery",
  seed: 7,
  frame: { width: 10, height: 7 },
  tile: { width: 4, height: 3 },
  ...changes,
});
const sizeOf = (width: number, height: number): Size => ({ width, height });

/** A picture in the workload's form. */
function ppm({ width, height }: Size, pixels: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`P6\n${width} ${height}\n255\n`), pixels]);
}

/** The pixels of a part of a picture, three bytes each. */
function cut(whole: Uint8Array, frame: Size, { x, y, width, height }: Area): Uint8Array {
  const pixels = new Uint8Array(3 * width * height);
  for (let at = 0; at < pixels.length; at += 1) {
    const [pixel, channel] = [Math.floor(at / 3), at % 3];
    const from = frame.width * (y + Math.floor(pixel / width)) + x + (pixel % width);
    pixels[at] = whole[3 * from + channel] ?? 0;
  }
  return pixels;
}

/** So many bytes that follow from the seed. */
const randomBytes = (random: Random, length: number): Uint8Array =>
  getBytes(concat(Array.from({ length: Math.ceil(length / 32) }, () => random.word()))).slice(0, length);

describe("client frame", () => {
  let render: Workload;
  before(async () => {
    render = await loadWorkload("render");
  });

  it(`splits any frame into tiles that make it again, in any sequence (seed ${SEED})`, () => {
    const random = new Random(SEED);
    for (let round = 0; round < 60; round += 1) {
      const frame = sizeOf(random.whole(1, 70), random.whole(1, 70));
      const tile = sizeOf(random.whole(1, 80), random.whole(1, 80));
      const whole = randomBytes(random, 3 * frame.width * frame.height);
      const tiles = splitFrame(job({ frame, tile }));
      const columns = Math.ceil(frame.width / Math.min(tile.width, frame.width));
      const rows = Math.ceil(frame.height / Math.min(tile.height, frame.height));
      expect(tiles).to.have.length(columns * rows);
      const parts = tiles
        .map((each) => ({ tile: each, output: ppm(each, cut(whole, frame, each)), rank: random.word() }))
        .sort((a, b) => (a.rank < b.rank ? -1 : 1));
      expect(assembleFrame(frame, parts)).to.deep.equal(whole);
    }
  });

  it("makes tiles row by row, those at the edges smaller", () => {
    const places = splitFrame(job()).map(({ x, y, width, height }) => [x, y, width, height]);
    expect(places).to.deep.equal([
      ...[0, 3, 6].flatMap((y) => {
        const height = y === 6 ? 1 : 3;
        return [
          [0, y, 4, height],
          [4, y, 4, height],
          [8, y, 2, height],
        ];
      }),
    ]);
  });

  it("says in the input what the workload is to render, and of samples only if they are named", () => {
    const [first, second] = splitFrame(job());
    expect(text(first?.input ?? new Uint8Array())).to.equal(
      '{"scene":"gallery","seed":7,"frame":{"width":10,"height":7},"tile":{"x":0,"y":0,"width":4,"height":3}}',
    );
    expect(JSON.parse(text(second?.input ?? new Uint8Array()))).to.deep.equal({
      ...{ scene: "gallery", seed: 7, frame: sizeOf(10, 7), tile: { x: 4, y: 0, width: 4, height: 3 } },
    });
    const [sampled] = splitFrame(job({ samples: 3 }));
    expect(JSON.parse(text(sampled?.input ?? new Uint8Array()))).to.include({ samples: 3 });
  });

  it("renders a frame in tiles by the real module as it does whole", async () => {
    const executor = createWasmExecutor({ worker: await builtWorker() });
    const { moduleBytes, manifest } = render;
    const run = async ({ input }: Tile) => {
      const { output } = await executor.run({
        ...{ module: moduleBytes, args: [], input, seed: SEED_A, limits: manifest.limits },
      });
      return output;
    };
    try {
      const small = { frame: sizeOf(37, 26), samples: 2 };
      const [whole] = splitFrame(job({ ...small, tile: small.frame }));
      const tiles = splitFrame(job({ ...small, tile: sizeOf(16, 10) }));
      expect(tiles).to.have.length(9);
      const parts = await Promise.all(tiles.map(async (tile) => ({ tile, output: await run(tile) })));
      const direct = readPpm(await run(whole as Tile));
      expect(direct).to.deep.include(small.frame);
      expect(assembleFrame(small.frame, parts)).to.deep.equal(direct.pixels);
    } finally {
      await executor.close();
    }
  });

  describe("takes what the workload takes", () => {
    const largest = sizeOf(8_192, 8_192);
    for (const [title, changes, count] of [
      ["the largest tile", { frame: sizeOf(512, 512), tile: sizeOf(512, 512), samples: 1 }, 1],
      ["a tile larger than the frame", { frame: sizeOf(300, 200), tile: largest, samples: 1 }, 1],
      ["the largest seed, and the other scene", { scene: "marbles", seed: 2 ** 32 - 1 }, 9],
      ["the most samples", { frame: sizeOf(2, 2), tile: sizeOf(1, 2), samples: 1_024 }, 2],
    ] as [string, Partial<FrameJob>, number][]) {
      it(title, () => {
        const tiles = splitFrame(job(changes));
        expect(tiles).to.have.length(count);
        const { status, message, output } = runCommand(render.module, tiles.at(-1)?.input ?? "");
        expect(status, message).to.equal(0);
        expect(readPpm(output)).to.deep.include(sizeOf(tiles.at(-1)?.width ?? 0, tiles.at(-1)?.height ?? 0));
      });
    }
  });

  describe("refuses, as the workload does", () => {
    const refused: [title: string, changes: Partial<FrameJob>, field: string, message: RegExp][] = [
      ["a scene that is none", { scene: "cellar" as "gallery" }, "scene", /scene is cellar; .* gallery or marbles\./],
      ["a seed below 0", { seed: -1 }, "seed", /seed is -1/],
      ["a seed of 33 bits", { seed: 2 ** 32 }, "seed", /seed is 4294967296; .* from 0 to 4294967295/],
      ["half a seed", { seed: 0.5 }, "seed", /seed is 0\.5/],
      ["a frame without a width", { frame: sizeOf(0, 7) }, "frame.width", /frame\.width is 0; .* from 1 to 8192/],
      ["a frame too high", { frame: sizeOf(1, 8_193) }, "frame.height", /frame\.height is 8193/],
      ["a frame of no number", { frame: sizeOf(NaN, 7) }, "frame.width", /frame\.width is NaN/],
      ["a tile of negative width", { tile: sizeOf(-4, 3) }, "tile.width", /tile\.width is -4/],
      ["a tile of half a pixel", { tile: sizeOf(4, 1.5) }, "tile.height", /tile\.height is 1\.5/],
      ["a tile too wide", { tile: sizeOf(8_193, 1) }, "tile.width", /tile\.width is 8193/],
      [
        "a tile of too many pixels",
        { frame: sizeOf(600, 600), tile: sizeOf(512, 513), samples: 1 },
        "tile",
        /tile is 512 by 513; .* at most 262144 pixels at 1 samples/,
      ],
      [
        "a tile that takes too many samples",
        { frame: sizeOf(600, 600), tile: sizeOf(512, 512), samples: 129 },
        "tile",
        /tile is 512 by 512; .* at most 260111 pixels at 129 samples/,
      ],
      [
        "a tile that takes too many of the usual samples",
        { frame: sizeOf(600, 600), tile: sizeOf(513, 512) },
        "tile",
        /at 128 samples/,
      ],
      ["no samples", { samples: 0 }, "samples", /samples is 0/],
      ["too many samples", { samples: 1_025 }, "samples", /samples is 1025; .* from 1 to 1024/],
    ];
    for (const [title, changes, field, message] of refused) {
      it(title, () => {
        const error = thrown(() => splitFrame(job(changes)), SplitError);
        expect(error.field).to.equal(field);
        expect(error.message).to.match(message);
        const { tile, ...rest } = job(changes);
        const { status } = runCommand(render.module, JSON.stringify({ ...rest, tile: { x: 0, y: 0, ...tile } }));
        expect(status).to.not.equal(0);
      });
    }
  });

  describe("reads a picture", () => {
    const pixels = Uint8Array.from({ length: 12 }, (_, index) => 20 * index);
    const good = ppm(sizeOf(2, 2), pixels);
    const headed = (header: string) => Buffer.concat([Buffer.from(header, "latin1"), pixels]);

    it("of any pixels, those that look like white space too", () => {
      expect(readPpm(good)).to.deep.equal({ width: 2, height: 2, pixels });
      const blank = new Uint8Array(12).fill(0x0a);
      expect(readPpm(ppm(sizeOf(4, 1), blank))).to.deep.equal({ width: 4, height: 1, pixels: blank });
    });

    it("that keeps nothing of the bytes it was read from", () => {
      const bytes = Uint8Array.from(good);
      const picture = readPpm(bytes);
      bytes.fill(0);
      expect(picture.pixels).to.deep.equal(pixels);
    });

    const wrong: [title: string, bytes: Uint8Array, field: string, value: string, message: RegExp][] = [
      ["no bytes", new Uint8Array(), "its header", '""', /must be P6, width, height and 255/],
      ["text", Buffer.from("no picture"), "its header", '"no picture"', /"no picture"/],
      ["the kind with text in it", headed("P3\n2 2\n255\n"), "its kind", '"P3"', /its kind is "P3"; it must be P6\./],
      ["65536 shades", headed("P6\n2 2\n65535\n"), "its largest value", '"65535"', /must be 255/],
      ["a width of 0", headed("P6\n0 2\n255\n"), "width", '"0"', /width is "0"; it must be a whole number/],
      ["a negative height", headed("P6\n2 -2\n255\n"), "height", '"-2"', /height is "-2"/],
      ["a width with a leading zero", headed("P6\n02 2\n255\n"), "width", '"02"', /width is "02"/],
      ["a width as large as can be", headed("P6\n999999 1\n255\n"), "width", '"999999"', /from 1 to 99999/],
      ["a width in other signs", headed("P6\n0x2 2\n255\n"), "width", '"0x2"', /width/],
      ["a comment", headed("P6\n# 2 2\n255\n"), "its header", '"P6\\n# 2 2\\n255\\n', /header/],
      ["two spaces", headed("P6\n2  2\n255\n"), "its header", '"P6\\n2  2', /header/],
      ["a header without end", headed(`P6\n2 2\n255${" ".repeat(40)}\n`), "its header", '"P6\\n2 2', /header/],
      ["a byte too few", good.subarray(0, -1), "its length", "22", /its length is 22; it must be 23 bytes\./],
      ["a byte too many", Buffer.concat([good, Buffer.of(0)]), "its length", "24", /its length is 24/],
      ["none of its pixels", headed("P6\n99999 99999\n255\n"), "its length", "31", /must be 29999400022 bytes/],
      ["signs for the terminal", headed("P6\u009b31m\n2 2\n255\n"), "its kind", '"P6\\u009b31m"', /its kind/],
    ];
    for (const [title, bytes, field, value, message] of wrong) {
      it(`but not one of ${title}`, () => {
        const error = thrown(() => readPpm(bytes, "The tile"), OutputFormatError);
        expect(error.field).to.equal(field);
        expect(error.value.slice(0, value.length)).to.equal(value);
        expect(error.message)
          .to.match(/^The tile is not usable: [ -~…]*\.$/)
          .and.match(message);
        expect(error).to.be.instanceOf(OpenGpuError);
      });
    }
  });

  describe("does not assemble", () => {
    const frame = sizeOf(10, 7);
    const whole = Uint8Array.from({ length: 210 }, (_, index) => index);
    const parts = () => splitFrame(job()).map((tile) => ({ tile, output: ppm(tile, cut(whole, frame, tile)) }));
    type Part = ReturnType<typeof parts>[number];
    const [, second = { tile: { x: 4, y: 0, ...frame }, output: whole }] = parts();

    const wrong: [title: string, change: (parts: Part[]) => unknown, message: RegExp][] = [
      ["a missing tile", (all) => all.splice(5, 1), /none has the pixel at 8, 3\./],
      ["a tile given twice", (all) => all.push(second as Part), /a tile of 4 by 3 at 4, 0 overlaps another one/],
      ["no tiles", (all) => all.splice(0), /none has the pixel at 0, 0/],
      [
        "tiles that overlap by one pixel",
        (all) => {
          const area = { x: 7, y: 2, width: 2, height: 1 };
          all.unshift({ tile: { ...area, input: whole }, output: ppm(area, cut(whole, frame, area)) });
        },
        /a tile of 4 by 3 at 4, 0 overlaps/,
      ],
      ...[
        { x: 9, y: 0, width: 2, height: 1 },
        { x: 0, y: 7, width: 1, height: 1 },
        { x: -1, y: 0, width: 2, height: 1 },
        { x: 0.5, y: 0, width: 1, height: 1 },
        { x: 0, y: 0, width: 0, height: 1 },
      ].map((area): [string, (all: Part[]) => unknown, RegExp] => [
        `a tile of ${area.width} by ${area.height} at ${area.x}, ${area.y}`,
        (all) => all.unshift({ tile: { ...area, input: whole }, output: ppm(area, new Uint8Array()) }),
        /is not within 10 by 7/,
      ]),
    ];
    for (const [title, change, message] of wrong) {
      it(title, () => {
        const all = parts();
        change(all);
        expect(thrown(() => assembleFrame(frame, all), AssemblyError).message).to.match(message);
      });
    }

    it("a picture of another size than its tile's, which it names", () => {
      for (const [size, field, value] of [
        [sizeOf(3, 4), "width", "3"],
        [sizeOf(4, 2), "height", "2"],
      ] as const) {
        const all = parts();
        all[1] = { ...(second as Part), output: ppm(size, new Uint8Array(3 * size.width * size.height)) };
        const error = thrown(() => assembleFrame(frame, all), OutputFormatError);
        expect([error.field, error.value]).to.deep.equal([field, value]);
        expect(error.message).to.contain("The output of the tile at 4, 0 is not usable");
      }
    });

    it("what is no picture, and names the tile", () => {
      const all = parts();
      all[3] = { ...(all[3] as Part), output: Buffer.from("P6\n4 3\n255\n") };
      const { message } = thrown(() => assembleFrame(frame, all), OutputFormatError);
      expect(message).to.match(/^The output of the tile at 0, 3 .* its length is 11; it must be 47 bytes\.$/);
    });

    it("a frame that is none", () => {
      expect(thrown(() => assembleFrame(sizeOf(0, 7), []), SplitError).field).to.equal("frame.width");
      expect(thrown(() => assembleFrame(sizeOf(1, 2 ** 31), []), SplitError).field).to.equal("frame.height");
    });
  });
});
