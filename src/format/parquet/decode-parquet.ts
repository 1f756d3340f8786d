import { DecodeError, DecodeLimitError } from "../../errors/format-errors.ts";
import { type Column, MARK, makeColumn } from "../../table/column.ts";
import { ColumnTable } from "../../table/column-table.ts";
import { recordsOfColumns } from "../../table/struct-columns.ts";
import { fillerOf, isNumberListType } from "../../table/typed-values.ts";
import { at } from "../../util/at.ts";
import { type Budget, createBudget } from "../decode-budget.ts";
import type { DecodeLimits, TableSelection } from "../format.ts";
import { assertHeld } from "../instants.ts";
import type { PayloadSource } from "../payload-source.ts";
import { COLUMN_ARRAYS, cellsOfType, isNumericColumnType, rowBytesOf } from "../tabular/column-arrays.ts";
import { resolveSelection } from "../tabular/table-selection.ts";
import { columnReadingOf } from "./column-conversion.ts";
import type { ColumnReading, ParquetField } from "./column-reading.ts";
import { fillLists } from "./fill-lists.ts";
import { type ColumnFill, fillPage } from "./fill-rows.ts";
import { type ParquetChunk, type ParquetElement, type ParquetFooter, parseParquetFooter, rangeOf } from "./footer.ts";
import { readNote } from "./note.ts";
import { loadExpand } from "./page-compression.ts";
import { type PageReading, readPages } from "./pages.ts";

/**
 * The first read takes this much of the end of a file, which holds the whole footer of most files.
 */
const TAIL_BYTES = 16 * 1024;
/** The length of the footer, and the magic number. */
const TRAILER_BYTES = 8;
/** A page may expand to this size from any number of bytes. */
const FREE_PAGE_BYTES = 1024 * 1024;

type ParquetSource = Pick<PayloadSource, "sizeBytes" | "read">;

/**
 * Reads a table, or a part of one. It reads only the footer, and the column chunks of the row
 * groups that are asked for.
 *
 * @throws {@link DecodeError}, {@link DecodeLimitError}
 * @throws {@link MissingPeerError} for a file that snappy compressed, if `hyparquet` is not
 * installed
 */
export async function readParquet(
  source: ParquetSource,
  selection: TableSelection,
  limits: DecodeLimits,
): Promise<ColumnTable> {
  const footer = await readFooter(source);
  const { marked, isPlaceheld } = readNote(footer, limits);
  const elements = isPlaceheld ? [] : footer.columns;
  const names = elements.map(({ name }) => name);
  const { columnIndexes, start, end } = resolveSelection("parquet", names, footer.rowCount, selection);
  const readings = columnIndexes.map((i) => {
    const element = at(elements, i);
    return { element, reading: columnReadingOf(element) };
  });
  const budget = createBudget("parquet", source.sizeBytes, limits);
  reserve(readings, end - start, budget, limits);
  const leaves = readings.flatMap(leavesOf);
  const fills = leaves.map(({ element, reading }) =>
    createFill(element, reading, end - start, marked.has(element.name)),
  );
  const pages = createBudget("parquet", source.sizeBytes, limits);
  let groupStart = 0;
  for (const group of footer.rowGroups) {
    const from = Math.max(start - groupStart, 0);
    const to = Math.min(end - groupStart, group.rowCount);
    if (from < to) {
      const read = leaves.flatMap(({ element, reading }, i) =>
        reading.isNull === true
          ? []
          : [
              {
                element,
                reading,
                fill: at(fills, i),
                chunk: at(group.chunks, element.chunkIndex),
              },
            ],
      );
      const bytes = await Promise.all(read.map(({ chunk }) => readRange(source, rangeOf(chunk))));
      for (const [i, { element, reading, fill, chunk }] of read.entries()) {
        const how = await pageReadingOf(element, chunk, group.rowCount, limits, pages);
        const { list } = element;
        if (list !== undefined && reading.item !== undefined && isNumberListType(reading.type)) {
          const filling = { fill, type: reading.type, list, item: reading.item, pages: how };
          const window = { from, to, at: groupStart - start };
          fillLists(at(bytes, i), chunk, group.rowCount, filling, window, { budget, limits });
          continue;
        }
        for (const page of readPages(at(bytes, i), group.rowCount, { start: from, end: to }, how))
          fillPage(fill, page, reading, { from, to, at: groupStart - start }, { budget, limits });
      }
    }
    groupStart += group.rowCount;
  }
  const filled = new Map(leaves.map(({ element }, i) => [element, at(fills, i)]));
  const columns = readings.map((column) => columnOf(column, filled, start, marked.has(column.element.name)));
  return new ColumnTable(columns, end - start);
}

/** The columns that lie in chunks of their own: a column itself, or the fields of its structs. */
function leavesOf(column: ParquetField): ParquetField[] {
  return column.reading.fields?.flatMap(leavesOf) ?? [column];
}

/** Makes a column of what was read of its chunks. */
function columnOf(
  { element, reading }: ParquetField,
  filled: ReadonlyMap<ParquetElement, ColumnFill>,
  firstRow: number,
  isMarked: boolean,
): Column {
  const { name, definition } = element;
  if (reading.fields === undefined) {
    const {
      column: { values },
      marks,
    } = leafOf(element, filled);
    const column = makeColumn(name, reading.type, values, marks);
    assertHeld("parquet", column, firstRow);
    return column;
  }
  const fields = reading.fields.map((field) => columnOf(field, filled, firstRow, false));
  // Every field says from which level on its structs are there. A level of 1 is a mark.
  const first = leavesOf({ element, reading })[0]?.element ?? element;
  const { levels, marks: nulls, column } = leafOf(first, filled);
  const isNull = (row: number): boolean =>
    (levels?.[row] ?? (nulls?.[row] === MARK.null ? 0 : first.definition)) < definition;
  const records = recordsOfColumns(fields, column.values.length, isNull);
  const marks = Uint8Array.from(records, (record) => (record === undefined ? MARK.null : MARK.present));
  return makeColumn(name, reading.type, records, isMarked || marks.includes(MARK.null) ? marks : undefined);
}

function leafOf(element: ParquetElement, filled: ReadonlyMap<ParquetElement, ColumnFill>): ColumnFill {
  const fill = filled.get(element);
  if (fill === undefined) throw new DecodeError("parquet", `column ${element.name} has no fields`);
  return fill;
}

async function readFooter(source: ParquetSource): Promise<ParquetFooter> {
  const { sizeBytes } = source;
  if (sizeBytes < 4 + TRAILER_BYTES) throw new DecodeError("parquet", `${sizeBytes} bytes are too few`);
  const tailStart = Math.max(0, sizeBytes - TAIL_BYTES);
  const tail = await readRange(source, { start: tailStart, end: sizeBytes });
  const trailer = new DataView(tail.buffer, tail.byteOffset + tail.length - TRAILER_BYTES, TRAILER_BYTES);
  if (trailer.getUint32(4, true) !== 0x31524150)
    throw new DecodeError("parquet", "they do not end as Parquet files do, with PAR1");
  const end = sizeBytes - TRAILER_BYTES;
  const start = end - trailer.getUint32(0, true);
  if (start < 4) throw new DecodeError("parquet", "the footer is larger than all of them");
  const bytes =
    start >= tailStart ? tail.subarray(start - tailStart, end - tailStart) : await readRange(source, { start, end });
  return parseParquetFooter(bytes, start);
}

async function readRange(
  source: ParquetSource,
  { start, end }: { readonly start: number; readonly end: number },
): Promise<Uint8Array> {
  const bytes = await source.read(start, end);
  if (bytes.length !== end - start)
    throw new DecodeError("parquet", `they end after ${start + bytes.length} bytes, where ${end} are needed`);
  return bytes;
}

/**
 * Counts the rows against the limits before anything is allocated: a few bytes can claim many rows.
 */
function reserve(columns: readonly ParquetField[], rowCount: number, budget: Budget, limits: DecodeLimits): void {
  const listed = columns.reduce((sum, { reading }) => sum + cellsOfType(reading.type).listed, 0);
  if ((columns.length === 0 ? rowCount : listed * rowCount) > limits.maxNodes)
    throw new DecodeLimitError("parquet", "maxNodes", limits.maxNodes);
  for (const { element, reading } of columns)
    budget.take(rowCount * (rowBytesOf(reading.type) + (element.repetition === 1 || reading.isNull === true ? 1 : 0)));
}

function createFill(
  { name, definition }: ParquetElement,
  { type, isNull }: ColumnReading,
  rowCount: number,
  isMarked: boolean,
): ColumnFill {
  const values = isNumericColumnType(type)
    ? new COLUMN_ARRAYS[type](rowCount)
    : new Array<unknown>(rowCount).fill(fillerOf(type));
  const marks =
    isMarked || isNull === true ? new Uint8Array(rowCount).fill(isNull === true ? MARK.null : 0) : undefined;
  const levels = definition > 1 ? new Uint8Array(rowCount).fill(definition) : undefined;
  return { column: { name, type, values }, marks, levels };
}

async function pageReadingOf(
  element: ParquetElement,
  chunk: ParquetChunk,
  rowCount: number,
  limits: DecodeLimits,
  budget: Budget,
): Promise<PageReading> {
  const problem = (what: string): DecodeError => new DecodeError("parquet", `column ${element.name} ${what}`);
  const { type, typeLength } = element.list?.element ?? element;
  if (chunk.type !== type) throw problem("has another type in a row group than in the schema");
  // An empty list counts as a value.
  if (element.list === undefined ? chunk.valueCount !== rowCount : chunk.valueCount < rowCount)
    throw problem(`has ${chunk.valueCount} values in ${rowCount} rows`);
  const expand = await loadExpand(chunk.codec, element.name);
  return {
    physical: { type: chunk.type, length: typeLength },
    maxDefinition: element.definition,
    budget,
    expand(bytes, sizeBytes) {
      createBudget("parquet", bytes.length, limits, FREE_PAGE_BYTES).take(sizeBytes);
      budget.take(sizeBytes);
      return expand(bytes, sizeBytes);
    },
  };
}
