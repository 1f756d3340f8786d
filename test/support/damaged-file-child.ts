/**
 * Reads one file with one reader, and prints what came of it as JSON. The process that starts this
 * one limits its memory and its processor time, since some readers end only so.
 *
 * Arguments: the reader, the file, and the Avro schema that the file is said to have.
 */
import { readFileSync } from "node:fs";
import { arrow } from "../../src/format/arrow/arrow-format.ts";
import { avro } from "../../src/format/avro/avro-format.ts";
import { resolveDecodeLimits } from "../../src/format/decode-limits.ts";
import { parquet } from "../../src/format/parquet/parquet-format.ts";

const [reader = "", file = "", schema = "null"] = process.argv.slice(2);
const bytes = new Uint8Array(readFileSync(file));

const readers: Record<string, () => unknown> = {
  async "persistable-ts"() {
    const limits = resolveDecodeLimits({});
    if (file.endsWith(".parquet")) return (await parquet().decode(bytes, limits)).toRows();
    if (file.endsWith(".arrow")) return (await arrow().decode(bytes, limits)).toRows();
    return await avro({ schema: JSON.parse(schema) }).decode(bytes, limits);
  },
  async hyparquet() {
    const { parquetReadObjects } = await import("hyparquet");
    return await parquetReadObjects({ file: bytes.buffer });
  },
  async "apache-arrow"() {
    const { tableFromIPC } = await import("apache-arrow");
    return tableFromIPC(bytes).toArray();
  },
  async "@uwdata/flechette"() {
    const { tableFromIPC } = await import("@uwdata/flechette");
    return tableFromIPC(bytes).toArray();
  },
  async avsc() {
    const { default: avsc } = await import("avsc");
    const decoder = new avsc.streams.BlockDecoder();
    decoder.end(bytes);
    return await decoder.toArray();
  },
};

// Until the reader answers: its promise may never settle.
process.exitCode = 3;
try {
  // A table of apache-arrow reads its values only when they are asked for.
  const rows = JSON.stringify(await readers[reader]?.(), showNumbers);
  process.stdout.write(JSON.stringify({ rows: JSON.parse(rows) }));
} catch (error) {
  process.stdout.write(JSON.stringify({ refused: String(error) }));
}
process.exitCode = 0;

function showNumbers(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  return ArrayBuffer.isView(value) ? [...(value as Int32Array)] : value;
}
