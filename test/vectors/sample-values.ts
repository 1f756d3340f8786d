import { defineClass } from "../../src/util/class-codec.ts";

export class Money {
  readonly amount: number;
  readonly currency: string;

  constructor(amount: number, currency: string) {
    this.amount = amount;
    this.currency = currency;
  }
}

export const money = defineClass(Money, {
  encode: ({ amount, currency }) => ({ amount, currency }),
  decode: ({ amount, currency }) => new Money(amount, currency),
});

// biome-ignore lint/suspicious/noSparseArray: holes are part of what is encoded
const holes = [1, , 3, ,];

/** One value for each rule of spec/address.md, and the corners of it. */
export const sampleValues: readonly (readonly [id: string, value: unknown])[] = [
  ["undefined", undefined],
  ["null", null],
  ["true", true],
  ["false", false],
  ["zero", 0],
  ["minus-zero", -0],
  ["one", 1],
  ["fraction", 0.1],
  ["largest", Number.MAX_VALUE],
  ["smallest", Number.MIN_VALUE],
  ["nan", Number.NaN],
  ["infinity", Number.POSITIVE_INFINITY],
  ["minus-infinity", Number.NEGATIVE_INFINITY],
  ["unsafe-integer", 2 ** 53 + 2],
  ["bigint-zero", 0n],
  ["bigint-negative", -1n],
  ["bigint-large", 2n ** 200n],
  ["empty-text", ""],
  ["text", "a:1,b"],
  ["text-umlaut", "é"],
  ["text-decomposed", "e\u0301"],
  ["text-emoji", "😀"],
  ["text-nul", "a\0b"],
  ["text-63", "x".repeat(63)],
  ["text-127", "x".repeat(127)],
  ["text-128", "x".repeat(128)],
  ["text-20000", "é".repeat(20_000)],
  ["lone-high-surrogate", "\ud83d"],
  ["lone-low-surrogate", "a\ude00"],
  ["replacement-character", "\ufffd"],
  ["empty-array", []],
  ["array", [1, "2", [3]]],
  ["array-of-undefined", [undefined]],
  ["array-with-holes", holes],
  ["empty-object", {}],
  ["object", { b: 1, a: 2 }],
  ["object-like-text", { "a:1,b": 2 }],
  ["object-undefined", { a: undefined }],
  ["object-code-units", { "\ud83d\ude00": 1, "\uff61": 2, z: 3, Z: 4, "10": 5, "9": 6 }],
  ["object-proto-key", JSON.parse('{"__proto__": 1, "a": 2}')],
  ["object-dollar-keys", { $ref: 1, $$ref: 2, $: 3 }],
  ["object-one-dollar-key", { $date: "not a date" }],
  ["object-surrogate-key", { "\ud800": 1, a: 2 }],
  ["nested", { a: [{ b: { c: [null, { d: "" }] } }] }],
  ["date", new Date("2026-11-23T08:00:00.123Z")],
  ["date-zero", new Date(0)],
  ["date-before-1970", new Date(-1)],
  ["date-far", new Date(8.64e15)],
  ["date-invalid", new Date(Number.NaN)],
  ["empty-map", new Map()],
  [
    "map",
    new Map<unknown, unknown>([
      ["b", 1],
      ["a", 2],
      [1, "one"],
      ["1", "text"],
    ]),
  ],
  [
    "map-of-objects",
    new Map<unknown, unknown>([
      [{ k: 2 }, 1],
      [{ k: 1 }, 2],
      [[1], new Map([[1, 2]])],
    ]),
  ],
  ["empty-set", new Set()],
  ["set", new Set<unknown>(["b", "a", 2, 1, Number.NaN])],
  ["set-of-sets", new Set([new Set([2]), new Set([1, 3])])],
  ["regexp", /a\/b+/giu],
  ["url", new URL("https://example.com/a b?q=ä#x")],
  ["bytes", Uint8Array.of(1, 2, 255)],
  ["buffer-is-bytes", Buffer.from([1, 2, 255])],
  ["empty-float64", new Float64Array(0)],
  ["float64", Float64Array.of(1, -0, Number.NaN)],
  ["float32", Float32Array.of(0.5)],
  ["int8", Int8Array.of(-1)],
  ["clamped", Uint8ClampedArray.of(255)],
  ["int64", BigInt64Array.of(-1n)],
  ["array-buffer", Uint8Array.of(1, 2, 3).buffer],
  ["data-view", new DataView(Uint8Array.of(1, 2, 3).buffer, 1)],
  ["view-of-a-part", Float64Array.of(1, 2, 3).subarray(1)],
  ["bytes-4095", new Uint8Array(4095).fill(7)],
  ["bytes-4096", new Uint8Array(4096).fill(7)],
  ["float64-5000", Float64Array.from({ length: 5000 }, (_, i) => i / 3)],
  ["instance", new Money(12.5, "EUR")],
  ["instance-in-map", new Map([["price", new Money(1, "USD")]])],
];

/** Seeds, one for each rule of spec/seed.md. */
export const sampleSeeds = [
  { id: "worked-example", recipe: { draw: 0, params: { n: 100, m: 10 }, dependencies: {} } },
  { id: "no-params", recipe: { draw: 0, params: {}, dependencies: {} } },
  { id: "draw", recipe: { draw: 3, params: {}, dependencies: {} } },
  {
    id: "dependencies",
    recipe: { draw: 1, params: { z: 2 }, dependencies: { train: "a".repeat(64), test: "b".repeat(64) } },
  },
  { id: "date", recipe: { draw: 0, params: { when: { $date: "2026-11-23T00:00:00.000Z" } }, dependencies: {} } },
] as const;

export const sampleRecipes = [
  { id: "worked-example", recipe: { name: "points", params: { n: 100, m: 10 }, dependencies: {} } },
  { id: "no-params", recipe: { name: "x", params: {}, dependencies: {} } },
  { id: "version-number", recipe: { name: "x", version: 2, params: {}, dependencies: {} } },
  { id: "version-text", recipe: { name: "x", version: "2", params: {}, dependencies: {} } },
  { id: "draw", recipe: { name: "x", draw: 3, params: {}, dependencies: {} } },
  {
    id: "dependencies",
    recipe: {
      name: "model",
      version: 1,
      draw: 1,
      params: { z: 2 },
      dependencies: { train: "a".repeat(64), test: "b".repeat(64) },
    },
  },
  {
    id: "name-unicode",
    recipe: { name: "Größe 😀", params: { when: { $date: "2026-11-23T00:00:00.000Z" } }, dependencies: {} },
  },
] as const;
