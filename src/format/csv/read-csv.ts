import { DecodeError } from "../../errors/format-errors.ts";
import { ColumnBuilder } from "../../table/column-builder.ts";
import { ColumnTable } from "../../table/column-table.ts";
import type { CsvColumnType } from "./csv-cells.ts";
import type { CsvDelimiter } from "./csv-layout.ts";
import { type CsvLine, csvLines } from "./csv-lines.ts";
import type { CsvSource } from "./csv-source.ts";
import { type DecimalMark, lenientValueOf, TypeFinder } from "./lenient-cells.ts";

/** How a CSV file of another program is read. */
export interface ReadCsvOptions {
  /** By default, it is guessed from the beginning of the file. */
  readonly delimiter?: CsvDelimiter | undefined;
  /** The types of columns by name; those of the others are found by their values. */
  readonly types?: { readonly [column: string]: CsvColumnType } | undefined;
  /** Whether the first row has the names of the columns. Else they are `column_1` and so on. */
  readonly header?: boolean | undefined;
  /** Texts that stand for no value, such as `["NA", "null"]`. An empty cell is always null. */
  readonly nulls?: readonly string[] | undefined;
  /** How numbers are written: `","` for 1,5. Default `"."`. */
  readonly decimalMark?: DecimalMark | undefined;
  /** The encoding of a file without a byte order mark, as `TextDecoder` names it. Default UTF-8. */
  readonly encoding?: string | undefined;
  /** Lines that begin with this text are left out. */
  readonly comment?: string | undefined;
}

/** Something that did not fit, and how it was read all the same. */
export interface CsvProblem {
  /** The line of the file on which the row ends; the first is 1. */
  readonly line: number;
  /** The column of a single cell; absent if the whole row is concerned. */
  readonly column?: string;
  readonly problem: string;
}

/** A CSV file as it was read. */
export interface ReadCsv {
  readonly table: ColumnTable;
  readonly delimiter: CsvDelimiter;
  /** Everything that did not fit: rows of another length, and cells of another type. */
  readonly problems: readonly CsvProblem[];
}

/**
 * Reads a CSV file of any program as a table: with whatever delimiter, line ends and byte order
 * mark it has. The format {@link csv} reads only what it has written.
 *
 * A column whose type is not given has the first of these that fits all its values: `boolean`,
 * `float64`, `int64` for whole numbers beyond 2^53, `plainDate`, `date` for instants with their
 * zone, `plainDateTime` for those without, or `string`. Numbers with a leading zero are text.
 *
 * A row with fewer cells than there are columns has null for the others, one with more loses them,
 * and a cell that is not of the given type is null: each of these is among the `problems`.
 *
 * @param source - the bytes of the file, its path, its `file:` URL, or a stream of bytes
 * @throws {@link DecodeError} for bytes of another encoding, a quote that does not end, and a type
 * that is given for a column that does not exist
 *
 * @example
 * ```ts
 * import { readCsv } from "persistable-ts/formats/csv";
 *
 * const { table, problems } = await readCsv("trips.csv", { types: { id: "int32" } });
 * table.column("km").values; // Float64Array
 * for (const { line, problem } of problems) console.warn(`trips.csv:${line} ${problem}`);
 * ```
 */
export async function readCsv(source: CsvSource, options: ReadCsvOptions = {}): Promise<ReadCsv> {
  const problems: CsvProblem[] = [];
  const columns = new Columns(options, (problem) => problems.push(problem));
  const texts: (string | null)[][] = [];
  const lines: number[] = [];
  let delimiter: CsvDelimiter = options.delimiter ?? ",";
  for await (const piece of csvLines(source, lineOptions(options))) {
    delimiter = piece.delimiter;
    for (const row of columns.rowsOf(piece.lines)) {
      lines.push(row.line);
      for (const [i, cell] of row.cells.entries()) {
        const column = texts[i] ?? [];
        texts[i] = column;
        column.push(cell);
      }
    }
  }
  columns.assertTypes();
  const built = columns.names.map((name, i) => {
    const cells = texts[i] ?? [];
    const type = columns.typeOf(name, cells);
    const builder = new ColumnBuilder(name, lines.length, type);
    for (const [row, cell] of cells.entries()) builder.push(row, columns.valueOf(type, cell, name, lines[row] ?? 0));
    return builder.finish();
  });
  problems.sort((a, b) => a.line - b.line);
  return { table: new ColumnTable(built, lines.length), delimiter, problems };
}

/** How the rows of a CSV file are streamed. */
export interface CsvRowsOptions extends ReadCsvOptions {
  /** Gets everything that does not fit. Without it, the first problem ends the stream. */
  readonly onProblem?: ((problem: CsvProblem) => void) | undefined;
}

/** The number of rows by which types are found if only a part of the rows is in memory. */
const TYPED_ROWS = 1000;

/**
 * Yields the rows of a CSV file one after another, so that a file of any size takes little memory.
 * Everything else is as in {@link readCsv}, only that types which are not given are found by the
 * first 1,000 rows. A later cell that is not of the type of its column is a problem.
 *
 * @throws what {@link readCsv} throws; {@link DecodeError} for a problem, without `onProblem`
 *
 * @example
 * ```ts
 * import { csvRows } from "persistable-ts/formats/csv";
 *
 * for await (const row of csvRows("dump.csv", { types: { id: "int64" }, onProblem: console.warn })) console.log(row);
 * ```
 */
export async function* csvRows(
  source: CsvSource,
  options: CsvRowsOptions = {},
): AsyncGenerator<Record<string, unknown>, void, undefined> {
  const columns = new Columns(options, options.onProblem ?? refuse);
  let waiting: CsvLine[] | undefined = [];
  let types: readonly CsvColumnType[] = [];
  for await (const { lines } of csvLines(source, lineOptions(options))) {
    const rows = columns.rowsOf(lines);
    if (waiting === undefined) {
      for (const row of rows) yield columns.objectOf(row, types);
      continue;
    }
    waiting.push(...rows);
    if (waiting.length < TYPED_ROWS) continue;
    types = columns.typesOf(waiting);
    for (const row of waiting) yield columns.objectOf(row, types);
    waiting = undefined;
  }
  columns.assertTypes();
  if (waiting === undefined) return;
  types = columns.typesOf(waiting);
  for (const row of waiting) yield columns.objectOf(row, types);
}

function refuse({ line, column, problem }: CsvProblem): never {
  const where = column === undefined ? "" : `, column ${JSON.stringify(column)}`;
  throw new DecodeError("csv", `line ${line}${where} ${problem}. Give onProblem to read on`);
}

function lineOptions({ delimiter, encoding = "utf-8", comment }: ReadCsvOptions): Parameters<typeof csvLines>[1] {
  return { delimiter, encoding, comment };
}

/** The columns of a file: their names, and how their cells are read. */
class Columns {
  readonly #options: ReadCsvOptions;
  readonly #report: (problem: CsvProblem) => void;
  readonly #nulls: ReadonlySet<string>;
  readonly #decimalMark: DecimalMark;
  #names: readonly string[] | undefined;

  constructor(options: ReadCsvOptions, report: (problem: CsvProblem) => void) {
    this.#options = options;
    this.#report = report;
    this.#nulls = new Set(options.nulls);
    this.#decimalMark = options.decimalMark ?? ".";
  }

  get names(): readonly string[] {
    return this.#names ?? [];
  }

  /** The rows among lines, each with one cell for each column. */
  rowsOf(lines: readonly CsvLine[]): CsvLine[] {
    const [first] = lines;
    if (this.#names !== undefined || first === undefined) return lines.map((line) => this.#padded(line));
    const hasHeader = this.#options.header ?? true;
    this.#names = distinctNames(hasHeader ? first.cells : first.cells.map(() => null));
    return (hasHeader ? lines.slice(1) : lines).map((line) => this.#padded(line));
  }

  #padded(row: CsvLine): CsvLine {
    const count = this.names.length;
    const has = row.cells.length;
    if (has === count) return row;
    const cellsOf = (number: number): string => `${number} ${number === 1 ? "cell" : "cells"}`;
    this.#report({
      line: row.line,
      problem: `has ${cellsOf(has)} for ${count} columns; ${has < count ? "the others are null" : "the last ones are left out"}`,
    });
    return { line: row.line, cells: this.names.map((_, i) => row.cells[i] ?? null) };
  }

  /** @throws {@link DecodeError} if a type names a column that the file does not have */
  assertTypes(): void {
    const unknown = Object.keys(this.#options.types ?? {}).find((name) => !this.names.includes(name));
    if (unknown === undefined) return;
    const known = this.names.map((name) => JSON.stringify(name)).join(", ");
    throw new DecodeError("csv", `there is no column ${JSON.stringify(unknown)}; the columns are ${known}`);
  }

  typesOf(rows: readonly CsvLine[]): CsvColumnType[] {
    return this.names.map((name, i) =>
      this.typeOf(
        name,
        rows.map(({ cells }) => cells[i] ?? null),
      ),
    );
  }

  typeOf(name: string, cells: readonly (string | null)[]): CsvColumnType {
    const types = this.#options.types ?? {};
    const given = Object.hasOwn(types, name) ? types[name] : undefined;
    if (given !== undefined) return given;
    const finder = new TypeFinder(this.#decimalMark);
    for (const cell of cells) if (!this.#isNull(cell) && cell.trim() !== "") finder.add(cell);
    return finder.type;
  }

  valueOf(type: CsvColumnType, cell: string | null, column: string, line: number): unknown {
    if (this.#isNull(cell)) return null;
    const value = lenientValueOf(type, cell, this.#decimalMark);
    if (value !== undefined) return value;
    // A cell with nothing but spaces is a value of texts alone.
    if (cell.trim() !== "") this.#report({ line, column, problem: `has ${shown(cell)}, which is not of type ${type}` });
    return null;
  }

  objectOf({ cells, line }: CsvLine, types: readonly CsvColumnType[]): Record<string, unknown> {
    const row: Record<string, unknown> = {};
    for (const [i, name] of this.names.entries())
      row[name] = this.valueOf(types[i] ?? "string", cells[i] ?? null, name, line);
    return row;
  }

  #isNull(cell: string | null): cell is null {
    return cell === null || this.#nulls.has(cell);
  }
}

/** Names that are missing are numbered, and one that occurs again gets a number too. */
function distinctNames(header: readonly (string | null)[]): string[] {
  const names = new Set<string>();
  for (const [i, cell] of header.entries()) {
    const name = cell?.trim() || `column_${i + 1}`;
    let distinct = name === "__proto__" ? "column___proto__" : name;
    for (let count = 2; names.has(distinct); count++) distinct = `${name}_${count}`;
    names.add(distinct);
  }
  return [...names];
}

function shown(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
