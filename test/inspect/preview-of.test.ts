import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { arrow } from "../../src/format/arrow/arrow-format.ts";
import { bytes, gzip, json, npy, structured, text } from "../../src/format/built-in/built-in-formats.ts";
import { csv } from "../../src/format/csv/csv-format.ts";
import type { Format } from "../../src/format/format.ts";
import { ndjson } from "../../src/format/lines/ndjson-format.ts";
import { records } from "../../src/format/lines/records-format.ts";
import { msgpack } from "../../src/format/msgpack/msgpack-format.ts";
import { npz } from "../../src/format/npy/npz-format.ts";
import { parquet } from "../../src/format/parquet/parquet-format.ts";
import type { Preview, PreviewNode } from "../../src/format/preview.ts";
import { table } from "../../src/format/table/table-format.ts";
import { bytesSource } from "../../src/inspect/bytes-source.ts";
import { type OwnFormat, previewOf } from "../../src/inspect/preview-of.ts";
import { tableFromRows } from "../../src/table/table-from-rows.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const ESC = "\u001b";

async function encoded(format: Pick<Format<never>, "encode">, payload: unknown): Promise<Uint8Array> {
  return new Uint8Array(Buffer.concat(await format.encode(payload as never)));
}

async function previewed(
  format: Pick<Format<never>, "id" | "encode">,
  payload: unknown,
  limits: Parameters<typeof previewOf>[2] = {},
): Promise<Preview> {
  // On a busy machine, statistics that end after some time would decide the test.
  const patient = { maxMs: Number.POSITIVE_INFINITY, ...limits };
  return previewOf(format.id, bytesSource(await encoded(format, payload)), patient);
}

function expectPlain(preview: Preview, mostBytes = 256 * 1024): void {
  const written = JSON.stringify(preview);
  expect(JSON.parse(written)).toEqual(preview);
  expect(Buffer.byteLength(written)).toBeLessThanOrEqual(2 * mostBytes);
  expect(written).not.toMatch(/\\u001b(?!.)/);
}

function controls(value: unknown): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (typeof value === "string") return /[\x00-\x08\x0b-\x1f\x7f\u202e]/.test(value);
  return typeof value === "object" && value !== null && Object.entries(value).flat().some(controls);
}

const rows = Array.from({ length: 1000 }, (_, i) => ({
  id: i,
  name: `n${i}${ESC}[2J`,
  born: new Date(i * 1000),
  big: i % 2 === 0,
}));

describe("a table", () => {
  test.each<[string, Pick<Format<never>, "id" | "encode">, unknown]>([
    ["table", table(), rows],
    ["table of columns", table({ columns: true }), tableFromRows(rows)],
    ["parquet", parquet({ rows: true }), rows],
    ["arrow", arrow({ rows: true }), rows],
    ["ndjson", ndjson(), rows.map(({ id, name, big }) => ({ id, name, big }))],
    ["json", json(), rows.map(({ id, name, big }) => ({ id, name, big }))],
    ["structured", structured(), rows],
    ["gzip(json)", gzip(json()), rows.map(({ id, name, big }) => ({ id, name, big }))],
    ["msgpack", msgpack(), rows],
  ])("of %s shows its first rows and what is in its columns", async (_, format, payload) => {
    const preview = await previewed(format, payload);
    if (preview.kind !== "table") throw new Error(`a ${preview.kind}: ${JSON.stringify(preview).slice(0, 300)}`);
    expect(preview.rows).toHaveLength(200);
    expect(preview.rowCount).toBe(1000);
    expect(preview.rows[3]?.slice(0, 2)).toEqual(["3", "n3\\u001b[2J"]);
    expect(preview.columns[0]).toMatchObject({
      name: "id",
      statistics: { count: 1000, missing: 0, min: "0", max: "999", mean: 499.5 },
    });
    expect(preview.columns[0]?.statistics.histogram?.reduce((sum, n) => sum + n, 0)).toBe(1000);
    expect(controls(preview)).toBe(false);
    expectPlain(preview);
  });

  test("of csv and of records, whose values are texts or come one by one", async () => {
    const cells = rows.map(({ id, name }) => ({ id: String(id), name: `${name}\n"quoted"` }));
    const preview = await previewed(csv({ rows: true }), cells);
    expect(preview).toMatchObject({ kind: "table", rowCount: 1000, columnCount: 2 });
    const lines = rows.map(({ id }) => JSON.stringify({ id })).join("\n");
    const read = await previewOf(records().id, bytesSource(Buffer.from(`${lines}\n`)));
    expect(read).toMatchObject({ kind: "table", columnCount: 1 });
    expect(read).not.toHaveProperty("rowCount");
  });

  test("of which only the beginning is read has no number of rows", async () => {
    const many = Array.from({ length: 20_000 }, (_, id) => ({ id }));
    for (const format of [ndjson(), table(), parquet({ rows: true })] as Pick<Format<never>, "id" | "encode">[]) {
      const preview = await previewed(format, many, { maxReadBytes: 60_000 });
      expect([format.id, preview]).toMatchObject([format.id, { kind: "table", columnCount: 1 }]);
      expect(preview).not.toHaveProperty("rowCount");
    }
  });

  test("of very many columns shows some, and says how many there are", async () => {
    const wide = [Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`c${i}`, i]))];
    const preview = await previewed(table(), wide);
    if (preview.kind !== "table") throw new Error(preview.kind);
    expect([preview.columns.length, preview.columnCount, preview.rows[0]?.length]).toEqual([100, 2000, 100]);
  });
});

describe("an array", () => {
  test("has a shape, statistics and samples", async () => {
    const line = await previewed(
      npy(),
      Float64Array.from({ length: 10_000 }, (_, i) => (i === 5 ? Number.NaN : i)),
    );
    expect(line).toMatchObject({
      kind: "array",
      type: "float64",
      shape: [10_000],
      statistics: { count: 10_000, missing: 1, min: "0", max: "9999" },
    });
    const grid = await previewed(npy({ shaped: true }), { data: new Uint8Array(300 * 200).fill(7), shape: [300, 200] });
    if (grid.kind !== "array") throw new Error(grid.kind);
    expect([grid.samples.length, grid.samples[0]?.length, grid.type]).toEqual([64, 64, "uint8"]);
    expectPlain(grid);
    const longs = await previewed(npy(), BigInt64Array.of(-(2n ** 60n), 5n));
    expect(longs).toMatchObject({ type: "int64", statistics: { min: "-1152921504606846976", max: "5" } });
    expect(await previewed(structured(), Float32Array.of(1, 2))).toMatchObject({ kind: "array", type: "float32" });
  });

  test("of which only the beginning is read says how many numbers there are", async () => {
    const preview = await previewed(npy(), new Float64Array(100_000), { maxReadBytes: 8000 });
    expect(preview).toMatchObject({ kind: "array", count: 100_000, statistics: { count: 1000 } });
  });

  test("with a shape that does not fit is shown as bytes", async () => {
    const file = await encoded(npy(), new Float64Array(4));
    const text = Buffer.from(file).toString("latin1").replace("(4,)", "(9,)");
    const preview = await previewOf("npy", bytesSource(Buffer.from(text, "latin1")));
    expect(preview).toMatchObject({ kind: "hex", problem: expect.stringContaining("shape") as string });
  });
});

describe("a value", () => {
  test("is a tree, in which nothing runs", async () => {
    const loop: Record<string, unknown> = { map: new Map([["k", new Set([1n])]]), at: new Date(0), re: /a/g };
    loop.self = loop;
    loop.list = Array.from({ length: 1000 }, (_, i) => i);
    loop[`${ESC}]0;title`] = "\u202e";
    const preview = await previewed(structured(), loop);
    if (preview.kind !== "tree") throw new Error(preview.kind);
    const list = preview.root.children?.find(({ key }) => key === "list")?.value;
    expect([list?.children?.length, list?.childCount]).toEqual([100, 1000]);
    expect(preview.isCut).toBe(true);
    expect(controls(preview)).toBe(false);
    expectPlain(preview);
  });

  test("of arrays by name is a tree as well", async () => {
    const preview = await previewed(npz(), { x: Float64Array.of(1, 2), y: Int8Array.of(3) });
    expect(preview).toMatchObject({ kind: "tree", root: { childCount: 2 } });
  });

  test("as large as can be stays within its limits", async () => {
    const many = Array.from({ length: 90 }, (_, i) => Array.from({ length: 90 }, (_, j) => "é".repeat(i + j)));
    const preview = await previewed(structured(), many, { maxBytes: 20_000 });
    expect(Buffer.byteLength(JSON.stringify(preview))).toBeLessThan(40_000);
    expect(preview).toMatchObject({ kind: "tree", isCut: true });
    const deep = Array.from({ length: 150 }).reduce<unknown>((inner) => [inner], 1);
    expect(depthOf((await previewed(structured(), deep)) as { root: PreviewNode })).toBeLessThan(40);
  });

  function depthOf({ root }: { root: PreviewNode }): number {
    const [only] = root.children ?? [];
    return only === undefined ? 1 : 1 + depthOf({ root: only.value });
  }
});

describe("a text", () => {
  test("has its first and last lines", async () => {
    const lines = Array.from({ length: 5000 }, (_, i) => `line ${i} ${ESC}[31m`);
    const preview = await previewed(text(), `${lines.join("\n")}\n`);
    if (preview.kind !== "text") throw new Error(preview.kind);
    expect([preview.lineCount, preview.head.length, preview.tail.length]).toEqual([5000, 500, 500]);
    expect([preview.head[0], preview.tail.at(-1)]).toEqual(["line 0 \\u001b[31m", "line 4999 \\u001b[31m"]);
    const short = await previewed(text(), "a\nb");
    expect(short).toEqual({ kind: "text", head: ["a", "b"], tail: [], lineCount: 2, shownBytes: 3, totalBytes: 3 });
    const cut = await previewed(text(), "é".repeat(1_000_000), { maxReadBytes: 1000, maxBytes: 999 });
    if (cut.kind !== "text") throw new Error(cut.kind);
    expect(cut).not.toHaveProperty("lineCount");
  });
});

describe("bytes", () => {
  const png = Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAADCAYAAAC56t6BAAAADklEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    "base64",
  );

  test("are told by how they begin, and not by what they claim", async () => {
    expect(await previewed(bytes(), png)).toMatchObject({ kind: "image", mediaType: "image/png", width: 2, height: 3 });
    expect(await previewed(bytes(), Buffer.from("GIF89a\x04\x00\x05\x00"))).toMatchObject({ width: 4, height: 5 });
    expect(await previewed(bytes(), Buffer.from("<svg onload='alert(1)'/>"))).toMatchObject({ kind: "text" });
    expect(await previewed(bytes(), Buffer.from([0, 1, 2]))).toEqual({
      ...{ kind: "hex", hex: "000102", shownBytes: 3, totalBytes: 3 },
    });
    expect(await previewed(bytes(), new Uint8Array())).toMatchObject({ kind: "hex", shownBytes: 0 });
  });
});

describe("what cannot be shown", () => {
  test("is shown as bytes, with the reason", async () => {
    const problemOf = async (format: string | OwnFormat, bytes: Uint8Array): Promise<string | undefined> => {
      const preview = await previewOf(format, bytesSource(bytes));
      return preview.kind === "hex" ? preview.problem : `a ${preview.kind}`;
    };
    expect(await problemOf("no-such-format", Buffer.from("abc"))).toContain("no-such-format");
    expect(await problemOf("json", Buffer.from("{"))).toContain("json");
    expect(await problemOf("structured", Buffer.from("nonsense"))).toContain("structured");
    expect(await problemOf("encrypted(json)", Buffer.from("x"))).toContain("key");
    expect(await problemOf("json", Buffer.alloc(5_000_000, "1"))).toContain("decoded as a whole");
    expect(await problemOf("directory", Buffer.from('{"files":[{"path":"../x","sizeBytes":1}]}'))).toContain(
      "elsewhere",
    );
    const bomb = gzipSync(JSON.stringify("0".repeat(4_000_000)));
    const exploded = await previewOf("gzip(json)", bytesSource(bomb), { maxReadBytes: 64 * 1024 });
    expect(exploded).toMatchObject({ kind: "hex", problem: expect.stringContaining("maxBytes") as string });
  });

  test("of a format of one's own whose preview throws", async () => {
    const own = { ...json(), id: "own", preview: () => Promise.reject(new Error(`no${ESC}`)) };
    const preview = await previewOf(own, bytesSource(Buffer.from("1")));
    expect(preview).toMatchObject({ kind: "hex", problem: "no\\u001b" });
  });
});

test("no bytes make a preview throw, or give more than its limits", async () => {
  const random = new SeededRandom(20_261_130);
  const seeds = new Map<string, Uint8Array>([
    ["structured", await encoded(structured(), { a: [1, new Map([[1, "b"]])], c: new Float64Array(3) })],
    ["json", await encoded(json(), { a: [1, "b"] })],
    ["msgpack", await encoded(msgpack(), { a: [1, "b"] })],
    ["npy", await encoded(npy(), new Float64Array(5))],
    ["npz", await encoded(npz(), { x: new Float64Array(5) })],
    ["table", await encoded(table(), rows.slice(0, 5))],
    ["parquet", await encoded(parquet({ rows: true }), rows.slice(0, 5))],
    ["arrow", await encoded(arrow({ rows: true }), rows.slice(0, 5))],
    ["csv", Buffer.from("a,b\n1,2\n")],
    ["ndjson", Buffer.from('{"a":1}\n{"a":2}\n')],
    ["records", Buffer.from('{"a":1}\n{"a":2}\n')],
    ["gzip(json)", await encoded(gzip(json()), [1, 2, 3])],
    ["directory", Buffer.from('{"files":[]}')],
    ["text", Buffer.from("a\nb")],
    ["bytes", Buffer.from("GIF89a")],
  ]);
  let previews = 0;
  for (const [id, good] of seeds) {
    for (let round = 0; round < 60; round++) {
      const bad = Uint8Array.from(good);
      for (let change = 0; change <= round % 4; change++) bad[random.below(bad.length)] = random.below(256);
      const cut = round % 3 === 0 ? bad.subarray(0, random.below(bad.length)) : bad;
      const preview = await previewOf(id, bytesSource(cut), { maxBytes: 10_000 });
      expect(controls(preview), `${id}: ${JSON.stringify(preview)}`).toBe(false);
      expect(JSON.stringify(preview).length).toBeLessThan(60_000);
      previews += 1;
    }
  }
  expect(previews).toBe(900);
});
