import { readFileSync } from "node:fs";
import { expect } from "chai";
import { DEFAULT_BOOK, deviceKey, hardwareOf, parsePriceBook } from "../../../../src/market/benchmark/priceBook.js";
import { DocumentFormatError } from "../../../../src/protocol/errors.js";
import { aBook, anOffer } from "../../../helpers/benchmark.js";
import { thrown } from "../../../helpers/thrown.js";

const read = (document: unknown) => parsePriceBook(JSON.stringify(document), "prices.json");
const refused = (document: unknown) => thrown(() => read(document), DocumentFormatError);
const withOffer = (fields: object) => ({ ...aBook(), offers: [{ ...anOffer(), ...fields }] });

describe("market.benchmark.parsePriceBook", () => {
  it("reads back what a book says", () => {
    expect(read(aBook())).to.deep.equal(aBook());
    const { offers } = aBook();
    expect(read({ format: "opengpu-prices/1", offers })).to.deep.equal({
      ...{ format: "opengpu-prices/1", offers, hardware: [] },
    });
    const rich = anOffer({ region: "eu", note: "from", transcribedFrom: "https://example.org/" });
    expect(read({ ...aBook(), offers: [rich] }).offers).to.deep.equal([rich]);
  });

  for (const date of ["2026", "2026-02", "2024-02-29", "2026-12-31"]) {
    it(`takes ${date} for a date`, () => {
      expect(read(withOffer({ date })).offers[0]?.date).to.equal(date);
    });
  }

  for (const date of ["2026-13", "2026-02-30", "2025-02-29", "2026-1-1", "26", "2026-01-01T00:00:00Z", "", 2026]) {
    it(`takes ${JSON.stringify(date)} for none`, () => {
      const error = refused(withOffer({ date }));
      expect(error.field).to.equal("offers.0.date");
      expect(error.message).to.include(`${JSON.stringify(date)} is no date of the form YYYY-MM-DD, YYYY-MM or YYYY`);
    });
  }

  for (const [field, value, problem] of [
    ["usdPerHour", -1, "-1 is no price in USD above 0"],
    ["usdPerHour", 0, "0 is no price in USD above 0"],
    ["usdPerHour", "3", '"3" is no price in USD above 0'],
    ["devices", 0, "0 is no whole number of devices"],
    ["devices", 1.5, "1.5 is no whole number of devices"],
    ["kind", "reserved", '"reserved" is no kind of offer: on-demand or spot'],
    ["source", "http://example.org/", '"http://example.org/" is no https address'],
    ["source", "example.org", '"example.org" is no https address'],
    ["transcribedFrom", "ftp://example.org/", '"ftp://example.org/" is no https address'],
    ["provider", "", '"" is no text of 1 to 64 characters'],
    ["device", 4_090, "4090 is no text of 1 to 96 characters"],
  ] as const) {
    it(`refuses ${JSON.stringify(value)} as ${field}`, () => {
      const error = refused(withOffer({ [field]: value }));
      expect(error.field).to.equal(`offers.0.${field}`);
      expect(error.message).to.equal(`prices.json is not usable: offers.0.${field}: ${problem}.`);
    });
  }

  it("names a field that is missing, or that nobody knows", () => {
    const missing = refused(withOffer({ provider: undefined }));
    expect(missing.message).to.include("offers.0.provider: it is missing");
    const unknown = refused(withOffer({ usdPerMonth: 1 }));
    expect(unknown.field).to.equal("offers.0.usdPerMonth");
    expect(unknown.message).to.include("usdPerMonth");
    expect(refused({ ...aBook(), coinPrice: 1 }).field).to.equal("coinPrice");
  });

  it("refuses a book that is empty, of another format, or no JSON", () => {
    expect(refused({ ...aBook(), offers: [] }).message).to.include("offers: [] is no list of at least one offer");
    expect(refused({}).message).to.include("format: it is missing");
    expect(refused({ ...aBook(), format: "opengpu-prices/2" }).message).to.include(
      '"opengpu-prices/2" is no format that is known here',
    );
    expect(thrown(() => parsePriceBook("{"), DocumentFormatError).message).to.match(/^The price book is not usable/);
    expect(refused([]).document).to.equal("prices.json");
  });

  it("refuses two prices for the same, but not for another region, kind or number", () => {
    const twins = refused({
      ...aBook(),
      offers: [anOffer(), anOffer({ usdPerHour: 1, device: "nvidia  h100 80gb HBM3" })],
    });
    expect(twins.field).to.equal("offers.1");
    expect(twins.message).to.include("it is the same offer as 0").and.include("Cloud, one, nvidia h100 80gb hbm3, 8");
    const offers = [anOffer(), anOffer({ region: "eu" }), anOffer({ kind: "spot" }), anOffer({ devices: 4 })];
    expect(read({ ...aBook(), offers }).offers).to.have.length(4);
    const [hardware] = aBook().hardware;
    expect(refused({ ...aBook(), hardware: [hardware, hardware] })).to.include({ field: "hardware.1" });
  });

  it("refuses hardware and energy that cost nothing", () => {
    const [hardware] = aBook().hardware;
    const life = { ...hardware?.life, years: 0 };
    expect(refused({ ...aBook(), hardware: [{ ...hardware, life }] }).field).to.equal("hardware.0.life.years");
    const electricity = { ...aBook().electricity, usdPerKwh: -0.1 };
    expect(refused({ ...aBook(), electricity }).message).to.include("-0.1 is no price in USD above 0");
  });

  it("finds hardware whatever the blanks and capitals", () => {
    expect(hardwareOf(aBook(), "  test  PROCESSOR 2000 ")?.price.usd).to.equal(1_577.88);
    expect(hardwareOf(aBook(), "test processor 200")).to.equal(undefined);
    expect(deviceKey(" NVIDIA \t L4 ")).to.equal("nvidia l4");
  });

  describe("the book that comes with the project", () => {
    const book = parsePriceBook(readFileSync(DEFAULT_BOOK, "utf8"), "prices.json");
    const providersOf = (kind: string) =>
      new Set(book.offers.filter((each) => each.kind === kind).map((each) => each.provider));

    it("has both kinds of offers of at least five providers each, for several devices", () => {
      expect(providersOf("on-demand").size).to.be.at.least(5);
      expect(providersOf("spot").size).to.be.at.least(5);
      expect(new Set(book.offers.map(({ device }) => deviceKey(device))).size).to.be.at.least(6);
    });

    it("has no spot price above the on-demand price of the same", () => {
      for (const spot of book.offers.filter(({ kind }) => kind === "spot")) {
        const asked = book.offers.find(
          ({ provider, product, device, kind }) =>
            kind === "on-demand" && provider === spot.provider && product === spot.product && device === spot.device,
        );
        expect(spot.usdPerHour / spot.devices).to.be.below((asked?.usdPerHour ?? Infinity) / (asked?.devices ?? 1));
      }
    });

    it("has hardware for a GPU and for a host without one, and a price of energy", () => {
      expect(hardwareOf(book, "NVIDIA H100 80GB HBM3")?.power.watts).to.equal(700);
      expect(book.hardware.some(({ device }) => device.startsWith("Mac mini"))).to.equal(true);
      expect(book.electricity?.usdPerKwh).to.be.within(0.05, 0.5);
    });
  });
});
