import type { ColumnType } from "../../table/column.ts";

/** The version of the layout that is written. */
export const VERSION = 1;
/** `PTBL`, the version of the layout, and zeros: the columns begin after it. */
export const HEAD = Uint8Array.of(0x50, 0x54, 0x42, 0x4c, VERSION, 0, 0, 0);
/** After the description: its length, an unsigned 32-bit number, and `PTBL`. */
export const TAIL_BYTES = 8;
export const TAIL_MAGIC = Uint8Array.of(0x50, 0x54, 0x42, 0x4c);
/** Buffers begin at multiples of this, so that arrays may lie on them as they are. */
export const ALIGNMENT = 8;

/** Where a buffer lies in the file: first byte, and how many. */
export type Extent = readonly [start: number, sizeBytes: number];

/** What stands at the end of the file, as JSON; see spec/table.md. */
export interface TableDescription {
  readonly rows: number;
  readonly columns: readonly ColumnDescription[];
}

/** One column, and where it lies. */
export interface ColumnDescription {
  readonly name: string;
  readonly type: ColumnType;
  /** One byte for each row: see `MARK`. Absent where every row has a value. */
  readonly marks?: Extent;
  readonly data: ColumnData;
}

/** How the values of a column lie in the file. */
export type ColumnData =
  /** One number for each row, little-endian. */
  | { readonly kind: "numbers"; readonly at: Extent }
  | { readonly kind: "texts"; readonly texts: readonly TextSegment[] }
  /** For each row the place of its text among few. */
  | { readonly kind: "dictionary"; readonly at: Extent; readonly width: 1 | 2; readonly texts: readonly TextSegment[] }
  /** One after the other; for each row, where its bytes end. */
  | { readonly kind: "bytes"; readonly ends: Extent; readonly at: Extent }
  /** Of the rows that have a value: as many records, their keys as columns. */
  | { readonly kind: "records"; readonly count: number; readonly columns: readonly ColumnDescription[] }
  /** Of the rows that have a value: where each list ends, and the items of all of them. */
  | { readonly kind: "lists"; readonly ends: Extent; readonly items: ColumnDescription; readonly count: number }
  /** One list of a value for each row, as the format `structured` writes it. */
  | { readonly kind: "structured"; readonly at: Extent };

/** Some texts, one after the other; for each, where it ends, in code units. */
export interface TextSegment {
  readonly count: number;
  /** 1: one byte for each code unit, all of them below 128. 2: UTF-16, little-endian. */
  readonly width: 1 | 2;
  readonly ends: Extent;
  readonly at: Extent;
}
