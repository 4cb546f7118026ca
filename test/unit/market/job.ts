import { expect } from "chai";
import { concat, getBytes, toUtf8Bytes } from "ethers";
import { countImages, IMAGE_BYTES } from "../../../src/client/batches.js";
import type { FrameJob } from "../../../src/client/frame.js";
import {
  capsOf,
  countCorrect,
  type Images,
  type JobPart,
  panelFeesOf,
  partsOf,
  pictureOf,
  pieceOf,
} from "../../../src/market/run/job.js";
import { DIGITS_WITHIN, DRAWN_LIFETIME, FLOORS, RAMP } from "../../../src/market/run/plans.js";
import { Verification } from "../../../src/protocol/order.js";

const FRAME: FrameJob = {
  scene: "gallery",
  seed: 7,
  frame: { width: 50, height: 30 },
  tile: { width: 16, height: 16 },
  samples: 4,
};
/** So many images, of which each says in its first bytes which one it is, that show 0, 1, 2, … 9, 0, … */
const imagesOf = (count: number, batch: number): Images => {
  const pixels = new Uint8Array(count * IMAGE_BYTES);
  const labels = Uint8Array.from({ length: count }, (_, index) => index % 10);
  for (let index = 0; index < count; index++) new DataView(pixels.buffer).setUint32(index * IMAGE_BYTES, index);
  return { pixels, labels, batch };
};

/** A picture of so many pixels, as the workload writes it. */
const ppm = (width: number, height: number, shade = 0, shades = 255): Uint8Array =>
  getBytes(
    concat([toUtf8Bytes(`P6\n${width} ${height}\n${shades}\n`), new Uint8Array(3 * width * height).fill(shade)]),
  );
const SCORES = Array.from({ length: 10 }, (_, digit) => digit);
const answer = (labels: readonly number[]): Uint8Array =>
  toUtf8Bytes(JSON.stringify({ predictions: labels.map((label) => ({ label, scores: SCORES })) }));

const ofWorkload = (parts: readonly JobPart[], name: string) => parts.filter(({ workload }) => workload === name);
const partAt = (parts: readonly JobPart[], name: string, part: number): JobPart => {
  const found = ofWorkload(parts, name).find((one) => one.part === part);
  if (found === undefined) throw new Error(`no part ${part} of ${name}`);
  return found;
};

describe("market.job", () => {
  describe("partsOf", () => {
    it("covers each pixel of the frame and each image once, in parts whose numbers are those of tiles and batches", () => {
      const images = imagesOf(23, 5);
      const { parts, tiles, batches } = partsOf({ frame: FRAME, images });
      const covered = new Uint8Array(50 * 30);
      for (const { part, input } of ofWorkload(parts, "render")) {
        const { tile, ...job } = JSON.parse(new TextDecoder().decode(input)) as {
          tile: { x: number; y: number; width: number; height: number };
        };
        expect(job).to.deep.equal({ scene: "gallery", seed: 7, frame: FRAME.frame, samples: 4 });
        expect(tiles[part]).to.deep.include(tile);
        for (let y = tile.y; y < tile.y + tile.height; y++) {
          for (let x = tile.x; x < tile.x + tile.width; x++) covered[50 * y + x] = (covered[50 * y + x] ?? 0) + 1;
        }
      }
      expect(covered.every((times) => times === 1)).to.equal(true);
      const numbers = ofWorkload(parts, "digits")
        .toSorted((a, b) => a.part - b.part)
        .flatMap(({ part, input }) => {
          expect(input).to.equal(batches[part]);
          const view = new DataView(input.buffer, input.byteOffset);
          return Array.from({ length: countImages(input) }, (_, index) => view.getUint32(4 + index * IMAGE_BYTES));
        });
      expect(numbers).to.deep.equal(Array.from({ length: 23 }, (_, index) => index));
    });

    for (const [count, batch, tiles] of [
      [10, 1, 8],
      [4, 1, 8],
      [1, 1, 8],
      [97, 3, 8],
    ] as const) {
      const batches = Math.ceil(count / batch);
      it(`spreads ${batches} batches evenly among the first of ${tiles} tiles, and keeps the sequence of both`, () => {
        const { parts } = partsOf({ frame: FRAME, images: imagesOf(count, batch) });
        expect(parts).to.have.length(tiles + batches);
        for (const [name, length] of [
          ["render", tiles],
          ["digits", batches],
        ] as const) {
          expect(ofWorkload(parts, name).map(({ part }) => part)).to.deep.equal(
            Array.from({ length }, (_, index) => index),
          );
          // In the first n parts a workload has its share of n, give or take a half; from the last batch on, the rest.
          let seen = 0;
          const pace = batches / DIGITS_WITHIN;
          for (const [index, { workload }] of parts.entries()) {
            if (workload === name) seen++;
            const ofBatches = Math.min(batches, ((index + 1) * pace) / (tiles + pace));
            const share = name === "digits" ? ofBatches : index + 1 - ofBatches;
            expect(Math.abs(seen - share) < 0.501, `${seen} of the first ${index + 1}, not ${share}`).to.equal(true);
          }
        }
      });
    }

    it("has no parts of what is not asked for", () => {
      expect(partsOf({})).to.deep.equal({ parts: [], tiles: [], batches: [] });
      expect(new Set(partsOf({ frame: FRAME }).parts.map(({ workload }) => workload))).to.deep.equal(
        new Set(["render"]),
      );
      expect(partsOf({ images: imagesOf(3, 2) }).parts.map(({ workload }) => workload)).to.deep.equal([
        "digits",
        "digits",
      ]);
    });
  });

  describe("partsOf with critical tiles", () => {
    const critical = (tiles: number, trust = 2) =>
      partsOf({ frame: FRAME, images: imagesOf(6, 2), critical: { tiles, trust } }).parts;

    it("lets several providers decide on the first tiles, and on nothing else", () => {
      const parts = critical(3, 7);
      for (const part of parts) {
        const isCritical = part.workload === "render" && part.part < 3;
        expect(part.trust, `${part.workload} ${part.part}`).to.equal(isCritical ? 7 : undefined);
        expect("trust" in part).to.equal(isCritical);
      }
    });

    it("changes nothing else of the job", () => {
      const plain = partsOf({ frame: FRAME, images: imagesOf(6, 2) }).parts;
      const bare = (parts: readonly JobPart[]) => parts.map(({ workload, part, input }) => [workload, part, input]);
      expect(bare(critical(4))).to.deep.equal(bare(plain));
      expect(critical(0).some((part) => "trust" in part)).to.equal(false);
    });

    it("takes all tiles if there are fewer", () => {
      const parts = critical(1_000);
      expect(parts.filter(({ trust }) => trust === 2)).to.deep.equal(ofWorkload(parts, "render"));
    });
  });

  describe("partsOf with checked tiles", () => {
    const job = { frame: FRAME, images: imagesOf(6, 2) };
    const criticalAnd = (tiles: number, trust = 2, lifetime?: number) =>
      partsOf({
        ...{ ...job, critical: { tiles: 3, trust: 8 }, checked: { tiles, trust } },
        ...(lifetime !== undefined && { lifetime }),
      }).parts;

    it("has those after the critical ones checked, and orders them before all else", () => {
      const parts = criticalAnd(2, 5, 40);
      expect(parts.slice(0, 2)).to.deep.equal(parts.filter(({ checked }) => checked === true));
      expect(parts.slice(0, 2).map(({ part, trust, lifetime }) => [part, trust, lifetime])).to.deep.equal([
        [3, 5, 40],
        [4, 5, 40],
      ]);
      for (const { workload, part, trust, lifetime } of parts.slice(2)) {
        const isCritical = workload === "render" && part < 3;
        expect([trust, lifetime], `${workload} ${part}`).to.deep.equal(isCritical ? [8, 40] : [undefined, undefined]);
      }
    });

    it("changes nothing else of the job, nor of the sequence of the others", () => {
      const bare = (parts: readonly JobPart[]) => parts.map(({ workload, part, input }) => [workload, part, input]);
      const plain = partsOf(job).parts;
      const sorted = (parts: readonly JobPart[]) =>
        parts.toSorted((a, b) => a.workload.localeCompare(b.workload) || a.part - b.part);
      expect(bare(sorted(criticalAnd(4)))).to.deep.equal(bare(sorted(plain)));
      expect(bare(criticalAnd(0))).to.deep.equal(bare(plain));
    });

    it("takes what tiles are left if there are fewer", () => {
      const parts = criticalAnd(1_000);
      const tiles = ofWorkload(parts, "render");
      expect(tiles.filter(({ checked }) => checked === true)).to.have.length(tiles.length - 3);
    });

    it("costs a cap, and where it is disputed one for each seat of the panel beside", () => {
      const cap = FLOORS.render * 3n;
      const parts = ofWorkload(criticalAnd(2, 4), "render");
      // Trust 8 has five seats in each of three rounds, trust 4 four in each of two panels.
      expect(capsOf(parts)).to.equal(3n * 5n * cap + 2n * cap + BigInt(parts.length - 5) * cap);
      expect(panelFeesOf(parts)).to.equal(2n * 4n * cap);
      expect(panelFeesOf(ofWorkload(criticalAnd(0), "render"))).to.equal(0n);
    });
  });

  describe("isWhole", () => {
    const { parts, tiles } = partsOf({ frame: FRAME, images: imagesOf(7, 5) });

    it("takes for each tile a picture of its own size, those at the edges included", () => {
      for (const { part, isWhole } of ofWorkload(parts, "render")) {
        const { width = 0, height = 0 } = tiles[part] ?? {};
        expect(isWhole(ppm(width, height)), `tile ${part}`).to.equal(true);
        expect(isWhole(ppm(height + 1, width)), `tile ${part}`).to.equal(false);
      }
      expect(tiles.map(({ width, height }) => `${width} by ${height}`)).to.include.members(["16 by 16", "2 by 14"]);
    });

    const whole = ppm(16, 16);
    for (const [what, output] of [
      ["is empty", new Uint8Array()],
      ["is cut off", whole.slice(0, -1)],
      ["has a byte too many", getBytes(concat([whole, "0x00"]))],
      ["has the right number of pixels in another shape", ppm(8, 32)],
      ["is wider", ppm(17, 16)],
      ["is lower", ppm(16, 15)],
      ["is the whole frame", ppm(50, 30)],
      ["has more shades", ppm(16, 16, 0, 65_535)],
      ["is a text", toUtf8Bytes("P6")],
      ["is an answer of the other workload", answer([1, 2, 3])],
    ] as const) {
      it(`refuses a picture that ${what}`, () => {
        expect(partAt(parts, "render", 0).isWhole(output)).to.equal(false);
      });
    }

    it("takes as many predictions as the batch has images, in the last one fewer", () => {
      const [full, rest] = [partAt(parts, "digits", 0), partAt(parts, "digits", 1)];
      for (const [count, ofFull, ofRest] of [
        [0, false, false],
        [1, false, false],
        [2, false, true],
        [3, false, false],
        [5, true, false],
        [7, false, false],
      ] as const) {
        const output = answer(Array.from({ length: count }, () => 4));
        expect([full.isWhole(output), rest.isWhole(output)], `${count}`).to.deep.equal([ofFull, ofRest]);
      }
    });

    for (const [what, output] of [
      ["is empty", new Uint8Array()],
      ["is no JSON", toUtf8Bytes("{")],
      ["is null", toUtf8Bytes("null")],
      ["is no text", Uint8Array.of(0xff, 0xfe)],
      ["has a digit that is none", answer([1, 2, 3, 4, 10])],
      ["has labels without scores", toUtf8Bytes('{"predictions":[{"label":1},{"label":1}]}')],
      ["is a picture", ppm(16, 16)],
    ] as const) {
      it(`refuses an answer that ${what}`, () => {
        expect(partAt(parts, "digits", 0).isWhole(output)).to.equal(false);
        expect(partAt(parts, "digits", 1).isWhole(output)).to.equal(false);
      });
    }
  });

  describe("countCorrect", () => {
    const images = imagesOf(23, 5);
    const job = { images };
    const { batches } = partsOf(job);
    /** What would be right for a batch, with another label at one place. */
    const answerTo = (batch: number, wrongAt?: number) => {
      const labels = [...images.labels.slice(5 * batch, 5 * batch + 5)];
      return answer(labels.map((label, at) => (at === wrongAt ? (label + 1) % 10 : label)));
    };
    const outputsOf = (...list: readonly number[]) => new Map(list.map((batch) => [batch, answerTo(batch)] as const));

    it("counts all images if all are right, those of a shorter last batch too", () => {
      expect(countCorrect(job, batches, outputsOf(0, 1, 2, 3, 4))).to.equal(23);
    });

    it("does not count images that are wrong, nor those of outputs that are missing", () => {
      expect(countCorrect(job, batches, outputsOf(0, 2, 4))).to.equal(13);
      expect(countCorrect(job, batches, new Map())).to.equal(0);
      expect(countCorrect(job, batches, outputsOf(0, 1, 2, 3, 4).set(3, answerTo(3, 0)))).to.equal(22);
      expect(countCorrect(job, batches, new Map([[4, answerTo(4, 2)]]))).to.equal(2);
    });

    it("compares each batch with its own labels", () => {
      // Batch 1 shows 5 to 9, batch 2 again 0 to 4.
      expect(countCorrect(job, batches, new Map([[1, answerTo(2)]]))).to.equal(0);
      expect(countCorrect(job, batches, new Map([[2, answerTo(0)]]))).to.equal(5);
    });

    it("is none if there are no images", () => {
      expect(countCorrect({}, [], new Map([[0, answerTo(0)]]))).to.equal(0);
    });
  });

  describe("pictureOf", () => {
    const job = { frame: FRAME };
    const { tiles } = partsOf(job);
    const outputs = () => new Map(tiles.map(({ width, height }, part) => [part, ppm(width, height, 10 * part + 1)]));

    it("puts each tile in its place", () => {
      const pixels = pictureOf(job, tiles, outputs());
      expect(pixels).to.have.length(3 * 50 * 30);
      for (const [part, { x, y, width, height }] of tiles.entries()) {
        for (const [px, py] of [
          [x, y],
          [x + width - 1, y + height - 1],
        ] as const) {
          const at = 3 * (50 * py + px);
          expect([...(pixels?.slice(at, at + 3) ?? [])]).to.deep.equal([10 * part + 1, 10 * part + 1, 10 * part + 1]);
        }
      }
    });

    it("is nothing if a tile is missing, whichever, or if no frame was ordered", () => {
      for (const missing of tiles.keys()) {
        const some = outputs();
        some.delete(missing);
        expect(pictureOf(job, tiles, some), `without tile ${missing}`).to.equal(undefined);
      }
      expect(pictureOf(job, tiles, new Map())).to.equal(undefined);
      expect(pictureOf({}, [], new Map())).to.equal(undefined);
    });
  });

  describe("pieceOf", () => {
    it("orders a part from its source at three times the floor at most, with a bond as high, after a look", () => {
      const [part] = partsOf({ frame: FRAME }).parts;
      if (part === undefined) throw new Error("no part");
      const { input, terms } = pieceOf(part, {
        ...{ name: "render", source: 3, floorPrice: 500n },
        manifestDigest: `0x${"4d".repeat(32)}`,
      });
      expect(input).to.equal(part.input);
      expect(terms).to.include({
        source: 3,
        maxReward: 1_500n,
        bond: 1_500n,
        rampDuration: RAMP,
        verification: Verification.Review,
      });
      expect(terms).to.not.have.property("trust");
    });

    it("orders a checked part of one provider, with a bond that pays a panel, and time to dispute it", () => {
      const [part] = partsOf({ frame: FRAME, checked: { tiles: 1, trust: 9 }, lifetime: 33 }).parts;
      if (part === undefined) throw new Error("no part");
      const { terms } = pieceOf(part, {
        ...{ name: "render", source: 3, floorPrice: 500n },
        manifestDigest: `0x${"4d".repeat(32)}`,
      });
      expect(terms).to.deep.equal({
        source: 3,
        maxReward: 1_500n,
        // Trust 9 has six seats.
        bond: 6n * 1_500n,
        trust: 9,
        rampDuration: RAMP,
        lifetime: 33,
        reviewPeriod: 600,
        verification: Verification.Review,
      });
    });

    it("orders a critical part of several providers, each at three times the floor at most, without a look", () => {
      const [part] = partsOf({ frame: FRAME, critical: { tiles: 1, trust: 9 } }).parts;
      if (part === undefined) throw new Error("no part");
      const { input, terms } = pieceOf(part, {
        ...{ name: "render", source: 3, floorPrice: 500n },
        manifestDigest: `0x${"4d".repeat(32)}`,
      });
      expect(input).to.equal(part.input);
      expect(terms).to.deep.equal({
        source: 3,
        maxReward: 1_500n,
        bond: 1_500n,
        trust: 9,
        rampDuration: RAMP,
        lifetime: DRAWN_LIFETIME,
        reviewPeriod: 0,
        verification: Verification.Quorum,
      });
    });
  });
});
