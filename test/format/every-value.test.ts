import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UnsupportedPayloadError } from "../../src/errors/format-errors.ts";
import { defaultDecodeLimits } from "../../src/format/decode-limits.ts";
import type { Format } from "../../src/format/format.ts";
import { json } from "../../src/format/json/json-format.ts";
import { taggedJson } from "../../src/format/json/tagged-json-format.ts";
import { npy } from "../../src/format/npy/npy-format.ts";
import { bytes } from "../../src/format/plain/bytes-format.ts";
import { text } from "../../src/format/plain/text-format.ts";
import { structured } from "../../src/format/structured/structured-format.ts";
import { brotli, gzip } from "../../src/format/wrappers/compressed-format.ts";
import { defineClass } from "../../src/util/class-codec.ts";
import { sameValue } from "../support/same-value.ts";

class Money {
  readonly amount: number;
  constructor(amount: number) {
    this.amount = amount;
  }
}
class Undeclared {}
const money = defineClass(Money, { encode: ({ amount }) => amount, decode: (amount) => new Money(amount) });

const formats = {
  structured: structured({ classes: [money] }),
  json: json(),
  "tagged-json": taggedJson(),
  text: text(),
  bytes: bytes(),
  npy: npy(),
  "gzip(json)": gzip(json()),
  "brotli(structured)": brotli(structured({ classes: [money] })),
} as unknown as Record<string, Format>;

/** The payload that is decoded from the bytes that were written, as a file would hold them. */
async function reload(format: Format, payload: unknown): Promise<unknown> {
  await format.check(payload);
  const written = Buffer.concat(await format.encode(payload));
  return format.decode(new Uint8Array(written), defaultDecodeLimits);
}

function nested(depth: number): unknown {
  let deep: unknown = 1;
  for (let i = 0; i < depth; i++) deep = { deep };
  return deep;
}

function linked(length: number): unknown {
  const nodes: { next?: unknown }[] = Array.from({ length }, () => ({}));
  nodes.forEach((node, i) => {
    node.next = nodes[i + 1];
  });
  return nodes;
}

const cycle: { self?: unknown } = {};
cycle.self = cycle;
const shared = { a: 1 };
const buffer = Float64Array.of(1, 2, 3, 4).buffer;
const instance = new Money(3);
const J = "json tagged-json gzip(json)";
const S = "structured brotli(structured)";
/** Values for which JSON needs a tag. */
const T = "tagged-json";

/** Each value, and the formats that hold it; all others refuse it. */
const table: readonly (readonly [title: string, value: unknown, holds: string])[] = [
  ["null", null, `${S} ${J}`],
  ["undefined", undefined, `${S} ${T}`],
  ["true", true, `${S} ${J}`],
  ["a number", 1.5, `${S} ${J}`],
  ["-0", -0, `${S} ${T}`],
  ["NaN", Number.NaN, `${S} ${T}`],
  ["Infinity", Number.POSITIVE_INFINITY, `${S} ${T}`],
  ["a bigint", 2n ** 80n, `${S} ${T}`],
  ["text", "añ😀\0\u2028", `${S} ${J} text`],
  ["the empty text", "", `${S} ${J} text`],
  ["a byte order mark", "\ufeffa", `${S} ${J} text`],
  ["a lone surrogate", "a\ud800", `${S} ${J}`],
  ["an array", [1, "2", [null]], `${S} ${J}`],
  ["an empty array", [], `${S} ${J}`],
  // biome-ignore lint/suspicious/noSparseArray: holes are what is meant
  ["an array with holes", [1, , 3], S],
  ["an array with undefined", [undefined], `${S} ${T}`],
  ["an object", { b: 1, a: { c: [] } }, `${S} ${J}`],
  ["an object with undefined", { a: undefined }, `${S} ${T}`],
  ["an object with the key __proto__", JSON.parse('{"__proto__": 1, "a": 2}'), `${S} ${J}`],
  ["an object without prototype", Object.create(null), ""],
  ["a Date", new Date(5), `${S} ${T}`],
  ["an invalid Date", new Date(Number.NaN), `${S} ${T}`],
  [
    "a Map",
    new Map<unknown, unknown>([
      ["a", 1],
      [{ k: 1 }, new Map()],
    ]),
    S,
  ],
  ["a Set", new Set([1, "a", Number.NaN]), S],
  ["a RegExp", /a\/b/giu, S],
  ["a RegExp in use", Object.assign(/a/g, { lastIndex: 3 }), ""],
  ["a URL", new URL("https://example.com"), T],
  ["a cycle", cycle, S],
  ["a Float64Array", Float64Array.of(1, -0, Number.NaN), `${S} npy`],
  ["a Uint8Array", Uint8Array.of(1, 2), `${S} ${T} npy bytes`],
  ["an empty Uint8Array", new Uint8Array(0), `${S} ${T} npy bytes`],
  ["an Int8Array", Int8Array.of(-1), `${S} npy`],
  ["a BigInt64Array", BigInt64Array.of(-1n), `${S} npy`],
  ["a Uint8ClampedArray", Uint8ClampedArray.of(1), S],
  ["a Buffer", Buffer.from("abc"), `${S} ${T}`],
  ["a DataView", new DataView(Uint8Array.of(1, 2, 3).buffer, 1, 2), S],
  ["an ArrayBuffer", Uint8Array.of(1, 2, 3).buffer, S],
  ["two views of one buffer", { a: new Float64Array(buffer, 8, 2), b: new Uint8Array(buffer), c: buffer }, S],
  ["a view of a part", Float64Array.of(1, 2, 3).subarray(1, 2), `${S} npy`],
  ["shared memory", new Uint8Array(new SharedArrayBuffer(4)), ""],
  ["a declared instance", new Money(1), S],
  ["declared instances inside", { a: [instance, instance], m: new Map([["x", instance]]) }, S],
  ["an undeclared instance", { a: new Undeclared() }, ""],
  ["a subclass of Map", new (class extends Map {})(), ""],
  ["a subclass of Array", new (class extends Array {})(), ""],
  ["a function", () => 1, ""],
  ["a symbol", Symbol("x"), ""],
  ["a symbol key", { [Symbol("x")]: 1 }, ""],
  [
    "a getter",
    {
      get a() {
        return expect.unreachable();
      },
    },
    "",
  ],
  ["a hidden property", Object.defineProperty({}, "a", { value: 1 }), ""],
  ["a boxed number", new Number(1), ""],
  ["an Error", new Error("x"), ""],
  ["a promise", Promise.resolve(1), ""],
  ["a proxy", new Proxy({}, {}), ""],
  ["toJSON", { toJSON: () => 1 }, ""],
  ["a Map with a property", Object.assign(new Map(), { x: 1 }), ""],
  ["nesting of 400", nested(400), `${S} ${J}`],
  ["nesting of 1e6", nested(1_000_000), ""],
  ["a linked list of 5,000 nodes", linked(5000), ""],
];

describe.each(Object.entries(formats))("%s", (name, format) => {
  test.each(table.map(([title, value, holds]) => ({ title, value, holds: holds.split(" ").includes(name) })))(
    "$title: holds $holds",
    async ({ value, holds }) => {
      if (holds) expect(sameValue(await reload(format, value), value)).toBe(true);
      else expect(() => format.check(value)).toThrow(UnsupportedPayloadError);
    },
  );
});

test("what is shared stays shared in structured, and is written out in JSON", async () => {
  const payload = { x: shared, y: [shared] };
  expect(sameValue(await reload(formats.structured as Format, payload), payload)).toBe(true);
  expect(await reload(formats.json as Format, payload)).toEqual(payload);
});

test("a refusal names the path, and a format that could", () => {
  expect(() => json().check({ rows: [{ when: new Date() }] })).toThrow(
    /payload\.rows\[0\]\.when is an instance of Date, which the format json cannot hold.*structured\(\)/,
  );
  expect(() => structured().check({ model: new Map([["m", new Undeclared()]]) })).toThrow(
    /payload\.model\.m is an instance of Undeclared.*defineClass\(Undeclared/,
  );
  expect(() => npy().check("x" as never)).toThrow(/payload is not a typed array/);
});

test("an instance whose class is not declared when it is loaded is named", async () => {
  const written = Buffer.concat(await structured({ classes: [money] }).encode(new Money(1)));
  expect(() => structured().decode(new Uint8Array(written), defaultDecodeLimits)).toThrow(/instance of Money/);
});

test("an instance cannot hold itself", () => {
  class Knot {
    self: unknown;
  }
  const knot = new Knot();
  knot.self = [knot];
  const codec = defineClass(Knot, { encode: (k) => k.self, decode: () => new Knot() });
  expect(() => structured({ classes: [codec] }).check(knot)).toThrow(/holds the instance itself/);
});

test("big arrays are written from where they are, and read without a copy", async () => {
  const big = Float64Array.from({ length: 400_000 }, (_, i) => i);
  for (const format of [structured(), npy()] as unknown as Format[]) {
    const chunks = await format.encode(big);
    expect(chunks.at(-1)?.buffer).toBe(big.buffer);
    const file = new Uint8Array(Buffer.concat(chunks));
    const loaded = (await format.decode(file, defaultDecodeLimits)) as Float64Array;
    expect(loaded.buffer).toBe(file.buffer);
    expect(loaded).toEqual(big);
  }
});

test("of a pool only what is looked at is kept", async () => {
  const pool = new Float64Array(1_000_000);
  const chunks = await structured().encode({ ten: pool.subarray(500, 510) });
  expect(chunks.reduce((sum, chunk) => sum + chunk.length, 0)).toBeLessThan(1000);
});

describe("every value that a format holds comes back", () => {
  const value = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withTypedArray: true,
    withSparseArray: true,
    withNullPrototype: true,
    withBoxedValues: true,
    withObjectString: true,
  });
  test.each(["structured", "json", "gzip(json)", "brotli(structured)"])("%s", async (name) => {
    const format = formats[name] as Format;
    let held = 0;
    await fc.assert(
      fc.asyncProperty(value, async (payload) => {
        try {
          await format.check(payload);
        } catch (error) {
          expect(error).toBeInstanceOf(UnsupportedPayloadError);
          return;
        }
        held += 1;
        expect(sameValue(await reload(format, payload), payload)).toBe(true);
      }),
      { numRuns: 100 },
    );
    // json holds about one in five.
    expect(held).toBeGreaterThan(4);
  });
});
