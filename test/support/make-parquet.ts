import { type ThriftStruct, thriftBytes, varint } from "./thrift-writer.ts";

/** A column of a Parquet file, in one page that is not compressed, as any writer may write it. */
export interface MadeColumn {
  readonly name: string;
  /** The number of the physical type. */
  readonly type: number;
  readonly typeLength?: number;
  readonly converted?: number;
  readonly logical?: ThriftStruct;
  readonly scale?: number;
  readonly precision?: number;
  /** The values that are not null, in PLAIN encoding. */
  readonly values: Uint8Array;
  /** For each row whether it has a value; undefined in a REQUIRED column. */
  readonly present?: readonly boolean[];
  /** The version of the data page; 1 by default. */
  readonly version?: 1 | 2;
  /** Repetition levels that precede the definition levels of a page of version 2. */
  readonly repetition?: readonly number[];
  /** Definition levels that replace those that `present` asks for. */
  readonly levels?: readonly number[];
  readonly encoding?: number;
}

/** A Parquet file of one row group, or of none where it has no rows. */
export function makeParquet(rowCount: number, columns: readonly MadeColumn[]): Uint8Array {
  const bytes: number[] = [...Buffer.from("PAR1")];
  const chunks = columns.map((column) => {
    const start = bytes.length;
    bytes.push(...pageOf(column, rowCount));
    return chunkOf(column, rowCount, start, bytes.length - start);
  });
  const footer = thriftBytes({
    1: 1,
    2: [{ 4: "schema", 5: columns.length }, ...columns.map(elementOf)],
    3: BigInt(rowCount),
    4: rowCount === 0 ? [] : [{ 1: chunks, 2: BigInt(bytes.length - 4), 3: BigInt(rowCount) }],
  });
  const size = Buffer.alloc(4);
  size.writeUInt32LE(footer.length);
  return Uint8Array.from([...bytes, ...footer, ...size, ...Buffer.from("PAR1")]);
}

function elementOf({ name, type, typeLength, converted, logical, present, ...decimal }: MadeColumn): ThriftStruct {
  const repetition = present === undefined ? 0 : 1;
  const { scale, precision } = decimal;
  return { 1: type, 2: typeLength, 3: repetition, 4: name, 6: converted, 7: scale, 8: precision, 10: logical };
}

function chunkOf({ name, type }: MadeColumn, rowCount: number, start: number, sizeBytes: number): ThriftStruct {
  const size = BigInt(sizeBytes);
  const meta = { 1: type, 2: [0], 3: [name], 4: 0, 5: BigInt(rowCount), 6: size, 7: size, 9: BigInt(start) };
  return { 2: BigInt(start), 3: meta };
}

function pageOf(column: MadeColumn, rowCount: number): number[] {
  const { present, values, version = 1, repetition = [], encoding = 0 } = column;
  const levels = column.levels ?? (present === undefined ? [] : levelsOf(present));
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32LE(levels.length);
  const body =
    version === 2
      ? [...repetition, ...levels, ...values]
      : [...(present === undefined ? [] : [...prefix, ...levels]), ...values];
  const nulls = present?.filter((is) => !is).length ?? 0;
  const kind: ThriftStruct =
    version === 2
      ? { 8: { 1: rowCount, 2: nulls, 3: rowCount, 4: encoding, 5: levels.length, 6: repetition.length, 7: false } }
      : { 5: { 1: rowCount, 2: encoding, 3: 3, 4: 3 } };
  return [...thriftBytes({ 1: version === 2 ? 3 : 0, 2: body.length, 3: body.length, ...kind }), ...body];
}

/** A run for each row. */
function levelsOf(present: readonly boolean[]): number[] {
  return present.flatMap((is) => [...varint(2n), is ? 1 : 0]);
}
