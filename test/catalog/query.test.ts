import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Address } from "../../src/address/address.ts";
import type { CatalogEntry } from "../../src/catalog/query/catalog-entry.ts";
import { matches } from "../../src/catalog/query/matches.ts";
import { parseQuery } from "../../src/catalog/query/parse-query.ts";
import { formatQuery, type Query } from "../../src/catalog/query/query.ts";
import { where } from "../../src/catalog/query/where.ts";
import { InvalidQueryError } from "../../src/errors/catalog-errors.ts";

const entry: CatalogEntry = {
  address: "3f9a1c2e".padEnd(64, "0") as Address,
  name: "estimator",
  state: "present",
  params: {
    points: { n: 100, when: { $date: "2026-11-23T08:00:00.000Z" } },
    zThreshold: 2,
    kind: "Very Wide",
    text: "100",
    deep: { rate: 0.5, list: [1, 2], none: null, on: true },
    big: { $bigint: "12345678901234567890" },
    odd: { $number: "NaN" },
    size: 7,
    $$tag: { $$inner: 1 },
  },
  summary: { k: 12.3 },
  createdAt: new Date(Date.now() - 3_600_000).toISOString(),
  durationMs: 3200,
  cost: { usd: 0.02 },
  sizeBytes: 1_100,
  format: "npy",
  version: 3,
  dependencies: { points: { name: "points", address: "77b0d219".padEnd(64, "0") as Address } },
};

function holds(text: string): boolean {
  return matches(parseQuery(text), entry);
}

describe("a query", () => {
  test.each([
    "",
    "estimator",
    "estimator points",
    "name=estimator",
    "name~TIMA",
    "-points",
    "zThreshold=2",
    "zThreshold=2.0",
    "zThreshold>1 zThreshold<3 zThreshold>=2 zThreshold<=2",
    "points.n=100",
    "points?",
    "points.n?",
    "-points.m?",
    "text=100",
    'text="100"',
    "kind~wide",
    'kind="Very Wide"',
    "kind>A",
    "-kind=narrow",
    "-missing=1",
    "deep.rate>0.4",
    "deep.list=[1,2]",
    "deep.list~1",
    "deep.none=null",
    "deep.on=true",
    "big>12345",
    "odd=NaN",
    "params.size=7",
    "$tag.$inner=1",
    "points.when=2026-11-23",
    "points.when>2026-11-22",
    "points.when<2026-11-23T09:00Z",
    "created>-2d created<-1min",
    "took>3s took<1min took=3200",
    "size>1kB size<1MB size=1100",
    "state=present",
    "format=npy",
    "version=3",
    "draw=0",
    "from=77b0",
    "address=3f9a1c2e",
    "summary.k>12",
    "cost.usd=0.02",
  ])("holds: %s", (text) => {
    expect(holds(text)).toBe(true);
    expect(matches(parseQuery(formatQuery(parseQuery(text))), entry)).toBe(true);
  });

  test.each([
    "points",
    "-estimator",
    "zThreshold=3",
    "zThreshold>2",
    "-zThreshold=2",
    'zThreshold="2"',
    "points.m?",
    "points.n=100 zThreshold=3",
    "kind=wide",
    "kind>2",
    "text>50",
    "odd>1",
    "odd<1",
    "size=7",
    "created>-1min",
    "created<-2d",
    "state=failed",
    "from=3f9a",
    "address=77b0",
    "deep=1",
    "toString?",
    "draw=1",
  ])("does not hold: %s", (text) => expect(holds(text)).toBe(false));

  test("means the same as a list of terms, which needs no quotes", () => {
    const query = parseQuery(["estimator", "kind=Very Wide", "-zThreshold=3"]);
    expect(matches(query, entry)).toBe(true);
    expect(formatQuery(query)).toBe('estimator kind="Very Wide" -zThreshold=3');
    expect(() => parseQuery(["estimator points"])).toThrow("Give each term as an element");
  });

  test.each([
    ["estimator size>big", 15, "300kB or 1MB"],
    ["created>yesterday", 8, "-2d for two days ago"],
    ["state=fail", 6, "Did you mean failed?"],
    ["took>soon", 5, "3s"],
    ["from=xyz", 5, "4 of its hexadecimal digits"],
    ["n==5", 2, "Write ="],
    ["n=>5", 2, "Write >="],
    ["n!=5", 1, "-n="],
    ["n= 5", 2, "without spaces"],
    ["=5", 0, "n=100"],
    ["- n=5", 1, "directly before"],
    ['kind="wide', 5, 'Add another "'],
    ['kind="a"b', 8, "space"],
    ['kind=a"b', 6, "whole value in quotes"],
    ['kind="a\\x"', 5, "backslash"],
    ["n?5", 2, "stands alone"],
    ["a AND b", 2, "Leave it out"],
    ["a OR b", 2, "Ask twice"],
  ])("that cannot be read says where, and what to write: %s", (text, position, hint) => {
    let thrown: unknown;
    try {
      parseQuery(text);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(InvalidQueryError);
    expect(thrown).toMatchObject({ query: text });
    const { position: at, message } = thrown as InvalidQueryError;
    expect([at <= text.length, message]).toEqual([true, expect.stringContaining(hint)]);
    expect(at === position || at === position + 1, `${at}: ${message}`).toBe(true);
  });

  test("of any text is read, or refused with a position in it", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab=<>~?!-" \\n.5[]{}\u202e\n') }), (text) => {
        let query: Query;
        try {
          query = parseQuery(text);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidQueryError);
          const { position, message } = error as InvalidQueryError;
          expect(position).toBeLessThanOrEqual(text.length);
          expect(message).not.toMatch(/[\u202e\n]/);
          return;
        }
        expect(parseQuery(formatQuery(query))).toEqual(query);
      }),
      { numRuns: 500, examples: [['-""']] },
    );
  });
});

test("where builds the same query from values", () => {
  const built = where("estimator")
    .and("zThreshold", ">", 1)
    .not("kind", "=", "narrow")
    .and("points.when", ">", new Date("2026-11-22"))
    .and("big", "=", 12345678901234567890n)
    .has("points")
    .lacks("other");
  expect(matches(built, entry)).toBe(true);
  expect(formatQuery(built)).toBe(
    'estimator zThreshold>1 -kind="narrow" points.when>2026-11-22T00:00:00.000Z big=12345678901234567890 points? -other?',
  );
  expect(() => where().and("size", ">", "big")).toThrow(InvalidQueryError);
  expect(matches(where("estimator").and("text", "=", "100"), entry)).toBe(true);
  expect(matches(where("estimator").and("zThreshold", "=", "2"), entry)).toBe(false);
  // @ts-expect-error: a misspelt parameter does not compile
  where<{ zThreshold: number }>("estimator").and("zTreshold", ">", 1);
  // @ts-expect-error: neither does a value of another type
  where<{ zThreshold: number }>("estimator").and("zThreshold", ">", "1");
});
