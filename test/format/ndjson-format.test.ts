import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { defaultDecodeLimits, resolveDecodeLimits } from "../../src/format/decode-limits.ts";
import { decodeJsonLines, encodeJsonLines } from "../../src/format/json-lines.ts";
import {
  type ColumnType,
  DecodeError,
  DecodeLimitError,
  DefinitionError,
  ndjson,
  UnsupportedPayloadError,
} from "../../src/formats/ndjson.ts";
import { tableFromRows } from "../../src/table.ts";
import { formatConformance } from "../../src/testing/index.ts";
import { comparableRows } from "../support/comparable-rows.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** For each format; a million on request. */
const mutations = Number(process.env.PERSISTABLE_MUTATIONS ?? 1000);

const columns = {
  id: "int32",
  name: "string",
  at: "date",
  big: "uint64",
  ratio: "float64",
  ok: "boolean",
  raw: "bytes",
  more: "value",
} as const;
const visits = [
  {
    id: 1,
    name: "Ada\n\u2028",
    at: new Date(0),
    big: 2n ** 64n - 1n,
    ratio: 0.1,
    ok: true,
    raw: Uint8Array.of(1, 255),
    more: [{ a: null }],
  },
  { id: null, name: "\ud800", at: null, ok: false, more: null },
  {},
  { name: "", raw: new Uint8Array(0), ratio: 1e300, more: 3 },
];

const values = [
  null,
  1.5,
  "x\ny",
  [],
  [[]],
  { a: [1, { "": "\ud800" }] },
  true,
  JSON.parse('{"__proto__":1,"constructor":2}'),
];
const circle: unknown[] = [];
circle.push(circle);
class Point {
  x = 1;
}

const runner = { describe, it };
formatConformance(runner, {
  name: "ndjson",
  create: () => ndjson(),
  holds: [values, [], [null], [[[]]]],
  refuses: [
    null,
    "x",
    {},
    new Set([1]),
    [undefined],
    [1, Number.NaN],
    [-0],
    [new Date()],
    [1n],
    [{ a: undefined }],
    [new Point()],
    [new Map()],
    [() => 1],
    circle,
    Object.assign([1], { more: 1 }),
    new (class extends Array {})(),
    new Array(2),
    [new Proxy({}, {})],
    [
      {
        get a() {
          return 1;
        },
      },
    ],
  ],
});
formatConformance(runner, {
  name: "ndjson of records",
  create: () => ndjson({ columns, rows: true }),
  holds: [visits, [], [{}]],
  refuses: [
    [{ other: 1 }],
    [{ id: 1.5 }],
    [{ ratio: Number.NaN }],
    [{ ratio: -0 }],
    [{ at: new Date(Number.NaN) }],
    [{ at: "1970-01-01T00:00:00.000Z" }],
    [{ name: undefined }],
    [{ more: undefined }],
    [{ more: [new Date()] }],
    [{ raw: Buffer.from("x") }],
    [new Point()],
    tableFromRows(visits, { types: columns }),
  ],
});
formatConformance(runner, {
  name: "ndjson of tables",
  create: () => ndjson({ columns }),
  holds: [tableFromRows(visits, { types: columns }), tableFromRows(visits, { types: columns }).slice(0, 0)],
  refuses: [visits, tableFromRows(visits), tableFromRows(visits, { types: columns }).select(["name", "id"])],
});
formatConformance(runner, {
  name: "ndjson of rows without columns",
  create: () => ndjson({ columns: {}, rows: true }),
  holds: [[{}, {}]],
  refuses: [[{ a: 1 }]],
});

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const fileOf = async (format: object, payload: unknown): Promise<Uint8Array> =>
  new Uint8Array(Buffer.concat(await (format as ReturnType<typeof ndjson>).encode(payload as never)));

test("a value is a line of the JSON that everybody writes", async () => {
  expect(Buffer.from(await fileOf(ndjson(), [{ a: 1 }, "é\n"])).toString()).toBe('{"a":1}\n"é\\n"\n');
  expect(Buffer.from(await fileOf(ndjson({ columns, rows: true }), visits.slice(0, 2))).toString()).toBe(
    '{"id":1,"name":"Ada\\n\u2028","at":"1970-01-01T00:00:00.000Z","big":"18446744073709551615","ratio":0.1,"ok":true,"raw":"Af8=","more":[{"a":null}]}\n' +
      '{"id":null,"name":"\\ud800","at":null,"ok":false,"more":null}\n',
  );
});

test("the id says what the bytes do not", () => {
  expect(ndjson().id).toBe("ndjson");
  expect(ndjson({ columns: { a: "int8", b: "value", c: "value" } }).id).toBe("ndjson(int8,value=2)");
  expect(() => ndjson({ columns: { a: "json" as "value" } })).toThrow(DefinitionError);
});

test("a refusal says where", () => {
  expect(() => ndjson().check([1, { a: [new Date()] }])).toThrow(
    /payload\[1\]\.a\[0\] is an instance of Date, which the format ndjson/,
  );
  expect(() => ndjson({ columns: { a: "value" }, rows: true }).check([{}, { a: [1n as unknown] }])).toThrow(
    /payload\[1\]\.a\[0\] is a bigint/,
  );
  expect(() => ndjson({ columns: { a: "int8" }, rows: true }).check([{}, { a: 200 }])).toThrow(UnsupportedPayloadError);
});

test("many lines are written in pieces, and read again in blocks", async () => {
  const lines = Array.from({ length: 60_000 }, (_, i) => ({ i, text: "é".repeat(170) }));
  const long = [...lines.slice(0, 5), "x".repeat(18_000_000), ...lines];
  const pieces = await ndjson().encode(long);
  expect(pieces.length).toBeGreaterThan(10);
  const file = new Uint8Array(Buffer.concat(pieces));
  expect(file.length).toBeGreaterThan(34_000_000);
  const read = (await ndjson().decode(file, defaultDecodeLimits)) as unknown[];
  expect(read.length).toBe(long.length);
  expect(
    read.every((line, i) =>
      typeof line === "string" ? line === long[i] : (line as { i: number }).i === (long[i] as { i: number }).i,
    ),
  ).toBe(true);
});

describe("other bytes are refused", () => {
  test.each<[string, RegExp]>([
    ["1", /last line does not end/],
    ["\n", /after 0 lines/],
    ["1\n\n", /after 1 lines/],
    ["1,2\n", /after 0 lines/],
    ["[1\n2]\n", /after 0 lines/],
    ['{"a":1}{"a":2}\n', /after 0 lines/],
    ["\ufeff1\n", /after 0 lines/],
    ["NaN\n", /after 0 lines/],
  ])("%j", (text, message) => {
    expect(() => ndjson().decode(bytesOf(text), defaultDecodeLimits)).toThrow(message);
    expect(() => ndjson().decode(bytesOf(text), defaultDecodeLimits)).toThrow(DecodeError);
  });

  test.each<[string, RegExp]>([
    ["[]\n", /line 1 is no object/],
    ["{}\nnull\n", /line 2 is no object/],
    ['{"a":1}\n', /line 1 has a key that is not declared/],
    ['{"__proto__":{"id":1}}\n', /not declared/],
    ['{"id":"1"}\n', /the text "1" in line 1 is no int32/],
    ['{"id":1.5}\n', /1\.5 in line 1 is no int32/],
    ['{"at":0}\n', /is no date/],
    ['{"at":"1970"}\n', /is no date/],
    ['{"big":"-1"}\n', /is no uint64/],
    ['{"big":1}\n', /is no uint64/],
    ['{"raw":"Af8"}\n', /is no bytes/],
    ['{"name":{}}\n', /an object in line 1 is no string/],
  ])("with columns: %j", (text, message) => {
    const decode = (): unknown => ndjson({ columns }).decode(bytesOf(text), defaultDecodeLimits);
    expect(decode).toThrow(message);
    expect(decode).toThrow(DecodeError);
  });

  test("no UTF-8", () => {
    expect(() => ndjson().decode(Uint8Array.of(0x22, 0xff, 0x22, 0x0a), defaultDecodeLimits)).toThrow(DecodeError);
  });

  test("and no more is read than the limits allow", () => {
    const decode = (text: string, limits: object): unknown =>
      ndjson().decode(bytesOf(text), resolveDecodeLimits(limits));
    expect(() => decode("1\n".repeat(100), { maxBytes: 199 })).toThrow(/maxBytes/);
    expect(() => decode("1\n".repeat(101), { maxNodes: 100 })).toThrow(DecodeLimitError);
    expect(() => decode("1\n".repeat(100), { maxNodes: 100 })).not.toThrow();
    expect(() => decode("[1,1]\n".repeat(100), { maxNodes: 299 })).toThrow(/maxNodes/);
    expect(() => decode("[1,1]\n".repeat(100), { maxNodes: 300 })).not.toThrow();
    const sparse = (maxNodes: number) => (): unknown =>
      ndjson({ columns: { a: "string", b: "int8" } }).decode(
        bytesOf("{}\n".repeat(50)),
        resolveDecodeLimits({ maxNodes }),
      );
    expect(sparse(99)).toThrow(/maxNodes/);
    expect(sparse(100)).not.toThrow();
    expect(() => decode(`1\n${"[".repeat(2000)}${"]".repeat(2000)}\n`, {})).toThrow(/maxDepth/);
  });
});

const json = fc.jsonValue({ noUnicodeString: false }).filter((value) => !JSON.stringify([value]).includes("-0"));
const cells: Record<Exclude<ColumnType, "int8" | "uint8" | "int16" | "uint16" | "float32">, fc.Arbitrary<unknown>> = {
  int32: fc.integer(),
  uint32: fc.nat(),
  int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  uint64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  float64: fc.double({ noDefaultInfinity: true, noNaN: true }).map((value) => value + 0),
  boolean: fc.boolean(),
  string: fc.string({ unit: "binary" }),
  date: fc.date({ noInvalidDate: true }),
  bytes: fc.uint8Array(),
  value: fc.array(fc.oneof(fc.integer(), fc.string(), fc.constant(null)), { maxLength: 3 }),
};
const rows = fc.array(
  fc.record(Object.fromEntries(Object.entries(cells).map(([type, cell]) => [type, fc.option(cell, { freq: 4 })])), {
    requiredKeys: [],
    noNullPrototype: true,
  }),
  { maxLength: 6 },
);

describe("whatever is accepted comes back in value and type", () => {
  test("as an array of values", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(json, { maxLength: 8 }), async (payload) => {
        const plain = JSON.parse(JSON.stringify(payload)) as unknown[];
        await ndjson().check(plain);
        expect(await ndjson().decode(await fileOf(ndjson(), plain), defaultDecodeLimits)).toStrictEqual(plain);
      }),
      { numRuns: 300 },
    );
  });

  test("as records and as a table", async () => {
    const declared = Object.fromEntries(Object.keys(cells).map((type) => [type, type])) as Record<string, ColumnType>;
    await fc.assert(
      fc.asyncProperty(rows, async (payload) => {
        const format = ndjson({ columns: declared, rows: true });
        await format.check(payload as never);
        const file = await fileOf(format, payload);
        const read = (await format.decode(file, defaultDecodeLimits)) as object[];
        expect(comparableRows(read)).toStrictEqual(comparableRows(payload));
        const table = await ndjson({ columns: declared }).decode(file, defaultDecodeLimits);
        expect(table.columns).toStrictEqual(
          tableFromRows(payload, { types: declared }).select(Object.keys(declared)).columns,
        );
      }),
      { numRuns: 300 },
    );
  });

  test("as a stream, however its bytes are cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(json, { maxLength: 8 }),
        fc.array(fc.nat(9), { maxLength: 20 }),
        async (payload, sizes) => {
          const plain = JSON.parse(JSON.stringify(payload)) as unknown[];
          const pieces = await collect(encodeJsonLines(stream(plain)));
          const file = new Uint8Array(Buffer.concat(pieces));
          expect(file).toEqual(await fileOf(ndjson(), plain));
          const cut: Uint8Array[] = [];
          let start = 0;
          for (const size of sizes) {
            cut.push(file.subarray(start, start + size));
            start += size;
          }
          cut.push(file.subarray(start));
          expect(await collect(decodeJsonLines(stream(cut), defaultDecodeLimits))).toStrictEqual(plain);
        },
      ),
      { numRuns: 200 },
    );
  });
});

test("a line of a stream is as long as the limits allow, in one piece or in many", async () => {
  const file = bytesOf('1\n"3456789"\n');
  const read = (pieces: readonly Uint8Array[], maxBytes: number): Promise<unknown[]> =>
    collect(decodeJsonLines(stream(pieces), resolveDecodeLimits({ maxBytes })));
  const bytewise = Array.from(file, (byte) => Uint8Array.of(byte));
  for (const pieces of [[file], bytewise]) {
    expect(await read(pieces, 9)).toEqual([1, "3456789"]);
    await expect(read(pieces, 8)).rejects.toThrow(DecodeLimitError);
  }
  await expect(read(bytewise.slice(0, -1), 9)).rejects.toThrow(DecodeError);
});

async function* stream<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

test("mutated bytes are refused or read, and do no harm", async () => {
  const good = await fileOf(ndjson({ columns, rows: true }), visits);
  const structure = fc.constantFrom(...bytesOf('{}[]",:\n0-e\\u'));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(good.length - 1), fc.oneof(fc.nat(255), structure)), { maxLength: 6 }),
      fc.option(fc.nat(good.length), { nil: undefined }),
      fc.boolean(),
      (flips, cut, isPlain) => {
        const bad = good.slice(0, cut);
        for (const [at, byte] of flips) if (at < bad.length) bad[at] = byte;
        const format = isPlain ? ndjson() : ndjson({ columns, rows: true });
        try {
          expect((format.decode(bad, defaultDecodeLimits) as unknown[]).length).toBeLessThanOrEqual(bad.length);
        } catch (error) {
          expect(error instanceof DecodeError || error instanceof DecodeLimitError, String(error)).toBe(true);
        }
      },
    ),
    { numRuns: mutations },
  );
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
}, 3_600_000);

test("Python's json module reads what we wrote, and we what it wrote", async () => {
  await using folder = await temporaryFolder();
  writeFileSync(folder.join("values.ndjson"), await fileOf(ndjson(), values));
  const script = `import json, sys
with open(sys.argv[1], encoding="utf-8", newline="\\n") as file:
    for line in file:
        print(json.dumps(json.loads(line)))`;
  const printed = execFileSync("/usr/bin/python3", ["-c", script, folder.join("values.ndjson")]);
  expect(await ndjson().decode(new Uint8Array(printed), defaultDecodeLimits)).toStrictEqual(values);
});
