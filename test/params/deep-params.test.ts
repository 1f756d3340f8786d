import { expect, test } from "vitest";
import { encodeTagged } from "../../src/canonical/tagged-json.ts";
import {
  defineClass,
  definePersistable,
  memoryStore,
  typedParams,
  UnsupportedValueError,
  untracked,
} from "../../src/entry/index.ts";
import { SeededRandom } from "../support/seeded-random.ts";

class Box {
  readonly inner: unknown;
  constructor(inner: unknown) {
    this.inner = inner;
  }
}
const box = defineClass(Box, { encode: ({ inner }) => inner, decode: (inner) => new Box(inner) });

const holder = definePersistable({
  name: "holder",
  params: typedParams<{ n: unknown }>(),
  classes: [box],
  generate: () => 1,
});

function nest(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = [value];
  return value;
}

test.each([65, 100, 1_000, 100_000])("params nested %i levels deep are refused when they are given", (levels) => {
  expect(() => holder({ n: nest(levels) })).toThrow(UnsupportedValueError);
  expect(() => holder({ n: nest(levels) })).toThrow(/params\.n\[0\]\[0\].*nested more than 64 levels deep/);
});

test("what a record can hold is accepted, persisted, and built again from the record", async () => {
  const dataDir = memoryStore();
  const persistable = holder({ n: nest(64) }, { dataDir });
  await persistable.payload;
  const record = await persistable.record();
  expect(holder(record?.params as { n: unknown }, { dataDir }).address).toBe(persistable.address);
});

test("an untracked value may be as deep as it likes", async () => {
  const persistable = holder({ n: untracked(nest(10_000)) }, { dataDir: memoryStore() });
  expect(await persistable.payload).toBe(1);
});

test("a cycle is refused as a cycle, in every kind of container", () => {
  const list: unknown[] = [];
  list.push(list);
  const record: Record<string, unknown> = {};
  record.self = { inner: [record] };
  const map = new Map<string, unknown>();
  map.set("self", map);
  for (const value of [list, record, map, [[[list]]]]) expect(() => holder({ n: value })).toThrow(/a cycle/);
});

const wrap: readonly ((value: unknown) => unknown)[] = [
  (value) => [value],
  (value) => ({ key: value }),
  (value) => ({ "\ud800": value, other: 1 }),
  (value) => new Map([["key", value]]),
  (value) => new Map([[value, 1]]),
  (value) => new Set([value]),
  (value) => new Box(value),
  (value) => [1, value, [value]],
];
const leaves: readonly unknown[] = [
  1,
  "text",
  null,
  undefined,
  -0,
  Number.NaN,
  5n,
  "\udfff",
  new Date(0),
  /x/g,
  new URL("http://a.b"),
  new Uint8Array(3),
];

test("a value is refused when it is given exactly if a record would refuse it", () => {
  const random = new SeededRandom(20261129);
  let refused = 0;
  for (let round = 0; round < 400; round++) {
    let value = random.pick(leaves);
    const levels = 15 + random.below(50);
    for (let i = 0; i < levels; i++) value = random.below(3) === 0 ? random.pick(wrap.slice(0, 7))(value) : [value];
    const inRecord = attempt(() => encodeTagged(value, { classes: [box], root: "params.n" }));
    const given = attempt(() => holder({ n: value }));
    expect(given, inRecord).toBe(inRecord);
    if (given !== undefined) refused += 1;
  }
  expect(refused).toBeGreaterThan(50);
  expect(refused).toBeLessThan(350);
});

function attempt(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return /nested more than/.test((error as Error).message) ? "too deep" : String(error);
  }
}
