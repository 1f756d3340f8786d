import { stringify } from "csv-stringify/sync";
import { visibleLine } from "../../errors/visible-text.ts";
import { fieldsOf } from "../../util/fields-of.ts";
import { htmlTable, type NotebookDisplay, shownOf } from "../../util/notebook/notebook-display.ts";
import { encodeArrow } from "./encode-arrow.ts";

const MOST_SHOWN_ROWS = 50;
const MOST_SHOWN_COLUMNS = 30;

/** How a table is written as CSV. */
export interface ArtifactTableCsvOptions {
  /**
   * Puts `'` before text that a spreadsheet would take for a formula, for tables that hold text
   * from others. A program that reads the file gets the `'` as well. Default `false`.
   */
  readonly escapeFormulas?: boolean | undefined;
}

/**
 * A table of artifacts, as `collect` returns it. All rows share the same columns; a row without a
 * value for a column has `undefined` there.
 *
 * @example
 * ```ts
 * import { collect } from "persistable-ts/pipeline";
 * import { study } from "./pipeline.ts";
 *
 * const table = await collect(study);
 * table.columns; // ["zThreshold", "points.n", …]
 * for (const row of table) console.log(row);
 * ```
 */
export class ArtifactTable<TableRow extends object> implements Iterable<TableRow> {
  readonly rows: readonly TableRow[];
  /** The names of the columns: first the params, then what is known of the artifacts. */
  readonly columns: readonly string[];

  constructor(rows: readonly TableRow[], columns: readonly string[]) {
    this.rows = rows;
    this.columns = columns;
  }

  [Symbol.iterator](): Iterator<TableRow> {
    return this.rows[Symbol.iterator]();
  }

  /**
   * Returns the table as comma-separated values (RFC 4180), with the column names in the first
   * line. Missing values are empty cells; dates are ISO 8601; lists and other objects are JSON.
   *
   * @example
   * ```ts
   * import { writeFileSync } from "node:fs";
   * import { collect } from "persistable-ts/pipeline";
   * import { study } from "./pipeline.ts";
   *
   * writeFileSync("study.csv", (await collect(study)).toCsv());
   * ```
   */
  toCsv({ escapeFormulas = false }: ArtifactTableCsvOptions = {}): string {
    const cellOf = escapeFormulas ? safeTextOf : textOf;
    const lines = this.rows.map((row) => this.columns.map((column) => cellOf(valueIn(row, column))));
    return stringify([this.columns.map((column) => cellOf(column)), ...lines]);
  }

  /**
   * Returns the table as JSON: a list with one object per row. Missing values are left out. Values
   * that JSON does not have (bigint, `NaN`, `-0`, dates) become strings.
   */
  toJson(): string {
    const rows = this.rows.map((row) =>
      Object.fromEntries(
        this.columns.flatMap((column) => {
          const value = valueIn(row, column);
          return value === undefined ? [] : [[column, jsonOf(value)]];
        }),
      ),
    );
    return `${JSON.stringify(rows, undefined, 2)}\n`;
  }

  /**
   * Returns the table as an Arrow IPC stream, which DuckDB, Polars, pandas and `tableFromIPC` of
   * apache-arrow read. A column of numbers becomes Float64, of booleans Bool, of dates Timestamp
   * (in milliseconds, UTC), and of bigints Int64. All other columns become Utf8, with lists and
   * other objects as JSON. Missing values are null.
   *
   * @throws {@link MissingPeerError} if apache-arrow is not installed
   */
  toArrow(): Promise<Uint8Array> {
    return encodeArrow(
      this.columns.map((name) => ({ name, values: this.rows.map((row) => valueIn(row, name)) })),
      (value) => textOf(value),
    );
  }

  /** Shows the beginning of the table in a notebook. */
  [Symbol.for("Jupyter.display")](): NotebookDisplay {
    const columns = this.columns.slice(0, MOST_SHOWN_COLUMNS);
    const rows = this.rows.slice(0, MOST_SHOWN_ROWS);
    const shown = `${shownOf(rows.length, this.rows.length, "row")}, ${shownOf(columns.length, this.columns.length, "column")}`;
    const cells = rows.map((row) => columns.map((column) => textOf(valueIn(row, column))));
    return {
      "text/plain": `${stringify([columns, ...cells].map((row) => row.map(visibleLine)))}${shown}`,
      "text/html": `${htmlTable(columns, cells)}<p>${shown}</p>`,
    };
  }
}

function valueIn(row: object, column: string): unknown {
  return fieldsOf(row)[column];
}

const FORMULA = /^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/;

/**
 * Returns a text that a spreadsheet does not run as a formula: an apostrophe prevents that. The
 * minus sign of a number does not begin a formula.
 */
function safeTextOf(value: unknown): string {
  const text = textOf(value);
  const isNumber = typeof value === "number" || typeof value === "bigint";
  return !isNumber && FORMULA.test(text) ? `'${text}` : text;
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "" : value.toISOString();
  if (value instanceof URL || value instanceof RegExp || typeof value !== "object") return String(value);
  return JSON.stringify(jsonOf(value)) ?? "";
}

function jsonOf(value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0) ? value : textOf(value);
  if (value instanceof Date || value instanceof URL || value instanceof RegExp) return textOf(value);
  if (value instanceof Map) return [...value].map(([key, inner]) => [jsonOf(key), jsonOf(inner)]);
  if (value instanceof Set) return [...value].map(jsonOf);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return Object.values(value).map(jsonOf);
  if (Array.isArray(value)) return value.map(jsonOf);
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, jsonOf(inner)]));
  return value;
}
