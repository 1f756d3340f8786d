import { DefinitionError } from "../errors/persistable-errors.ts";
import type { StructOf, StructType } from "./column.ts";
import { type Column, type ColumnOf, MARK } from "./column.ts";
import { ColumnBuilder } from "./column-builder.ts";
import { rowsFromColumns } from "./rows-from-table.ts";
import { fieldsOf, type StructFieldType, structTypeOf } from "./struct-type.ts";

/** The column types of the fields of a struct, by their names. */
export interface StructFields {
  readonly [name: string]: StructFieldType;
}

/**
 * The column type of records that all have the same fields, for `types` of tables. A cell is a
 * plain record with every field; a field may be null. Fields hold anything but lists and `value`.
 *
 * @throws {@link DefinitionError} for no fields, or for a type that no field has
 *
 * @example
 * ```ts
 * import { parquet } from "persistable-ts/formats/parquet";
 * import { struct } from "persistable-ts/table";
 *
 * const place = struct({ name: "string", at: struct({ lat: "float64", lon: "float64" }) });
 * const format = parquet({ rows: true, types: { place } });
 * ```
 */
export function struct<const Fields extends StructFields>(fields: Fields): StructOf<Fields> {
  const type = structTypeOf(Object.entries(fields));
  if (type === undefined)
    throw new DefinitionError(
      `A struct cannot have the fields ${JSON.stringify(fields)}. Give at least one, each of a type such as float64, string, plainDate or struct({ … }), and no list or value.`,
    );
  return type as StructOf<Fields>;
}

export function isStructColumn(column: Column): column is ColumnOf<StructType> {
  return column.type.startsWith("struct(");
}

/** A column for each field, of as many rows. Where a row has no record, all fields are null. */
export function columnsOfStruct({ type, values, marks }: ColumnOf<StructType>): Column[] {
  return fieldsOf(type).map(([name, fieldType]) => {
    const builder = new ColumnBuilder(name, values.length, fieldType);
    for (let row = 0; row < values.length; row++) {
      const isPresent = marks === undefined || marks[row] === MARK.present;
      builder.push(row, isPresent ? values[row]?.[name] : null);
    }
    return builder.finish();
  });
}

/** The records of the columns of their fields; undefined where `isNull` says so. */
export function recordsOfColumns(
  columns: readonly Column[],
  rowCount: number,
  isNull: (row: number) => boolean,
): (object | undefined)[] {
  const records: (object | undefined)[] = rowsFromColumns(columns, 0, rowCount);
  for (let row = 0; row < rowCount; row++) if (isNull(row)) records[row] = undefined;
  return records;
}
