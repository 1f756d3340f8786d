import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import {
  type CsvColumnType,
  csv,
  DecodeError,
  DecodeLimitError,
  DefinitionError,
  UnsupportedPayloadError,
} from "../../src/entry/formats/csv.ts";
import { ColumnTable, tableFromRows } from "../../src/entry/table.ts";
import { formatConformance } from "../../src/entry/testing.ts";
import { defaultDecodeLimits, resolveDecodeLimits } from "../../src/format/decode-limits.ts";
import { readFixture } from "../support/read-fixture.ts";
import { peopleColumns as columns, people } from "../support/table-samples.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const types = columns;

const runner = { describe, it };
formatConformance(runner, {
  name: "csv of records",
  create: () => csv({ columns, rows: true }),
  holds: [people, people.slice(0, 1), []],
  refuses: [
    null,
    {},
    [1],
    [{ id: 1 }],
    [{ ...people[0], id: 1.5 }],
    [{ ...people[0], id: -0 }],
    [{ ...people[0], id: undefined }],
    [{ ...people[0], at: new Date(Number.NaN) }],
    [{ ...people[0], name: "\ud800" }],
    [{ ...people[0], name: 1 }],
    [{ ...people[0], big: 2n ** 63n }],
    [{ ...people[0], raw: Buffer.from("x") }],
    [{ ...people[0], more: 1 }],
    [{ ...people[0], [Symbol("x")]: 1 }],
    [
      {
        ...people[0],
        get id() {
          return 1;
        },
      },
    ],
    [
      new (class Person {
        id = 1;
      })(),
    ],
    [Object.assign(Object.create(null), people[0])],
    [new Proxy({ ...people[0] }, {})],
    Object.assign([...people], { more: 1 }),
    // biome-ignore lint/suspicious/noSparseArray: a hole is what is refused
    [people[0], , people[1]],
    tableFromRows(people, { types }),
  ],
});
formatConformance(runner, {
  name: "csv of tables",
  create: () => csv({ columns }),
  holds: [tableFromRows(people, { types }), tableFromRows(people, { types }).slice(0, 0)],
  refuses: [
    people,
    tableFromRows(people),
    tableFromRows(people, { types }).select(["id", "name"]),
    tableFromRows(people, { types }).select(["name", "id", "at", "big", "ratio", "ok", "raw"]),
    new ColumnTable([], 2),
    new ColumnTable([{ name: "id", type: "int32", values: new Int32Array(1) }], 2),
  ],
});
formatConformance(runner, {
  name: "csv of text",
  create: () => csv({ rows: true }),
  holds: [
    [
      { a: "x", b: "" },
      { a: null, b: "é😀" },
    ],
    [{ a: "" }],
    [],
  ],
  refuses: [[{ a: 1 }], [{ a: "x" }, {}], [{}], [{ a: ["x"] }], [{ a: null }], [{ "\udc00": "x" }]],
});
formatConformance(runner, {
  name: "csv with tabs",
  create: () => csv({ rows: true, delimiter: "\t", columns: { "": "string", "1": "float32", __proto__x: "uint8" } }),
  holds: [[{ "": "\t", "1": 0.5, __proto__x: 255 }]],
  refuses: [[{ "": "\t", "1": 0.1, __proto__x: 255 }], [{ "": "\t", "1": 0.5, __proto__x: 256 }]],
});

async function fileOf(
  format: { encode(payload: never): readonly Uint8Array[] | Promise<readonly Uint8Array[]> },
  payload: unknown,
) {
  return new Uint8Array(Buffer.concat(await format.encode(payload as never)));
}
const textOf = async (...args: Parameters<typeof fileOf>): Promise<string> =>
  new TextDecoder("utf-8", { ignoreBOM: true }).decode(await fileOf(...args));
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("the file", () => {
  test("is what RFC 4180 says, with clean names and nothing quoted without need", async () => {
    expect(await textOf(csv({ columns, rows: true }), people)).toBe(
      [
        "id,name,at,big,ratio,ok,raw",
        "1,Ada,1970-01-01T00:00:00.000Z,9223372036854775807,0.1,true,Af8=",
        '-2,"",,,-0,false,""',
        ",,1969-12-31T23:59:59.999Z,-1,1e+300,,",
        '0,"=SUM(A1), ""x""\r\n;\t|\n\r",+275760-09-13T00:00:00.000Z,0,-Infinity,true,',
        "",
      ].join("\r\n"),
    );
  });

  test("is read without the byte order mark that Excel begins with, and with the one of a name in quotes", async () => {
    const excel = await readFixture("excel-utf8-bom.csv");
    expect(Array.from(excel.subarray(0, 3))).toEqual([0xef, 0xbb, 0xbf]);
    const plain = csv({ rows: true });
    const rows = await plain.decode<Record<string, unknown>[]>(excel, defaultDecodeLimits);
    expect(Object.keys(rows[0] ?? {})[0]).toBe("id");
    expect(rows).toEqual(await plain.decode(excel.subarray(3), defaultDecodeLimits));
    const decode = async (text: string): Promise<unknown> =>
      await plain.decode(new TextEncoder().encode(text), defaultDecodeLimits);
    expect(await decode('\ufeff"id","n"\r\n"","1"\r\n')).toEqual([{ id: "", n: "1" }]);
    expect(await decode('"\ufeffid"\r\n"1"\r\n')).toEqual([{ "\ufeffid": "1" }]);
    expect(await decode('\ufeff"\ufeffid"\r\n1\r\n')).toEqual([{ "\ufeffid": "1" }]);
    expect(await decode("\ufeff")).toEqual([]);
    const declared = csv({ columns: { id: "int32" }, rows: true });
    expect(await declared.decode(new TextEncoder().encode("\ufeffid\n1\n"), defaultDecodeLimits)).toEqual([{ id: 1 }]);
    await expect(decode("\ufeff\ufeffid\n1\n")).rejects.toThrow(/two byte order marks/);
  });

  test("does not begin with a byte order mark, even where the first name does", async () => {
    const rows = [{ "\ufeffa": "\ufeffx" }];
    const text = await textOf(csv({ rows: true }), rows);
    expect(text).toBe('"\ufeffa"\r\n"\ufeffx"\r\n');
    expect(await csv({ rows: true }).decode(bytesOf(text), defaultDecodeLimits)).toStrictEqual(rows);
  });

  test("is in pieces where it is long, and comes back whole", async () => {
    const rows = Array.from({ length: 30_000 }, (_, i) => ({ id: i, name: i % 3 === 0 ? null : `n${i}` }));
    const format = csv({ columns: { id: "uint32", name: "string" }, rows: true });
    expect((await format.encode(rows)).length).toBeGreaterThan(3);
    expect(await format.decode(await fileOf(format, rows), defaultDecodeLimits)).toStrictEqual(rows);
  });

  test("of one column keeps null apart from empty text", async () => {
    const rows = [{ a: null }, { a: "" }, { a: null }];
    const format = csv({ columns: { a: "string" }, rows: true });
    expect(await textOf(format, rows)).toBe('a\r\n\r\n""\r\n\r\n');
    expect(await format.decode(await fileOf(format, rows), defaultDecodeLimits)).toStrictEqual(rows);
  });

  test("keeps null apart from empty text next to quotes of every kind", async () => {
    const texts = [null, "", '"', '""', '"",', ',"', "\r\n", "x", '\n""\n'];
    const rows = texts.flatMap((a) => texts.flatMap((b) => [{ a, b, c: a }]));
    const format = csv({ columns: { a: "string", b: "string", c: "string" }, rows: true });
    expect(await format.decode(await fileOf(format, rows), defaultDecodeLimits)).toStrictEqual(rows);
  });

  test("may end its lines as Unix does", async () => {
    const format = csv({ columns: { a: "int8", b: "string" }, rows: true });
    expect(await format.decode(bytesOf('a,b\n1,"x\ny"\n'), defaultDecodeLimits)).toStrictEqual([{ a: 1, b: "x\ny" }]);
  });
});

describe("the id and extension say what the bytes do not", () => {
  test.each([
    [csv(), "csv", ".csv"],
    [csv({ rows: true }), "csv", ".csv"],
    [csv({ delimiter: ";" }), "csv(semicolon)", ".csv"],
    [csv({ delimiter: "\t" }), "csv(tab)", ".tsv"],
    [
      csv({ columns: { a: "int32", b: "float64", c: "float64", d: "string" }, delimiter: "|" }),
      "csv(pipe,int32,float64=2,string)",
      ".csv",
    ],
  ])("%#", (format, id, extension) => {
    expect([format.id, format.extension]).toEqual([id, extension]);
  });

  test.each([
    { delimiter: "," + "," },
    { delimiter: '"' },
    { columns: { a: "value" } },
    { columns: { a: "constructor" } },
  ])("and what cannot be is refused at once: %j", (options) => {
    expect(() => csv(options as never)).toThrow(DefinitionError);
  });
});

describe("a refusal says where", () => {
  test.each<[unknown, RegExp]>([
    [[{ a: 1 }, { a: 1.5 }], /payload\[1\]\.a is 1\.5.*declared as int8/],
    [[{ a: 1 }, {}], /payload\[1\]\.a is missing.*Give null/],
    [[{ a: 1, b: 2 }], /payload\.b is not a declared column/],
    [[{ a: 1 }, new Date(0)], /payload\[1\] is an instance of Date/],
    [[{ a: 1 }, { a: 1, [Symbol("x")]: 1 }], /payload\[1\] has symbol keys/],
  ])("%#", (payload, message) => {
    const format = csv({ columns: { a: "int8" }, rows: true });
    expect(() => format.check(payload as never)).toThrow(message);
    expect(() => format.check(payload as never)).toThrow(UnsupportedPayloadError);
  });

  test("and what to declare", () => {
    expect(() => csv({ rows: true }).check([{ a: 1 }])).toThrow(
      /payload\.a is a column of type float64, not string.*"a": "float64"/,
    );
    expect(() => csv().check(tableFromRows([{ a: [1] }]))).toThrow(/payload\.a is a column of type value.*ndjson/);
  });
});

describe("other bytes are refused", () => {
  const format = csv({ columns: { a: "int8", b: "string" }, rows: true });
  test.each<[string, RegExp]>([
    ["", /no line of column names/],
    ["a,b", /last line does not end/],
    ["a\r\n", /column 2 is undefined, not "b"/],
    ["b,a\r\n", /column 1 is "b", not "a"/],
    ["a,b,c\r\n", /3 columns, and 2 declared/],
    ["a,b\r\n1\r\n", /Invalid Record Length/],
    ["a,b\r\n1,x,y\r\n", /Invalid Record Length/],
    ["a,b\r\n128,x\r\n", /"128" in row 0 of column "a" is not of type int8/],
    ["a,b\r\n1,x\r\n1.5,x\r\n", /"1.5" in row 1 of column "a" is not of type int8/],
    ['a,b\r\n1,"x\r\n', /Quote Not Closed/],
    ['a,b\r\n1,"x"y\r\n', /Invalid Closing Quote/],
    ['a,b\r\n"",x\r\n', /"" in row 0 of column "a" is not of type int8/],
  ])("%j", (text, message) => {
    expect(() => format.decode(bytesOf(text), defaultDecodeLimits)).toThrow(message);
    expect(() => format.decode(bytesOf(text), defaultDecodeLimits)).toThrow(DecodeError);
  });

  test("no UTF-8, and two columns of one name", () => {
    expect(() => format.decode(Uint8Array.of(0x61, 0xff, 0x0a), defaultDecodeLimits)).toThrow(/not UTF-8/);
    expect(() => csv().decode(bytesOf("a,a\r\n"), defaultDecodeLimits)).toThrow(/same name/);
  });

  test.each<[CsvColumnType, readonly string[]]>([
    ["date", ["2020-01-01", "1", "2020-02-30T00:00:00.000Z", "Thu, 01 Jan 1970 00:00:00 GMT"]],
    ["boolean", ["TRUE", "1"]],
    ["bytes", ["Af8", "*", "QQ=="]],
    ["int64", ["9223372036854775808", "1.0", "0x1", "1".repeat(1_000_000)]],
    ["uint64", ["-1"]],
    ["float64", ["nan", " 1", "0x10", "1,5", ".5", `${"1".repeat(100_000)}x`]],
    ["float32", ["0.1"]],
    ["uint8", ["256", "-0", "NaN"]],
  ])("a cell that is no %s", (type, texts) => {
    for (const text of texts) {
      const decode = (): unknown =>
        csv({ columns: { a: type } }).decode(bytesOf(`a\r\n"${text}"\r\n`), defaultDecodeLimits);
      if (text === "QQ==") expect(decode).not.toThrow();
      else expect(decode, text).toThrow(DecodeError);
    }
  });

  test("and no more is read than the limits allow", async () => {
    const file = bytesOf(`a\r\n${"1\r\n".repeat(100)}`);
    const decode = (limits: object): unknown => csv().decode(file, resolveDecodeLimits(limits));
    expect(() => decode({ maxBytes: 100 })).toThrow(DecodeLimitError);
    expect(() => decode({ maxNodes: 100 })).toThrow(/maxNodes/);
    expect(() => decode({ maxNodes: 101 })).not.toThrow();
    const quoted = bytesOf(`a\r\n"${",\n".repeat(100)}""${",\n".repeat(100)}"\r\n`);
    expect(() => csv().decode(quoted, resolveDecodeLimits({ maxNodes: 1 }))).toThrow(/maxNodes/);
    expect(() => csv().decode(quoted, resolveDecodeLimits({ maxNodes: 2 }))).not.toThrow();
  });

  test("and no more is written than the limits allow", () => {
    const rowCount = 100_000_000;
    const column = { name: "a", type: "int8", values: new Int8Array(rowCount) } as const;
    expect(() => csv({ columns: { a: "int8" } }).check(new ColumnTable([column], rowCount))).toThrow(
      /more than 100000000 cells/,
    );
  });
});

test.skipIf(!existsSync("/usr/bin/python3") && process.env.CI !== "true")(
  "Python's csv module reads what we wrote (Debian: apt-get install python3)",
  async () => {
    await using folder = await temporaryFolder();
    writeFileSync(folder.join("people.csv"), await fileOf(csv({ columns, rows: true }), people));
    writeFileSync(
      folder.join("tabs.tsv"),
      await fileOf(csv({ rows: true, delimiter: "\t" }), [{ a: 'x\t"y"', b: "é\n😀" }]),
    );
    const script = `import csv, json, sys
def read(name, delimiter):
    with open(sys.argv[1] + "/" + name, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter=delimiter, strict=True))
people = read("people.csv", ",")
print(json.dumps([people, read("tabs.tsv", "\\t"), [repr(float(row["ratio"])) for row in people]]))`;
    const printed = execFileSync("/usr/bin/python3", ["-c", script, folder.path], { encoding: "utf8" });
    const [read, tabs, ratios] = JSON.parse(printed) as [Record<string, string>[], unknown, string[]];
    expect(read.map((row) => row.id)).toEqual(["1", "-2", "", "0"]);
    expect(read.map((row) => row.name)).toEqual(people.map((row) => row.name ?? ""));
    expect(read.map((row) => row.big)).toEqual(["9223372036854775807", "", "-1", "0"]);
    expect(ratios).toEqual(["0.1", "-0.0", "1e+300", "-inf"]);
    expect(tabs).toEqual([{ a: 'x\t"y"', b: "é\n😀" }]);
  },
);
