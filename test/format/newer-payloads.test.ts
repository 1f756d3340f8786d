import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Table as ArrowTable, Schema, tableFromArrays, tableToIPC } from "apache-arrow";
import { describe, expect, test } from "vitest";
import { arrow } from "../../src/entry/formats/arrow.ts";
import { avro } from "../../src/entry/formats/avro.ts";
import { directory } from "../../src/entry/formats/directory.ts";
import { encrypted } from "../../src/entry/formats/encrypted.ts";
import { parquet } from "../../src/entry/formats/parquet.ts";
import { table } from "../../src/entry/formats/table.ts";
import {
  definePersistable,
  type Format,
  gzip,
  json,
  NewerPayloadError,
  npy,
  type PersistableError,
  structured,
} from "../../src/entry/index.ts";
import { collect } from "../../src/entry/pipeline.ts";
import { readTable } from "../../src/entry/table.ts";
import { CHECKSUM_HEAD, COVERED_START } from "../../src/record/layout.ts";
import { digestOf } from "../../src/util/digest/digest.ts";
import { sha256Hex } from "../../src/util/digest/sha256.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const rows = [
  { id: 1, word: "one", tags: ["a"] },
  { id: 2, word: "two", tags: [] },
];
const schema = { type: "record", name: "Row", fields: [{ name: "id", type: "long" }] } as const;
const byte = (at: number, value: number) => (bytes: Buffer) => {
  bytes[at < 0 ? bytes.length + at : at] = value;
  return bytes;
};
/** Replaces a text by another one of the same length. */
const words = (from: string, to: string) => (bytes: Buffer) => {
  expect(to).toHaveLength(from.length);
  expect(bytes.includes(from)).toBe(true);
  return Buffer.from(bytes.toString("latin1").replace(from, to), "latin1");
};

interface Newer {
  readonly title: string;
  readonly format: unknown;
  readonly generate?: (workDir: string) => unknown;
  readonly change: (payload: Buffer) => Buffer;
  readonly isTable?: boolean;
}

const newer: readonly Newer[] = [
  { title: "an envelope of structured", format: structured(), generate: () => new Map([[1, 2]]), change: byte(3, 2) },
  { title: "the layout of table", format: table(), change: byte(4, 3), isTable: true },
  {
    title: "a reserved byte in table, and its version",
    format: table(),
    change: (bytes) => byte(4, 200)(byte(5, 1)(bytes)),
    isTable: true,
  },
  {
    title: "the layout and the ending of table",
    format: table(),
    change: (bytes) => byte(-1, 0x33)(byte(4, 3)(bytes)),
    isTable: true,
  },
  {
    title: "the header of age",
    format: encrypted(json(), { passphrase: "correct horse", workFactor: 10 }),
    generate: () => "secret",
    change: words("age-encryption.org/v1", "age-encryption.org/v2"),
  },
  { title: "npy", format: npy(), generate: () => Float64Array.of(1), change: byte(6, 4) },
  {
    title: "the container of avro",
    format: avro({ schema: schema as never }),
    generate: () => [{ id: 1 }],
    change: byte(3, 2),
  },
  {
    title: "our note in parquet",
    format: parquet({ rows: true }),
    change: words('{"marked":[]}', '{"note":2   }'),
    isTable: true,
  },
  {
    title: "our note in arrow",
    format: arrow({ rows: true }),
    change: () => {
      const made = tableFromArrays({ id: Float64Array.of(1, 2) });
      const noted = new Schema(made.schema.fields, new Map([["persistable-ts", "2"]]));
      return Buffer.from(tableToIPC(new ArrowTable(noted, made.batches), "file"));
    },
    isTable: true,
  },
  {
    title: "the list of a folder",
    format: directory(),
    generate: (workDir) => {
      writeFileSync(path.join(workDir, "a"), "a");
      return workDir;
    },
    change: (bytes) => Buffer.from(bytes.toString().replace('"files"', '"list": 2,\n  "entries"')),
  },
  {
    title: "a digest in the list of a folder",
    format: directory(),
    generate: (workDir) => {
      writeFileSync(path.join(workDir, "a"), "a");
      return workDir;
    },
    change: (bytes) => Buffer.from(bytes.toString().replace('"sha256:', '"blake3:')),
  },
];

/** Makes the record fit a changed payload that lies beside it. */
function refit(recordFile: string, payload: Uint8Array): void {
  const covered = readFileSync(recordFile, "utf8")
    .slice(COVERED_START)
    .replace(/"sizeBytes": \d+/, `"sizeBytes": ${payload.length}`)
    .replace(/"digest": "[^"]+"/, `"digest": "${digestOf([payload])}"`);
  writeFileSync(recordFile, `${CHECKSUM_HEAD}${sha256Hex(covered)}${covered}`);
}

async function persist({ format, generate = () => rows, change }: Newer) {
  const folder = await temporaryFolder();
  let generations = 0;
  const definition = definePersistable({
    name: "sample",
    format: format as Format,
    inlineBytes: 0,
    generate: ({ workDir }): unknown => {
      generations++;
      return generate(workDir);
    },
  });
  const build = () => definition({}, { dataDir: folder.path, logger: silent });
  await build().generate();
  const files = () =>
    readdirSync(folder.path, { recursive: true, encoding: "utf8" })
      .filter((name) => name.includes("sample"))
      .sort();
  const address = build().address;
  const name =
    readdirSync(folder.join("sample")).find(
      (file) =>
        file.startsWith(`${address}.`) && /\.[0-9a-f]{8}\.[^/]*[a-z0-9]+$/.test(file) && !file.endsWith(".files"),
    ) ?? "";
  const payloadFile = folder.join("sample", name);
  const changed = change(readFileSync(payloadFile));
  writeFileSync(payloadFile, changed);
  refit(folder.join("sample", `${address}.json`), changed);
  return {
    build,
    files,
    payloadFile,
    changed,
    get generations() {
      return generations;
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

describe.each(newer)("a payload with a newer version of $title", (sample) => {
  test("is refused in every way, and left where it is", async () => {
    await using rig = await persist(sample);
    const files = rig.files();
    const ways: Record<string, () => Promise<unknown>> = {
      load: () => rig.build().load(),
      loadOrGenerate: () => rig.build().loadOrGenerate(),
      metrics: () => collect([rig.build()], { metrics: () => ({}) }),
      ...(sample.isTable === true ? { readTable: () => readTable(rig.build() as never) } : {}),
    };
    for (const [way, ask] of Object.entries(ways)) {
      const error = await ask().catch((caught: unknown) => caught);
      expect([way, error]).toEqual([way, expect.any(NewerPayloadError)]);
      expect((error as PersistableError).message).toContain("Update persistable-ts");
    }
    expect(rig.files()).toEqual(files);
    expect(readFileSync(rig.payloadFile)).toEqual(rig.changed);
    expect(rig.generations).toBe(1);
    expect(await rig.build().remove()).toBe(true);
  });
});

test("an older version than the first one is damage", async () => {
  for (const sample of [
    { title: "", format: structured(), change: byte(3, 0) },
    { title: "", format: table(), change: byte(4, 0) },
    { title: "", format: npy(), generate: () => Float64Array.of(1), change: byte(6, 0) },
  ]) {
    await using rig = await persist(sample);
    await expect(rig.build().load()).rejects.toMatchObject({ code: "PERSISTABLE_CORRUPT_ARTIFACT" });
  }
});

test("what is wrapped is refused as well", async () => {
  const inner = structured();
  const sample: Newer = {
    title: "",
    format: gzip(structured()),
    generate: () => new Map([[1, 2]]),
    change: (bytes) => bytes,
  };
  await using rig = await persist(sample);
  const [chunk = new Uint8Array(0)] = await gzip(structured()).encode(new Map([[1, 2]]));
  expect(readFileSync(rig.payloadFile)).toEqual(Buffer.from(chunk));
  const envelope = byte(3, 2)(Buffer.concat(await inner.encode(new Map([[1, 2]]))));
  const { gzipSync } = await import("node:zlib");
  const wrapped = gzipSync(envelope);
  writeFileSync(rig.payloadFile, wrapped);
  refit(rig.payloadFile.replace(/\.[0-9a-f]{8}\..*$/, ".json"), wrapped);
  await expect(rig.build().loadOrGenerate()).rejects.toBeInstanceOf(NewerPayloadError);
  expect(rig.generations).toBe(1);
});
