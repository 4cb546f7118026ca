import { z } from "zod";
import { parseDocument } from "../../protocol/deployment.js";

/** The price book that comes with the project. */
export const DEFAULT_BOOK = new URL("prices.json", import.meta.url);

/** Names the value that is wrong, beside the field that its reader names. */
const wrong = (expected: string) => ({
  error: ({ input }: { input?: unknown }) =>
    input === undefined ? "it is missing" : `${JSON.stringify(input)} is no ${expected}`,
});
const text = (most: number) => {
  const problem = wrong(`text of 1 to ${most} characters`);
  return z.string(problem).min(1, problem).max(most, problem);
};
const above = (expected: string) => {
  const problem = wrong(`${expected} above 0`);
  return z.number(problem).positive(problem);
};

const DATE = wrong("date of the form YYYY-MM-DD, YYYY-MM or YYYY");
const date = z
  .string(DATE)
  .regex(/^\d{4}(-\d{2}){0,2}$/, DATE)
  .refine(isDate, DATE);
const ADDRESS = wrong("https address");
const address = z.string(ADDRESS).refine((place) => URL.canParse(place) && place.startsWith("https://"), ADDRESS);
/** Where a figure is stated, and as of when. */
const stated = { source: address, date };

const KIND = wrong("kind of offer: on-demand or spot");
const offer = z.strictObject({
  provider: text(64),
  /** What the provider calls it, e.g. the type of the instance. */
  product: text(64),
  /** Name of the device as its driver or the system tells it, because it is compared with the one that was measured. */
  device: text(96),
  /** How many of them the price is for. */
  devices: z.int(wrong("whole number of devices")).min(1, wrong("whole number of devices")).max(1_024),
  usdPerHour: above("price in USD"),
  kind: z.enum(["on-demand", "spot"], KIND),
  /** Where, if the price depends on it. */
  region: text(64).exactOptional(),
  ...stated,
  /** The page that the source copied the figure from, if it says so. */
  transcribedFrom: address.exactOptional(),
  note: text(200).exactOptional(),
});

const hardware = z.strictObject({
  device: text(96),
  price: z.strictObject({ usd: above("price in USD"), ...stated }),
  /** While it works. */
  power: z.strictObject({ watts: above("power in watts"), ...stated }),
  /** After which it is written off. */
  life: z.strictObject({ years: above("number of years"), ...stated }),
  note: text(200).exactOptional(),
});

const bookSchema = z.strictObject({
  format: z.literal("opengpu-prices/1", wrong('format that is known here, "opengpu-prices/1"')),
  offers: z
    .array(offer, wrong("list of offers"))
    .min(1, wrong("list of at least one offer"))
    .superRefine((offers, context) => {
      refuseTwins(offers.map(identityOf), "the same offer", context);
    }),
  hardware: z
    .array(hardware, wrong("list of hardware"))
    .superRefine((list, context) => {
      refuseTwins(
        list.map(({ device }) => deviceKey(device)),
        "the same device",
        context,
      );
    })
    .default([]),
  /** What a provider pays for energy. */
  electricity: z.strictObject({ usdPerKwh: above("price in USD"), region: text(64), ...stated }).exactOptional(),
});

/**
 * What others ask, and what hardware costs. Every figure has an https `source` and the `date` as of which it is stated
 * there: a day, a month, or only a year, as far as the source says.
 */
export type PriceBook = z.output<typeof bookSchema>;
/** What a cloud or a marketplace asks for some devices for an hour, USD. */
export type Offer = PriceBook["offers"][number];
/** What a device costs its owner. */
export type Hardware = PriceBook["hardware"][number];
/** What a kilowatt-hour costs, USD. */
export type Electricity = NonNullable<PriceBook["electricity"]>;
export type OfferKind = Offer["kind"];
/** The same as the parsed book has them, for results that hold offers. */
export const offerSchema = offer;

/**
 * Reads a price book.
 *
 * @param text JSON.
 * @param name What it is called in errors, e.g. its file.
 * @throws {DocumentFormatError} naming the first field that is wrong, missing or unknown, and its value.
 */
export function parsePriceBook(text: string, name = "The price book"): PriceBook {
  return parseDocument(bookSchema, text, name);
}

/** A device's name as it is compared: blanks and capitals do not count. */
export function deviceKey(device: string): string {
  return device.trim().replace(/\s+/g, " ").toLowerCase();
}

/** The device's entry of the book, if it has one. */
export function hardwareOf(book: PriceBook, device: string): Hardware | undefined {
  return book.hardware.find((each) => deviceKey(each.device) === deviceKey(device));
}

/** What one price tells from another: two of the same would contradict each other. */
function identityOf({ provider, product, device, devices, kind, region = "" }: Offer): string {
  return [provider, product, deviceKey(device), devices, kind, region].join("\n");
}

function refuseTwins(keys: readonly string[], what: string, context: z.RefinementCtx): void {
  keys.forEach((key, index) => {
    const first = keys.indexOf(key);
    if (first === index) return;
    const message = `it is ${what} as ${first}: ${JSON.stringify(key.split("\n").filter(Boolean).join(", "))}`;
    context.addIssue({ code: "custom", path: [index], message });
  });
}

/** Whether a day, month or year is in the calendar. */
function isDate(written: string): boolean {
  const full = `${written}${"-01-01".slice(written.length - 4)}`;
  const moment = new Date(`${full}T00:00:00Z`);
  return !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(full);
}
