import type { ColumnType } from "../../table/column.ts";

/**
 * The versions of the layout. A table is written in the oldest version that has the types of its
 * columns, so that older releases can read it. Version 2 adds number lists, and the types of exact
 * texts: dates and times without a zone, and decimals.
 */
export type Version = 1 | 2;
export const NEWEST_VERSION: Version = 2;
/** The head is `PTBL`, the version of the layout, and zeros. The columns begin after it. */
export const HEAD_BYTES = 8;
/** The tail is the length of the description, an unsigned 32-bit number, and then this mark. */
export const TAIL_BYTES = 8;
export const TAIL_MAGIC: { readonly [Number in Version]: Uint8Array } = {
  1: Uint8Array.of(0x50, 0x54, 0x42, 0x4c),
  // Version 2 has an ending of its own, so that older releases, which read only the end of a large
  // file, notice it.
  2: Uint8Array.of(0x50, 0x54, 0x42, 0x32),
};

export function headOf(version: Version): Uint8Array {
  return Uint8Array.of(0x50, 0x54, 0x42, 0x4c, version, 0, 0, 0);
}

/** Buffers begin at multiples of this many bytes, so that typed arrays can be views of them. */
export const ALIGNMENT = 8;

/** The offset of a buffer's first byte in the file, and its size. */
export type Extent = readonly [start: number, sizeBytes: number];

/** The description of the table at the end of the file, as JSON; see spec/table.md. */
export interface TableDescription {
  readonly rows: number;
  readonly columns: readonly ColumnDescription[];
}

/** A column, and where its values lie. */
export interface ColumnDescription {
  readonly name: string;
  readonly type: ColumnType;
  /** One byte for each row: see `MARK`. Absent if every row has a value. */
  readonly marks?: Extent;
  readonly data: ColumnData;
}

/** How the values of a column lie in the file. */
export type ColumnData =
  /** One number for each row, little-endian. */
  | { readonly kind: "numbers"; readonly at: Extent }
  | { readonly kind: "texts"; readonly texts: readonly TextSegment[] }
  /** For each row the index of its text in a list of distinct texts. */
  | { readonly kind: "dictionary"; readonly at: Extent; readonly width: 1 | 2; readonly texts: readonly TextSegment[] }
  /** The bytes of all rows, one after the other, and for each row where its bytes end. */
  | { readonly kind: "bytes"; readonly ends: Extent; readonly at: Extent }
  /** The numbers of all rows, one after the other, and for each row how many there are up to it. */
  | { readonly kind: "arrays"; readonly ends: Extent; readonly at: Extent }
  /** A record for each row that has a value. Their keys are stored as columns. */
  | { readonly kind: "records"; readonly count: number; readonly columns: readonly ColumnDescription[] }
  /** A list for each row that has a value: where its items end, and the items of all lists. */
  | { readonly kind: "lists"; readonly ends: Extent; readonly items: ColumnDescription; readonly count: number }
  /** One list with an element for each row, encoded by the format `structured`. */
  | { readonly kind: "structured"; readonly at: Extent };

/** Some texts, one after the other, and for each the offset of its end in code units. */
export interface TextSegment {
  readonly count: number;
  /** 1 for one byte per code unit, all below 128; 2 for UTF-16, little-endian. */
  readonly width: 1 | 2;
  readonly ends: Extent;
  readonly at: Extent;
}
