import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import {
  DecodeError,
  DecodeLimitError,
  DefinitionError,
  ndjson,
  UnsupportedPayloadError,
} from "../../src/entry/formats/ndjson.ts";
import { tableFromRows } from "../../src/entry/table.ts";
import { formatConformance } from "../../src/entry/testing.ts";
import { defaultDecodeLimits, resolveDecodeLimits } from "../../src/format/decode-limits.ts";
import { visitColumns as columns, visits } from "../support/table-samples.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

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
    ["[]\n", /line 1 is not an object/],
    ["{}\nnull\n", /line 2 is not an object/],
    ['{"a":1}\n', /line 1 has a key that is not declared/],
    ['{"__proto__":{"id":1}}\n', /not declared/],
    ['{"id":"1"}\n', /the text "1" in line 1 is not of type int32/],
    ['{"id":1.5}\n', /1\.5 in line 1 is not of type int32/],
    ['{"at":0}\n', /is not of type date/],
    ['{"at":"1970"}\n', /is not of type date/],
    ['{"big":"-1"}\n', /is not of type uint64/],
    ['{"big":1}\n', /is not of type uint64/],
    ['{"raw":"Af8"}\n', /is not of type bytes/],
    ['{"name":{}}\n', /an object in line 1 is not of type string/],
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

test.skipIf(!existsSync("/usr/bin/python3") && process.env.CI !== "true")(
  "Python's json module reads what we wrote, and we what it wrote (Debian: apt-get install python3)",
  async () => {
    await using folder = await temporaryFolder();
    writeFileSync(folder.join("values.ndjson"), await fileOf(ndjson(), values));
    const script = `import json, sys
with open(sys.argv[1], encoding="utf-8", newline="\\n") as file:
    for line in file:
        print(json.dumps(json.loads(line)))`;
    const printed = execFileSync("/usr/bin/python3", ["-c", script, folder.join("values.ndjson")]);
    expect(await ndjson().decode(new Uint8Array(printed), defaultDecodeLimits)).toStrictEqual(values);
  },
);
