import { DefinitionError } from "../../errors/persistable-errors.ts";
import type { CellOf, ColumnType } from "../../table/column.ts";
import { isColumnType } from "../../table/typed-values.ts";

/** Column types by column name: `{ id: "int32", note: "string" }`. */
export type ColumnTypes = Readonly<Record<string, ColumnType>>;

/** A record with a cell for each declared type. It may have other cells. */
export type TypedRow<Types extends ColumnTypes> = {
  readonly [Name in keyof Types]: CellOf<Types[Name]> | null;
};

/**
 * Checks declared types, and returns a frozen copy of them.
 *
 * @throws {@link DefinitionError} for an unknown column type
 */
export function declaredTypes(format: string, types: ColumnTypes): ColumnTypes {
  const entries: [string, unknown][] = Object.entries(types);
  for (const [name, type] of entries)
    if (!isColumnType(type))
      throw new DefinitionError(
        `${format} has no column type ${JSON.stringify(type)}, as column ${JSON.stringify(name)} is declared. Declare int32, float64, string, date, plainDate, decimal(10,2), value or another type.`,
      );
  return Object.freeze(Object.fromEntries(entries)) as ColumnTypes;
}

/**
 * Returns the types that the user has declared for records.
 *
 * @throws {@link DefinitionError} for tables, whose columns have types already, and for an unknown
 * column type
 */
export function typesOfRows(
  format: string,
  { rows, types }: { readonly rows?: boolean | undefined; readonly types?: ColumnTypes | undefined },
): ColumnTypes | undefined {
  if (types === undefined) return undefined;
  if (rows !== true)
    throw new DefinitionError(
      `${format} was given types for a payload that is a ColumnTable, whose columns have their types already. Leave them out, or make the payload an array of records.`,
    );
  return declaredTypes(format, types);
}
