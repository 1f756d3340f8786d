import type { ColumnTable } from "../../table/column-table.ts";
import type { AnyFormat, DecodeLimits, Format, SelectColumns } from "../format.ts";
import type { ColumnTypes } from "./declared-types.ts";

/** What every format of tables can be told. */
export interface TabularOptions {
  /** The payload is an array of plain records instead of a table. */
  readonly rows?: boolean | undefined;
}

/** What formats can be told whose files say the types of their columns. */
export interface TypedTabularOptions extends TabularOptions {
  /**
   * With `rows`: the types of columns that should not depend on the values of one payload, such as `{ id: "int32", note: "string" }`. They come first, and are there
   * in an empty payload, too. Other columns have the type that their values ask for.
   */
  readonly types?: ColumnTypes | undefined;
}

/** Serves as a `Format` of arrays of these records. */
export interface TypedRowsFormat<Row extends object> extends Pick<Format, "id" | "extension" | "inline"> {
  check(payload: readonly Row[]): void | Promise<void>;
  encode(payload: readonly Row[]): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  decode<Payload extends readonly Row[]>(bytes: Uint8Array, limits: DecodeLimits): Payload | Promise<Payload>;
  readonly selectColumns?: SelectColumns | undefined;
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
