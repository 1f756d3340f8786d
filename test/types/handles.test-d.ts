import { definePersistable, openStore, type Store } from "persistable-ts";
import { byteStream } from "persistable-ts/formats/byte-stream";
import { csv } from "persistable-ts/formats/csv";
import { directory } from "persistable-ts/formats/directory";
import { file } from "persistable-ts/formats/file";
import { parquet } from "persistable-ts/formats/parquet";
import { records } from "persistable-ts/formats/records";
import { table } from "persistable-ts/formats/table";
import { layeredStore } from "persistable-ts/stores/layered";
import { s3Store } from "persistable-ts/stores/s3";
import { streamPayload } from "persistable-ts/stream";
import { type ColumnTable, readTable, tableFromRows } from "persistable-ts/table";
import { expectTypeOf, test } from "vitest";

interface Visit {
  id: number;
  name: string;
}

const tokens = definePersistable({
  name: "tokens",
  format: records<string>(),
  generate: async function* () {
    yield "a";
  },
});

test("a stream of records is a stream of what was yielded", () => {
  expectTypeOf<Awaited<ReturnType<typeof tokens>["payload"]>>().toExtend<AsyncIterable<string>>();
  expectTypeOf(streamPayload(tokens())).toEqualTypeOf<AsyncGenerator<string, void, undefined>>();
});

test("a format of another item does not fit", () => {
  definePersistable({
    name: "numbers",
    // @ts-expect-error the generator yields numbers
    format: records<string>(),
    generate: async function* () {
      yield 1;
    },
  });
  definePersistable({
    name: "texts",
    // @ts-expect-error bytes are wanted
    format: byteStream(),
    generate: async function* () {
      yield "text";
    },
  });
});

test("files and folders are paths", () => {
  const folder = definePersistable({ name: "folder", format: directory(), generate: ({ workDir }) => workDir });
  expectTypeOf<Awaited<ReturnType<typeof folder>["payload"]>>().toEqualTypeOf<string>();
  // @ts-expect-error a number is not a path
  definePersistable({ name: "film", format: file({ extension: ".mp4" }), generate: () => 3 });
});

test("what is no stream cannot be streamed", () => {
  const number = definePersistable({ name: "number", generate: () => 3 });
  // @ts-expect-error a number
  void streamPayload(number());
});

const visits: Visit[] = [{ id: 1, name: "a" }];
const asRows = definePersistable({ name: "rows", format: table(), generate: () => visits });
const asTable = definePersistable({ name: "table", format: parquet(), generate: () => tableFromRows(visits) });

test("parts of tables know their columns", () => {
  expectTypeOf(readTable(asRows(), { columns: ["id"] })).resolves.toEqualTypeOf<ColumnTable<Pick<Visit, "id">>>();
  expectTypeOf(readTable(asTable(), { columns: ["name"] })).resolves.toEqualTypeOf<ColumnTable<Pick<Visit, "name">>>();
  // @ts-expect-error there is no such column
  void readTable(asRows(), { columns: ["age"] });
  // @ts-expect-error a table is wanted
  void readTable(tokens());
});

test("a table format fits what is generated", () => {
  // @ts-expect-error an array of records, and the format is of tables
  definePersistable({ name: "mixed", format: parquet(), generate: () => visits });
  definePersistable({
    name: "declared",
    format: csv({ columns: { id: "int32", name: "string" }, rows: true }),
    generate: () => visits,
  });
});

test("stores open stores", () => {
  expectTypeOf(s3Store({ bucket: "b" })).resolves.toEqualTypeOf<Store>();
  const layered = layeredStore({ local: openStore("data"), remote: openStore("s3://bucket") });
  expectTypeOf(layered).toExtend<Store>();
  // @ts-expect-error no such mode
  layeredStore({ local: openStore("data"), remote: openStore("s3://bucket"), mode: "local:w" });
  // @ts-expect-error the bucket is missing
  void s3Store({ prefix: "x" });
});
