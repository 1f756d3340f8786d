import type { ColumnTable } from "../table/column-table.ts";
import type { AnyFormat, DecodeLimits, Format, SelectColumns } from "./format.ts";

/** What every format of tables can be told. */
export interface TabularOptions {
  /** The payload is an array of plain records instead of a table. */
  readonly rows?: boolean | undefined;
}

/** Serves as a `Format` of tables. */
export interface ColumnTableFormat extends Pick<Format, "id" | "extension" | "inline"> {
  check(payload: ColumnTable<never>): void | Promise<void>;
  encode(payload: ColumnTable<never>): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  decode<Payload extends ColumnTable<never>>(bytes: Uint8Array, limits: DecodeLimits): Payload | Promise<Payload>;
  readonly selectColumns?: SelectColumns | undefined;
}

/** Serves as a `Format` of arrays of plain records. */
export interface RowsFormat extends Pick<Format, "id" | "extension" | "inline"> {
  check(payload: readonly object[]): void | Promise<void>;
  encode(payload: readonly object[]): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  decode<Payload extends readonly object[]>(bytes: Uint8Array, limits: DecodeLimits): Payload | Promise<Payload>;
  readonly selectColumns?: SelectColumns | undefined;
}

/** A format of tables, which also serves arrays of records: see `tabular`. */
export interface TableCodec extends Pick<AnyFormat, "id" | "extension" | "inline"> {
  check(table: ColumnTable): void | Promise<void>;
  encode(table: ColumnTable): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  decode(bytes: Uint8Array, limits: DecodeLimits): ColumnTable | Promise<ColumnTable>;
  readonly selectColumns?: SelectColumns | undefined;
}
