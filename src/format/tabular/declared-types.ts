import { DefinitionError } from "../../errors/persistable-errors.ts";
import type { CellOf, ColumnType } from "../../table/column.ts";
import { isColumnType } from "../../table/typed-values.ts";

/** Column types by column name: `{ id: "int32", note: "string" }`. */
export type ColumnTypes = Readonly<Record<string, ColumnType>>;

/** A record with a cell of each declared type; it may have others. */
export type TypedRow<Types extends ColumnTypes> = {
  readonly [Name in keyof Types]: CellOf<Types[Name]> | null;
};

/**
 * A copy of the types that were declared, so that none is changed afterwards.
 *
 * @throws {@link DefinitionError} for a column type that there is not
 */
export function declaredTypes(format: string, types: ColumnTypes): ColumnTypes {
  const entries: [string, unknown][] = Object.entries(types);
  for (const [name, type] of entries)
    if (!isColumnType(type))
      throw new DefinitionError(
        `${format} has no column type ${JSON.stringify(type)}, as column ${JSON.stringify(name)} is declared. Declare int32, float64, string, date, value or another type.`,
      );
  return Object.freeze(Object.fromEntries(entries)) as ColumnTypes;
}

/**
 * The types that a format of tables was told, for records.
 *
 * @throws {@link DefinitionError} for tables, whose columns have types, or for a column type that there is not
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
