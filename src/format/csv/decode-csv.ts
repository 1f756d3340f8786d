import { parse } from "csv-parse/sync";
import { messageOf } from "../../errors/error-kind.ts";
import { DecodeError, DecodeLimitError } from "../../errors/format-errors.ts";
import type { Column } from "../../table/column.ts";
import { ColumnBuilder } from "../../table/column-builder.ts";
import { ColumnTable } from "../../table/column-table.ts";
import type { DecodeLimits } from "../format.ts";
import { isOutOfResources } from "../out-of-resources.ts";
import { type CsvColumnType, csvValueOf } from "./csv-cells.ts";
import type { CsvLayout } from "./csv-layout.ts";
import { quotedEmptyCells } from "./quoted-empty-cells.ts";

const NEWLINE = 0x0a;
const QUOTE = 0x22;
/** The byte order mark in UTF-8. */
const MARK: readonly number[] = [0xef, 0xbb, 0xbf];
/** The most characters of a name that a message shows. */
const LONGEST_SHOWN = 40;

/** The texts of one column. Null stands for a cell without any characters, not even quotes. */
interface TextColumn {
  readonly name: string;
  readonly type: CsvColumnType;
  readonly texts: (string | null)[];
}

/**
 * Decodes a table from bytes that may be hostile.
 *
 * @throws {@link DecodeError}, {@link DecodeLimitError}
 */
export function decodeCsv(file: Uint8Array, layout: CsvLayout, limits: DecodeLimits): ColumnTable {
  const bytes = withoutMark(file);
  checkLimits(bytes, layout, limits);
  if (bytes.length === 0) return withoutColumns(layout);
  if (bytes.at(-1) !== NEWLINE) throw new DecodeError("csv", "the last line does not end");
  if (!process.getBuiltinModule("node:buffer").isUtf8(bytes)) throw new DecodeError("csv", "they are not UTF-8");
  let columns: TextColumn[] | undefined;
  try {
    readLines(bytes, layout, (cells) => {
      if (columns === undefined) columns = columnsOf(cells, layout);
      else for (const [i, { texts }] of columns.entries()) texts.push(cells[i] ?? null);
    });
  } catch (cause) {
    if (cause instanceof DecodeError || isOutOfResources(cause)) throw cause;
    throw new DecodeError("csv", messageOf(cause), { cause });
  }
  const rowCount = columns?.[0]?.texts.length ?? 0;
  return new ColumnTable(columns?.map((column) => valuesOf(column)) ?? [], rowCount);
}

/**
 * Removes the byte order mark with which Excel begins a file: it does not belong to the first
 * column's name. A name that begins with one itself was written in quotes.
 */
function withoutMark(file: Uint8Array): Uint8Array {
  if (!startsWithMark(file)) return file;
  const bytes = file.subarray(MARK.length);
  if (startsWithMark(bytes)) throw new DecodeError("csv", "they begin with two byte order marks");
  return bytes;
}

function startsWithMark(bytes: Uint8Array): boolean {
  return MARK.every((byte, i) => bytes[i] === byte);
}

function readLines(bytes: Uint8Array, layout: CsvLayout, take: (cells: readonly (string | null)[]) => void): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const isQuoted = quotedEmptyCells(buffer, layout.delimiter);
  parse(buffer, {
    delimiter: layout.delimiter,
    record_delimiter: ["\r\n", "\n"],
    bom: false,
    on_record: (cells: string[]) => {
      take(cells.map((text) => (text === "" && !isQuoted() ? null : text)));
      return null;
    },
  });
}

function columnsOf(header: readonly (string | null)[], { columns: declared }: CsvLayout): TextColumn[] {
  const names = header.map((name) => name ?? "");
  if (declared === undefined) {
    if (new Set(names).size !== names.length) throw new DecodeError("csv", "two columns have the same name");
    return names.map((name) => ({ name, type: "string", texts: [] }));
  }
  const columns = Array.from(declared, ([name, type]) => ({ name, type, texts: [] }));
  const odd = columns.findIndex(({ name }, i) => name !== names[i]);
  if (odd !== -1)
    throw new DecodeError("csv", `column ${odd + 1} is ${shown(names[odd])}, not ${shown(columns[odd]?.name)}`);
  if (names.length > columns.length)
    throw new DecodeError("csv", `there are ${names.length} columns, and ${columns.length} declared`);
  return columns;
}

function valuesOf({ name, type, texts }: TextColumn): Column {
  const builder = new ColumnBuilder(name, texts.length, type);
  for (const [row, text] of texts.entries()) {
    const value = text === null ? null : csvValueOf(type, text);
    if (value === undefined)
      throw new DecodeError("csv", `${shown(text)} in row ${row} of column ${shown(name)} is not of type ${type}`);
    builder.push(row, value);
  }
  return builder.finish();
}

function withoutColumns({ columns }: CsvLayout): ColumnTable {
  if (columns !== undefined && columns.size > 0) throw new DecodeError("csv", "there is no line of column names");
  return new ColumnTable([], 0);
}

/** Counts the cells before they are parsed: each ends in a delimiter or at the end of a line. */
function checkLimits(bytes: Uint8Array, { delimiter }: CsvLayout, limits: DecodeLimits): void {
  if (bytes.length > limits.maxBytes) throw new DecodeLimitError("csv", "maxBytes", limits.maxBytes);
  if (bytes.length <= limits.maxNodes) return;
  const separator = delimiter.charCodeAt(0);
  let cells = 0;
  let isQuoted = false;
  for (const byte of bytes) {
    if (byte === QUOTE) isQuoted = !isQuoted;
    else if (!isQuoted && (byte === separator || byte === NEWLINE)) cells += 1;
  }
  if (cells > limits.maxNodes) throw new DecodeLimitError("csv", "maxNodes", limits.maxNodes);
}

function shown(text: string | null | undefined): string {
  return JSON.stringify(
    text !== null && text !== undefined && text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text,
  );
}
