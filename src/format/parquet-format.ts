import { checkColumns } from "./check-columns.ts";
import { encodeParquet } from "./encode-parquet.ts";
import { compressorsOf, type ParquetCodec } from "./parquet-codecs.ts";
import { readParquet } from "./read-parquet.ts";
import type { TableCodec } from "./tabular.ts";

/** How {@link parquet} writes. None of it matters for reading. */
export interface ParquetOptions {
  /** The payload is an array of plain records instead of a table. */
  readonly rows?: boolean | undefined;
  /** So many rows are written together; of a part of a table, whole groups of rows are read. 100,000 by default. */
  readonly rowGroupRows?: number | undefined;
  /** `"snappy"` by default. */
  readonly codec?: ParquetCodec | undefined;
}

const DEFAULT_ROW_GROUP_ROWS = 100_000;

export function parquetCodec(options: ParquetOptions = {}): TableCodec {
  const { rowGroupRows = DEFAULT_ROW_GROUP_ROWS, codec = "snappy" } = options;
  if (!Number.isSafeInteger(rowGroupRows) || rowGroupRows < 1)
    throw new RangeError(`rowGroupRows is ${rowGroupRows}, and must be a whole number from 1 on.`);
  compressorsOf(codec);
  return {
    id: "parquet",
    extension: ".parquet",
    inline: false,
    check: (table) => checkColumns("parquet", table),
    encode: (table) => encodeParquet(table, { rowGroupRows, codec }),
    decode: (bytes, limits) =>
      readParquet({ sizeBytes: bytes.length, read: async (start, end) => bytes.subarray(start, end) }, {}, limits),
    selectColumns: readParquet,
  };
}
