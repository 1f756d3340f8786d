import fc from "fast-check";
import { expect, test } from "vitest";
import { orderOfTexts } from "../../src/catalog/columns/order-of-texts.ts";

/** More texts than are compared with each other, many of which begin alike. */
const manyTexts = fc
  .record({
    beginnings: fc.array(fc.oneof(fc.string({ maxLength: 20 }), fc.string({ unit: "binary" })), { minLength: 1 }),
    ends: fc.array(fc.constantFrom("", "a", "ab", "\u0000", "\u00fe", "\u00ff", "\uffff", "\u{1f600}", "z".repeat(9)), {
      minLength: 1,
    }),
    count: fc.integer({ min: 0, max: 3000 }),
  })
  .map(({ beginnings, ends, count }) =>
    Array.from({ length: count }, (_, i) => {
      const [beginning = "", end = ""] = [beginnings[i % beginnings.length], ends[(i * 7) % ends.length]];
      return `${beginning}${end.repeat(i % 5)}${i % 3 === 0 ? "" : (i * 7919) % 1000}`;
    }),
  );

test("texts get the order of <, wherever they differ", () => {
  fc.assert(
    fc.property(manyTexts, (texts) => {
      const ordered = [...orderOfTexts(texts)];
      expect(new Set(ordered).size).toBe(texts.length);
      // The sort of the language compares texts by the same units.
      expect(ordered.map((place) => texts[place])).toEqual([...texts].sort());
    }),
    { numRuns: 60 },
  );
});

test("texts that begin alike for long, and equal ones, come to an end", () => {
  const long = "x".repeat(3000);
  const texts = Array.from({ length: 2000 }, (_, i) => long.slice(0, (i * 7) % 3000));
  texts.push(...Array.from({ length: 1000 }, () => long));
  expect([...orderOfTexts(texts)].map((place) => texts[place]?.length)).toEqual(
    texts.map(({ length }) => length).sort((one, other) => one - other),
  );
});
