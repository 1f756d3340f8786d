import { writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { DecodeError } from "../../src/errors/format-errors.ts";
import { type CsvRowsOptions, csvRows, type ReadCsvOptions, readCsv } from "../../src/format/csv/read-csv.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function read(text: string, options?: ReadCsvOptions): Promise<Awaited<ReturnType<typeof readCsv>>> {
  return readCsv(bytes(text), options);
}

async function rowsOf(source: AsyncIterable<Uint8Array>, options?: CsvRowsOptions): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const row of csvRows(source, options)) rows.push(row);
  return rows;
}

async function* inPieces(text: string, length: number): AsyncGenerator<Uint8Array> {
  const all = bytes(text);
  for (let at = 0; at < all.length; at += length) yield all.subarray(at, at + length);
}

describe("the layout of a file", () => {
  test.each([
    [",", "a,b\r\n1,x\r\n"],
    [";", '\ufeffa;b\n1;"x"\n'],
    ["\t", "a\tb\r1\tx"],
    ["|", '"a,a"|b\n1|x\n'],
    [";", "a;b\n1;x\n"],
  ])("is found: delimiter %j, with any line end and byte order mark", async (delimiter, text) => {
    const { table, problems, delimiter: found } = await read(text);
    expect(found).toBe(delimiter);
    expect(table.rowCount).toBe(1);
    expect(table.columns[1]?.values).toEqual(["x"]);
    expect(problems).toEqual([]);
  });

  test("is the one of most lines, and not of what stands in quotes or behind a comma", async () => {
    const { table } = await read('# from a till\nname;price\n"Bern, a; b";1,5\nBasel;2,25\n', {
      comment: "#",
      decimalMark: ",",
    });
    expect(table.toRows()).toEqual([
      { name: "Bern, a; b", price: 1.5 },
      { name: "Basel", price: 2.25 },
    ]);
  });

  test("may have quotes, lines and quotes inside of quotes, and quotes where none belong", async () => {
    const { table } = await read('a,b\n"two\nlines","say ""x"""\n6" pipe, spaced \n"",\n');
    expect(table.toRows()).toEqual([
      { a: "two\nlines", b: 'say "x"' },
      { a: '6" pipe', b: " spaced " },
      { a: "", b: null },
    ]);
  });

  test("may lack names, or have some twice", async () => {
    expect((await read("1,x\n2,y\n", { header: false })).table.columns.map(({ name }) => name)).toEqual([
      "column_1",
      "column_2",
    ]);
    const { table } = await read("a,,a,__proto__\n1,2,3,4\n");
    expect(table.columns.map(({ name }) => name)).toEqual(["a", "column_2", "a_2", "column___proto__"]);
    expect((await read("")).table.columns).toEqual([]);
    expect((await read("a,b\n")).table.rowCount).toBe(0);
  });

  test("may be of another encoding, which a byte order mark or an option says", async () => {
    const utf16 = Buffer.from("\ufeffa;b\né;2\n", "utf16le");
    expect((await readCsv(new Uint8Array(utf16))).table.toRows()).toEqual([{ a: "é", b: 2 }]);
    const latin = new Uint8Array(Buffer.from("a,b\né,2\n", "latin1"));
    await expect(readCsv(latin)).rejects.toThrow(/not utf-8.*windows-1252/);
    expect((await readCsv(latin, { encoding: "windows-1252" })).table.toRows()).toEqual([{ a: "é", b: 2 }]);
  });
});

describe("the types of columns", () => {
  test.each([
    ["float64", "1,-2.5,+3,.5,1e3, 7 "],
    ["float64", "NaN,-Infinity,0"],
    ["int64", "1,9007199254740993"],
    ["string", "1,01067"],
    ["string", "1,x"],
    ["string", "1e400"],
    ["boolean", "true,FALSE"],
    ["plainDate", "2026-11-30,1969-01-01"],
    ["date", "2026-11-30T09:30:00Z,2026-11-30 09:30+0100"],
    ["plainDateTime", "2026-11-30 09:30,2026-11-30T09:30:00.125"],
    ["string", "2026-11-30T09:30:00Z,2026-11-30T09:30:00"],
    ["string", "2026-13-30"],
    ["string", ""],
  ])("%s is found in %s", async (type, cells) => {
    const { table } = await read(`n\tx\n${cells.split(",").join("\t\n")}\t\n`, { delimiter: "\t" });
    expect(table.columns[0]?.type).toBe(type);
  });

  test("are found although cells are empty, and say what they mean", async () => {
    const { table } = await read("n,at,big\n1.5,2026-11-30T09:30:00+01:00,9007199254740993\n,,\nNA,NA, \n", {
      nulls: ["NA"],
    });
    expect(table.toRows()).toEqual([
      { n: 1.5, at: new Date("2026-11-30T08:30:00Z"), big: 9007199254740993n },
      { n: null, at: null, big: null },
      { n: null, at: null, big: null },
    ]);
  });

  test("may be given, and a cell that does not fit is null and reported", async () => {
    const { table, problems } = await read("id,zip,n\n1,01067,7\n2,10115,seven\n1.5,,8\n", {
      types: { id: "int32", zip: "string", n: "uint8" },
    });
    expect(table.toRows()).toEqual([
      { id: 1, zip: "01067", n: 7 },
      { id: 2, zip: "10115", n: null },
      { id: null, zip: null, n: 8 },
    ]);
    expect(problems).toEqual([
      { line: 3, column: "n", problem: 'has "seven", which is not of type uint8' },
      { line: 4, column: "id", problem: 'has "1.5", which is not of type int32' },
    ]);
    await expect(read("a\n1\n", { types: { b: "int32" } })).rejects.toThrow(/no column "b"; the columns are "a"/);
  });
});

describe("rows of another length", () => {
  test("are read, and reported with their lines", async () => {
    const { table, problems } = await read('a,b\n1,"x\ny"\n\n2\n3,z,w,v\n');
    expect(table.toRows()).toEqual([
      { a: 1, b: "x\ny" },
      { a: 2, b: null },
      { a: 3, b: "z" },
    ]);
    expect(problems).toEqual([
      { line: 5, problem: "has 1 cell for 2 columns; the others are null" },
      { line: 6, problem: "has 4 cells for 2 columns; the last ones are left out" },
    ]);
  });

  test("end a stream of rows, unless problems are wanted", async () => {
    const text = "a,b\n1,2\n3\n";
    await expect(rowsOf(inPieces(text, 3))).rejects.toThrow(/line 3 has 1 cell for 2 columns.*onProblem/);
    const lines: number[] = [];
    const rows = await rowsOf(inPieces(text, 3), { onProblem: ({ line }) => lines.push(line) });
    expect(rows).toEqual([
      { a: 1, b: 2 },
      { a: 3, b: null },
    ]);
    expect(lines).toEqual([3]);
  });
});

test("a quote that does not end is a DecodeError", async () => {
  await expect(read('a,b\n1,"x\n')).rejects.toThrow(DecodeError);
});

test("a file is streamed from its path, and gives the same rows as when it is read at once", async () => {
  await using folder = await temporaryFolder();
  const path = folder.join("big.csv");
  const lines = Array.from({ length: 20_000 }, (_, i) => `${i},"city ${i % 7} é",${i / 4},${i % 3 === 0 ? "" : "x"}`);
  await writeFile(path, `id,city,km,note\n${lines.join("\n")}\n`);
  const { table, problems } = await readCsv(path);
  expect(problems).toEqual([]);
  expect(table.rowCount).toBe(20_000);
  let count = 0;
  for await (const row of csvRows(path)) {
    if (count % 4999 === 0) expect(row).toEqual(table.slice(count, count + 1).toRows()[0]);
    count += 1;
  }
  expect(count).toBe(20_000);
});

test("how a text is cut into pieces makes no difference", async () => {
  const text = 'a;"b ""c""";d\r\n1;"é\r\n";\r\n2;x;2026-11-30\r\n';
  const whole = await rowsOf(inPieces(text, 1000));
  expect(whole).toHaveLength(2);
  for (const length of [1, 2, 3, 7]) expect(await rowsOf(inPieces(text, length))).toEqual(whole);
});

test("any bytes give a table or a DecodeError", async () => {
  const random = new SeededRandom(7);
  const signs = ['"', ",", ";", "\n", "\r\n", "1", "x", "é", "-", "\t", "true", "2026-11-30", "\ufeff"];
  for (let i = 0; i < 100; i++) {
    const text = Array.from({ length: 40 }, () => signs[random.below(signs.length)]).join("");
    try {
      const { table } = await read(text);
      expect(new Set(table.columns.map(({ name }) => name)).size).toBe(table.columns.length);
    } catch (error) {
      expect(error).toBeInstanceOf(DecodeError);
    }
  }
});
