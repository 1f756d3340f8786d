import { describe, expect, test } from "vitest";
import { type Column, ColumnTable, tableFromRows } from "../../src/entry/table.ts";
import { UnsupportedPayloadError } from "../../src/errors/format-errors.ts";
import { defaultDecodeLimits } from "../../src/format/decode-limits.ts";
import type { TableCodec } from "../../src/format/tabular/tabular.ts";
import { tabular } from "../../src/format/tabular/tabular-format.ts";

/** Holds every table, in memory. */
function createMemoryCodec(asynchronous = false): TableCodec & { readonly checked: ColumnTable[] } {
  const held: ColumnTable[] = [];
  const checked: ColumnTable[] = [];
  return {
    id: "memory",
    extension: ".memory",
    inline: false,
    checked,
    check: (table) => void checked.push(table),
    encode: (table) => [Uint8Array.of(held.push(table) - 1)],
    decode(bytes) {
      const table = held[bytes[0] ?? 0] ?? new ColumnTable([], 0);
      return asynchronous ? Promise.resolve(table) : table;
    },
    selectColumns: () => Promise.resolve(new ColumnTable([], 0)),
  };
}

const concat = async (pieces: readonly Uint8Array[] | Promise<readonly Uint8Array[]>): Promise<Uint8Array> =>
  new Uint8Array(Buffer.concat(await pieces));

describe("a format made of one for tables", () => {
  test.each([false, true])("gives records back, at once where it can (asynchronous: %s)", async (asynchronous) => {
    const format = tabular(createMemoryCodec(asynchronous), { rows: true });
    const rows = [{ a: 1, b: null }, { b: "x" }];
    await format.check(rows);
    const decoded = format.decode(await concat(format.encode(rows)), defaultDecodeLimits);
    expect(decoded instanceof Promise).toBe(asynchronous);
    expect(await decoded).toStrictEqual(rows);
  });

  test("gives tables to whoever writes them, and keeps what it says of itself", async () => {
    const codec = createMemoryCodec();
    const format = tabular(codec);
    const table = tableFromRows([{ a: 1 }]);
    await format.check(table as never);
    expect(codec.checked).toEqual([table]);
    expect(await format.decode(await concat(format.encode(table as never)), defaultDecodeLimits)).toBe(table);
    for (const each of [format, tabular(codec, { rows: true })]) {
      expect([each.id, each.extension, each.inline]).toEqual(["memory", ".memory", false]);
      expect(each.selectColumns).toBe(codec.selectColumns);
    }
  });

  test("puts declared columns first, whether a row has them or not", async () => {
    const codec = createMemoryCodec();
    await tabular(codec, { rows: true, types: { c: "date", b: "int8" } }).check([{ a: "x", b: 1 }]);
    expect(codec.checked[0]?.columns.map(({ name, type }) => [name, type])).toEqual([
      ["c", "date"],
      ["b", "int8"],
      ["a", "string"],
    ]);
  });
});

class Point {
  x = 1;
}
const odd = Object.assign([{ a: 1 }], { more: 1 });
const many = Array.from({ length: 100 }, (_, a) => ({ a }));
const holed = [...many];
delete holed[1];

describe("records that a table would not give back are refused with the place", () => {
  test.each<[string, unknown, (string | number)[], RegExp]>([
    ["no array", { length: 0 }, [], /^payload is not a plain array/],
    ["null", null, [], /is not a plain array/],
    ["a subclass of arrays", new (class Rows extends Array {})(), [], /is not a plain array/],
    ["a proxy of an array", new Proxy([], {}), [], /is not a plain array/],
    ["an array with keys", odd, [], /is not a plain array/],
    ["a long array with keys", Object.assign([...many], { more: 1 }), [], /is not a plain array/],
    ["a hole", holed, [1], /payload\[1\] is a hole/],
    ["a number", [{ a: 1 }, 1], [1], /payload\[1\] is 1/],
    ["an array", [[1]], [0], /payload\[0\] is an array/],
    ["an instance", [new Point()], [0], /payload\[0\] is an instance of Point/],
    ["no prototype", [Object.create(null)], [0], /without a prototype/],
    ["a proxy", [new Proxy({ a: 1 }, {})], [0], /payload\[0\] is a proxy/],
    ["a symbol", [{ a: 1, [Symbol("s")]: 1 }], [0], /payload\[0\] has symbol keys/],
    ["a hidden key", [Object.defineProperty({}, "a", { value: 1 })], [0], /or hidden ones/],
    [
      "a getter",
      [Object.defineProperty({}, "a", { get: () => 1, enumerable: true })],
      [0, "a"],
      /payload\[0\]\.a is a getter/,
    ],
    [
      "a setter",
      [Object.defineProperty({}, "a", { set: () => {}, enumerable: true })],
      [0, "a"],
      /payload\[0\]\.a is a setter/,
    ],
    ["a date with keys", [{ a: Object.assign(new Date(), { zone: "UTC" }) }], [0, "a"], /is a date with keys/],
    ["bytes with keys", [{ a: Object.assign(new Uint8Array(1), { unit: "m" }) }], [0, "a"], /keys of its own/],
    ["shared bytes", [{ a: new Uint8Array(new SharedArrayBuffer(1)) }], [0, "a"], /shared memory/],
    ["a proxy in a cell", [{ a: new Proxy(new Date(), {}) }], [0, "a"], /payload\[0\]\.a is a proxy/],
    [
      "another type than declared",
      [{ n: 1 }, { n: "1" }],
      [1, "n"],
      /payload\[1\]\.n is the text "1".*declared as int8/,
    ],
  ])("%s", async (_what, payload, path, message) => {
    const codec = createMemoryCodec();
    const format = tabular(codec, { rows: true, types: { n: "int8" } });
    let thrown: unknown;
    try {
      await format.check(payload as never);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(UnsupportedPayloadError);
    expect((thrown as Error).message).toMatch(message);
    expect((thrown as UnsupportedPayloadError).path).toEqual(path);
    expect(codec.checked).toEqual([]);
  });

  test("and what only looks like a date or bytes stays what it is", () => {
    const rows = [{ date: Object.create(Date.prototype), bytes: Object.create(Uint8Array.prototype) }];
    expect(tableFromRows(rows).columns.map(({ type }) => type)).toEqual(["value", "value"]);
  });
});

describe("a table that is broken is refused with the place", () => {
  const column: Column = { name: "a", type: "int8", values: new Int8Array(2) };
  test.each<[string, unknown, RegExp]>([
    ["records", [{ a: 1 }], /payload is not a ColumnTable.*rows: true/],
    ["a length", new ColumnTable([column], 3), /payload\.a\.values has 2 values where there are 3 rows/],
    [
      "shared memory",
      new ColumnTable([{ ...column, values: new Int8Array(new SharedArrayBuffer(2)) }], 2),
      /payload\.a lies in shared memory/,
    ],
    [
      "shared marks",
      new ColumnTable([{ ...column, marks: new Uint8Array(new SharedArrayBuffer(2)) }], 2),
      /payload\.a lies in shared memory/,
    ],
    [
      "keys of an array",
      new ColumnTable([{ ...column, values: Object.assign(new Int8Array(2), { unit: "m" }) }], 2),
      /payload\.a is an array with keys/,
    ],
    [
      "a hole",
      new ColumnTable([{ name: "v", type: "value", values: new Array(2) }], 2),
      /payload\.v\.values\[0\] is a hole/,
    ],
    [
      "keys of a list",
      new ColumnTable([{ name: "s", type: "string", values: Object.assign(["x"], { unit: "m" }) }], 1),
      /payload\.s is an array with keys/,
    ],
    [
      "keys of the columns",
      new ColumnTable(Object.assign([column], { unit: "m" }), 2),
      /payload\.columns is an array with keys/,
    ],
    [
      "shared bytes",
      new ColumnTable([{ name: "b", type: "bytes", values: [new Uint8Array(new SharedArrayBuffer(1))] }], 1),
      /payload\[0\]\.b lies in shared memory/,
    ],
  ])("%s", (_what, table, message) => {
    const check = (): unknown => tabular(createMemoryCodec()).check(table as never);
    expect(check).toThrow(UnsupportedPayloadError);
    expect(check).toThrow(message);
  });
});
