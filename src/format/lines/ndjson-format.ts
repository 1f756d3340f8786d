import { UnsupportedPayloadError } from "../../errors/format-errors.ts";
import { DefinitionError } from "../../errors/persistable-errors.ts";
import type { CellOf, ColumnType } from "../../table/column.ts";
import type { ColumnTable } from "../../table/column-table.ts";
import { isStructType } from "../../table/struct-type.ts";
import { isNumberListType } from "../../table/typed-values.ts";
import type { AnyFormat, FormatFor } from "../format.ts";
import { formatFor } from "../format-for.ts";
import { checkJson } from "../json/check-json.ts";
import { type ColumnTypes, declaredTypes, typesOfRows } from "../tabular/declared-types.ts";
import type { TabularOptions } from "../tabular/tabular.ts";
import { tabular } from "../tabular/tabular-format.ts";
import { parseJsonLines } from "./decode-json-lines.ts";
import { joinJsonLines } from "./encode-json-lines.ts";
import { ndjsonOfSomeTypes } from "./ndjson-some-types.ts";
import { ndjsonTable } from "./ndjson-table.ts";

/** Column types by column name, in the order of the columns: `{ id: "int32", tags: "value" }`. */
export type NdjsonColumns = Readonly<Record<string, ColumnType>>;

/** One row of a file with these columns. A row may lack keys. */
export type NdjsonRow<Columns extends NdjsonColumns> = {
  readonly [Name in keyof Columns]?: CellOf<Columns[Name]> | null;
};

/** Options of `ndjson` for payloads all of whose columns are declared. */
export interface NdjsonOptions<Columns extends NdjsonColumns = NdjsonColumns> extends TabularOptions {
  /** The columns of the table, or with `rows` the types of the values in an array of records. */
  readonly columns: Columns;
}

/** Options of `ndjson` for records of which only some values have types that JSON lacks. */
export interface NdjsonTypedOptions<Types extends ColumnTypes = ColumnTypes> {
  /** A payload is an array of records, not a table. */
  readonly rows: true;
  /**
   * The types of some values: `{ id: "int64", at: "date" }`. All others are JSON values, and may
   * have keys that are not named here.
   */
  readonly types: Types;
}

/**
 * Newline-delimited JSON, also called JSON lines: each line holds one value. It is for other tools,
 * and for payloads that are longer than one text can be. The payload is an array, and values that
 * JSON would change are refused (`undefined`, `NaN`, `-0`, dates, bigints, instances of classes).
 * For payloads that do not fit into memory see `records()`.
 *
 * With `columns` the payload is a table, or with `{ columns, rows: true }` an array of records,
 * whose values have the declared types. Dates are written as ISO 8601, bigints as decimal text,
 * bytes in base64. A row with null differs from one that lacks the key.
 *
 * With `{ types, rows: true }` only some values of the records are declared, and the others are
 * JSON values.
 *
 * @throws {@link DefinitionError} for an unknown column type, or for `types` without `rows`.
 *
 * @example
 * ```ts
 * import { definePersistable } from "persistable-ts";
 * import { ndjson } from "persistable-ts/formats/ndjson";
 *
 * definePersistable({
 *   name: "pages",
 *   format: ndjson(),
 *   generate: () => [{ url: "/", links: ["/a"] }, { url: "/a", links: [] }],
 * });
 * definePersistable({
 *   name: "visits",
 *   format: ndjson({ columns: { at: "date", user: "int32" }, rows: true }),
 *   generate: () => [{ at: new Date(0), user: 3 }],
 * });
 * ```
 */
export function ndjson(): FormatFor<readonly unknown[]>;
export function ndjson<const Columns extends NdjsonColumns>(
  options: NdjsonOptions<Columns> & { readonly rows: true },
): FormatFor<readonly NdjsonRow<Columns>[]>;
export function ndjson<const Columns extends NdjsonColumns>(
  options: NdjsonOptions<Columns> & { readonly rows?: false | undefined },
): FormatFor<ColumnTable<NdjsonRow<Columns>>>;
export function ndjson<const Types extends ColumnTypes>(
  options: NdjsonTypedOptions<Types> & { readonly columns?: undefined },
): FormatFor<readonly NdjsonRow<Types>[]>;
export function ndjson(
  options:
    | (NdjsonOptions & { readonly types?: undefined })
    | (NdjsonTypedOptions & { readonly columns?: undefined })
    | undefined = undefined,
): AnyFormat {
  if (options === undefined) return valuesFormat();
  const { columns, types, rows } = options;
  if (columns !== undefined && types !== undefined)
    throw new DefinitionError(
      "ndjson was given columns and types. Give columns where every key of the records is declared, and types where some are.",
    );
  const declared = typesOfRows("ndjson", { rows, types });
  if (declared !== undefined) return ndjsonOfSomeTypes(withoutLists(declared));
  if (columns === undefined) return valuesFormat();
  const all = withoutLists(declaredTypes("ndjson", columns));
  return tabular(ndjsonTable(new Map(Object.entries(all))), { rows, types: all });
}

/** @throws {@link DefinitionError} for number lists and structs, which need more than one value */
function withoutLists(types: ColumnTypes): ColumnTypes {
  const name = Object.keys(types).find((each) => isNotInLines(types[each] ?? "value"));
  if (name === undefined) return types;
  throw new DefinitionError(
    `ndjson has no lines with values of type ${types[name]}, as ${JSON.stringify(name)} is declared. Use table(), parquet() or arrow(), or give plain arrays and records and declare nothing.`,
  );
}

function isNotInLines(type: ColumnType): boolean {
  return isNumberListType(type) || isStructType(type);
}

function valuesFormat(): FormatFor<readonly unknown[]> {
  return formatFor<readonly unknown[]>({
    id: "ndjson",
    extension: ".ndjson",
    inline: false,
    check(values) {
      if (!Array.isArray(values))
        throw new UnsupportedPayloadError(
          "ndjson",
          [],
          "is not an array",
          "Use json(), or records() for a stream of values.",
        );
      checkJson(values, [], "ndjson");
    },
    encode: (values) => joinJsonLines("ndjson", values.length, (i) => JSON.stringify(values[i])),
    decode: (bytes, limits) => parseJsonLines("ndjson", bytes, limits),
  });
}
