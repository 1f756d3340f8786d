import * as arrow from "apache-arrow";
import type { PlainType } from "../../src/table/plain-time.ts";
import { makeParquet } from "./make-parquet.ts";

/** A count of a unit as another writer has it; null for a row without one. */
export type Count = bigint | null;

/**
 * The way in which a file of another writer holds instants, dates or times: as counts of a unit, in
 * integers of some bits.
 */
export interface InstantKind {
  readonly name: string;
  readonly format: "parquet" | "arrow";
  readonly unit: "day" | "second" | "millisecond" | "microsecond" | "nanosecond";
  readonly bits: 32 | 64 | 96;
  /** A file with a column `t` of them, and a column `k` of the numbers of the rows. */
  create(counts: readonly Count[]): Uint8Array;
}

const PHYSICAL = { int32: 1, int64: 2, int96: 3 };
const JULIAN_DAY_OF_1970 = 2_440_588n;
const NANOSECONDS_OF_A_DAY = 86_400_000_000_000n;

const timestamp = (unit: 1 | 2 | 3, isUtc = true) => ({ 8: { 1: isUtc, 2: { [unit]: {} } } });
const time = (unit: 1 | 2 | 3, isUtc: boolean) => ({ 7: { 1: isUtc, 2: { [unit]: {} } } });

export const instantKinds: readonly InstantKind[] = [
  parquetKind("timestamp of milliseconds, older notation", "millisecond", 64, { converted: 9 }),
  parquetKind("timestamp of microseconds, older notation", "microsecond", 64, { converted: 10 }),
  parquetKind("timestamp of milliseconds", "millisecond", 64, { logical: timestamp(1) }),
  parquetKind("timestamp of microseconds", "microsecond", 64, { logical: timestamp(2) }),
  parquetKind("timestamp of nanoseconds", "nanosecond", 64, { logical: timestamp(3) }),
  parquetKind("int96", "nanosecond", 96, {}),
  arrowKind("date of 64 bits", "millisecond", 64, () => new arrow.Date_(arrow.DateUnit.MILLISECOND)),
  arrowKind("timestamp of seconds", "second", 64, () => new arrow.TimestampSecond("UTC")),
  arrowKind("timestamp of milliseconds", "millisecond", 64, () => new arrow.TimestampMillisecond("UTC")),
  arrowKind("timestamp of microseconds", "microsecond", 64, () => new arrow.TimestampMicrosecond("Europe/Berlin")),
  arrowKind("timestamp of nanoseconds", "nanosecond", 64, () => new arrow.TimestampNanosecond("+01:00")),
];

const { SECOND, MILLISECOND, MICROSECOND, NANOSECOND } = arrow.TimeUnit;

/** Dates and times that belong to no time zone, by the type that they are read as. */
export const plainKinds: readonly (readonly [PlainType, InstantKind])[] = [
  ["plainDate", parquetKind("date", "day", 32, { converted: 6 })],
  ["plainDate", parquetKind("date, newer notation", "day", 32, { logical: { 6: {} } })],
  ["plainDate", arrowKind("date of 32 bits", "day", 32, () => new arrow.Date_(arrow.DateUnit.DAY))],
  [
    "plainDateTime(ms)",
    parquetKind("milliseconds without a zone", "millisecond", 64, { logical: timestamp(1, false) }),
  ],
  ["plainDateTime", parquetKind("microseconds without a zone", "microsecond", 64, { logical: timestamp(2, false) })],
  ["plainDateTime(ns)", parquetKind("nanoseconds without a zone", "nanosecond", 64, { logical: timestamp(3, false) })],
  ["plainDateTime(ms)", arrowKind("seconds without a zone", "second", 64, () => new arrow.TimestampSecond())],
  ["plainDateTime(ms)", arrowKind("milliseconds without", "millisecond", 64, () => new arrow.TimestampMillisecond())],
  ["plainDateTime", arrowKind("microseconds without", "microsecond", 64, () => new arrow.TimestampMicrosecond(""))],
  ["plainDateTime(ns)", arrowKind("nanoseconds without", "nanosecond", 64, () => new arrow.TimestampNanosecond())],
  ["plainTime(ms)", parquetKind("time, older notation", "millisecond", 32, { converted: 7 })],
  ["plainTime", parquetKind("time of microseconds, older notation", "microsecond", 64, { converted: 8 })],
  ["plainTime(ms)", parquetKind("time of milliseconds", "millisecond", 32, { logical: time(1, true) })],
  ["plainTime", parquetKind("time of microseconds", "microsecond", 64, { logical: time(2, false) })],
  ["plainTime(ns)", parquetKind("time of nanoseconds", "nanosecond", 64, { logical: time(3, false) })],
  ["plainTime(ms)", arrowKind("time of seconds", "second", 32, () => new arrow.Time(SECOND, 32))],
  ["plainTime(ms)", arrowKind("time of milliseconds", "millisecond", 32, () => new arrow.Time(MILLISECOND, 32))],
  ["plainTime", arrowKind("time of microseconds", "microsecond", 64, () => new arrow.Time(MICROSECOND, 64))],
  ["plainTime(ns)", arrowKind("time of nanoseconds", "nanosecond", 64, () => new arrow.Time(NANOSECOND, 64))],
];

function parquetKind(name: string, unit: InstantKind["unit"], bits: InstantKind["bits"], type: object): InstantKind {
  const physical = bits === 32 ? PHYSICAL.int32 : bits === 64 ? PHYSICAL.int64 : PHYSICAL.int96;
  return {
    name: `parquet: ${name}`,
    format: "parquet",
    unit,
    bits,
    create(counts) {
      const present = counts.map((count) => count !== null);
      const values = Buffer.concat(counts.filter((count) => count !== null).map((count) => bytesOf(count, bits)));
      return makeParquet(counts.length, [
        { name: "k", type: PHYSICAL.int32, values: Buffer.from(Int32Array.from(counts.keys()).buffer) },
        { name: "t", type: physical, values, present, ...type },
      ]);
    },
  };
}

function bytesOf(count: bigint, bits: InstantKind["bits"]): Buffer {
  const bytes = Buffer.alloc(bits / 8);
  if (bits === 32) bytes.writeInt32LE(Number(count));
  else if (bits === 64) bytes.writeBigInt64LE(count);
  else {
    // As many days as fit, the rest in nanoseconds, which are never negative in the files of Spark
    // and Impala.
    const rest = ((count % NANOSECONDS_OF_A_DAY) + NANOSECONDS_OF_A_DAY) % NANOSECONDS_OF_A_DAY;
    bytes.writeBigInt64LE(rest);
    bytes.writeInt32LE(Number((count - rest) / NANOSECONDS_OF_A_DAY + JULIAN_DAY_OF_1970), 8);
  }
  return bytes;
}

function arrowKind(
  name: string,
  unit: InstantKind["unit"],
  bits: InstantKind["bits"],
  createType: () => arrow.DataType,
): InstantKind {
  return {
    name: `arrow: ${name}`,
    format: "arrow",
    unit,
    bits,
    create(counts) {
      const type = createType();
      // What lies at a row that is null has no meaning, and is infinity here.
      const filled = counts.map((count) => count ?? 2n ** 63n - 1n);
      const data = bits === 32 ? Int32Array.from(filled, Number) : BigInt64Array.from(filled);
      const nullBitmap = new Uint8Array(Math.ceil(counts.length / 8));
      for (const [row, count] of counts.entries())
        if (count !== null) nullBitmap[row >> 3] = (nullBitmap[row >> 3] ?? 0) | (1 << (row & 7));
      const nullCount = counts.filter((count) => count === null).length;
      const k = arrow.makeData({ type: new arrow.Int32(), data: Int32Array.from(counts.keys()) });
      const t = arrow.makeData({ type, length: counts.length, nullCount, nullBitmap, data } as never) as arrow.Data;
      const schema = new arrow.Schema([
        new arrow.Field("k", new arrow.Int32(), false),
        new arrow.Field("t", type, true),
      ]);
      const batch = arrow.makeData({
        type: new arrow.Struct(schema.fields),
        length: counts.length,
        nullCount: 0,
        children: [k, t],
      } as never) as unknown as arrow.Data<arrow.Struct>;
      return arrow.tableToIPC(new arrow.Table([new arrow.RecordBatch(schema, batch)]), "file");
    },
  };
}
