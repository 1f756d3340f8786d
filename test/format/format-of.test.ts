import { generateIdentity } from "age-encryption";
import { expect, test } from "vitest";
import { UnknownFormatError, WrongKeyError } from "../../src/errors/format-errors.ts";
import { arrow } from "../../src/format/arrow/arrow-format.ts";
import { avro } from "../../src/format/avro/avro-format.ts";
import { brotli, bytes, gzip, json, npy, structured, text } from "../../src/format/built-in/built-in-formats.ts";
import { formatOf } from "../../src/format/by-id/format-of.ts";
import { csv } from "../../src/format/csv/csv-format.ts";
import { defaultDecodeLimits } from "../../src/format/decode-limits.ts";
import type { AnyFormat, Format } from "../../src/format/format.ts";
import { ndjson } from "../../src/format/lines/ndjson-format.ts";
import { records } from "../../src/format/lines/records-format.ts";
import { msgpack } from "../../src/format/msgpack/msgpack-format.ts";
import { npz } from "../../src/format/npy/npz-format.ts";
import { parquet } from "../../src/format/parquet/parquet-format.ts";
import { byteStream } from "../../src/format/stored/byte-stream-format.ts";
import { directory } from "../../src/format/stored/directory-format.ts";
import { file } from "../../src/format/stored/file-format.ts";
import { table } from "../../src/format/table/table-format.ts";
import { encrypted } from "../../src/format/wrappers/encrypted-format.ts";
import { ColumnTable } from "../../src/table/column-table.ts";
import { tableFromRows } from "../../src/table/table-from-rows.ts";
import { bytesOf } from "../support/damaged-copies.ts";

const rows = [
  { id: 1, name: "Ada", born: new Date(0) },
  { id: 2, name: "Bo", born: null },
];
const columns = { id: "int32", name: "string", born: "date" } as const;
const typed = tableFromRows(rows, { types: columns });
const schema = { type: "record", name: "R", fields: [{ name: "id", type: "long", doc: "a number" }] };

test.each<[AnyFormat, unknown]>([
  [structured(), { a: new Map([[1, 2]]) }],
  [json(), { a: [1, null] }],
  [text(), "é"],
  [bytes(), Uint8Array.of(1, 2)],
  [npy(), Float32Array.of(1, 2)],
  [npy({ shaped: true }), { data: Int8Array.of(1, 2), shape: [2, 1] }],
  [npz(), { x: Int8Array.of(1) }],
  [msgpack(), [1n, new Date(1)]],
  [gzip(brotli(json())), [1, 2]],
  [gzip(csv({ columns, rows: true })), rows],
  [avro({ schema }), [{ id: 1 }]],
  [avro({ schema, longs: "bigint" }), [{ id: 1n }]],
  [csv(), tableFromRows([{ a: "x", b: "y" }])],
  [csv({ columns }), typed],
  [
    csv({ columns: { a: "float64", b: "float64", c: "boolean" }, delimiter: "\t", rows: true }),
    [{ a: 1, b: -0, c: true }],
  ],
  [csv({ delimiter: ";" }), tableFromRows([{ a: "x" }])],
  [ndjson(), [1, { a: 2 }]],
  [ndjson({ columns }), typed],
  [
    ndjson({ columns: { 2: "int64", a: "date", 1: "string" }, rows: true }),
    [{ a: new Date(5) }, { 1: "x", 2: 3n, a: null }],
  ],
  [parquet({ rows: true }), rows],
  [arrow(), typed],
  [table(), rows],
  [table({ columns: true }), typed],
])("$id is found by its id, and reads what was written", async (format, payload) => {
  const found = await formatOf(format.id);
  expect(found.id).toBe(format.id);
  const written = await bytesOf(format as Format, payload);
  const read = await found.decode(written, defaultDecodeLimits);
  const plain = (value: unknown) => (value instanceof ColumnTable ? value.toRows() : value);
  expect(plain(read)).toEqual(plain(payload));
  if (payload instanceof ColumnTable && read instanceof ColumnTable)
    expect(read.columns.map(({ type }) => type)).toEqual(payload.columns.map(({ type }) => type));
});

test.each<[AnyFormat]>([[records()], [byteStream()], [file({ extension: ".mp4" })], [directory()]])(
  "$id is found by its id, and opens what is stored",
  async (format) => {
    const found = await formatOf(format.id);
    expect(found).toMatchObject({ id: format.id, stored: { open: expect.any(Function) } });
  },
);

test.each([
  ...["yaml", "", "json(1)", "gzip", "gzip()", "gzip(yaml)", "csv(int32=0)", "csv(int33)", "csv(value)", "csv(,)"],
  ...["ndjson(int32,)", "npy(flat)", "table(rows)", "constructor", "json\n", "csv(int32=9999999,int32=9999999)"],
])("the id %j is not known", async (id) => {
  const error: unknown = await formatOf(id).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(UnknownFormatError);
  expect((error as Error).message).toMatch(
    /is not enough to read a payload.*Read the payload with the format of its def/,
  );
});

test("the id of records of which some values have types says what is missing", async () => {
  const { id } = ndjson({ types: { at: "date" }, rows: true });
  await expect(formatOf(id)).rejects.toThrow(
    /"ndjson\(types=.*digest of the types only.*ndjson\(\{ types, rows: true \}\)/,
  );
});

test("of an encrypted payload a key is asked for, and opens it", async () => {
  const identity = await generateIdentity();
  const format = gzip(encrypted(json(), { identity }));
  await expect(formatOf(format.id)).rejects.toThrow(WrongKeyError);
  await expect(formatOf(format.id)).rejects.toThrow(/encrypted\(json\).*no key was given.*\{ keys \}/);
  const found = await formatOf(format.id, { keys: { identity } });
  expect(await found.decode(await bytesOf(format, { a: 1 }), defaultDecodeLimits)).toEqual({ a: 1 });
});

test("a file of another schema than the id of avro says is refused", async () => {
  const { id } = avro({ schema: "int" });
  const written = await bytesOf(avro({ schema }), [{ id: 1 }]);
  const found = await formatOf(id);
  await expect(async () => found.decode(written, defaultDecodeLimits)).rejects.toThrow(/another schema than the id/);
});
