import { DecodeError, DecodeLimitError, NewerPayloadError } from "../../errors/format-errors.ts";
import { type Column, MARK, makeColumn } from "../../table/column.ts";
import { ColumnTable } from "../../table/column-table.ts";
import { recordsOfColumns } from "../../table/struct-columns.ts";
import { at } from "../../util/at.ts";
import { createBudget } from "../decode-budget.ts";
import type { DecodeLimits, TableSelection } from "../format.ts";
import { assertHeld } from "../instants.ts";
import { COLUMN_ARRAYS, cellsOfType, isNumericColumnType, rowBytesOf } from "../tabular/column-arrays.ts";
import { resolveSelection } from "../tabular/table-selection.ts";
import { type ArrowReading, type ArrowStructField, arrowReadingOf } from "./column-conversion.ts";
import { type ArrowContext, type ArrowPart, decodeArrowValues, marksOf } from "./decode-values.ts";
import { type ArrowDictionaries, gatherArrow, indexReadingOf, readArrowDictionaries } from "./dictionaries.ts";
import { expandBuffers } from "./expand-buffers.ts";
import {
  type ArrowPlace,
  type ArrowSource,
  type PlacedArrowBatch,
  readArrowBatch,
  readArrowBuffers,
  readArrowFooter,
} from "./footer.ts";
import { ARROW, type ArrowField } from "./schema.ts";

/**
 * The key in the metadata of a file that this library wrote. In such a file a nullable column was
 * written with marks, and gets marks again even if none of its rows is null.
 */
export const ARROW_NOTE = "persistable-ts";
/** The value under that key. */
export const NOTE_VERSION = 1;

/** A column that is asked for, with its position in the file. */
interface ReadColumn {
  readonly field: ArrowField;
  readonly reading: ArrowReading;
  readonly index: number;
}

interface PlacedBatch {
  readonly batch: PlacedArrowBatch;
  readonly from: number;
  readonly to: number;
  /** The number in the file of the row `from`. */
  readonly firstRow: number;
}

const NO_BYTES = new Uint8Array(0);

/**
 * Reads a table, or a part of one. It reads only the footer, the descriptions of all record
 * batches, and the buffers of the columns and record batches that are asked for. If all rows lie in
 * one record batch, the numbers are views of the bytes.
 *
 * @throws {@link DecodeError}, {@link DecodeLimitError}
 */
export async function readArrow(
  source: ArrowSource,
  selection: TableSelection,
  limits: DecodeLimits,
): Promise<ColumnTable> {
  const footer = await readArrowFooter(source);
  const version = footer.notes.get(ARROW_NOTE);
  if (Number(version) > NOTE_VERSION)
    throw NewerPayloadError.ofRelease("arrow", `with version ${version} of our note in it`);
  const batches = await Promise.all(footer.batches.map((block) => readArrowBatch(source, block, footer.fields)));
  const total = batches.reduce((sum, { rowCount }) => sum + rowCount, 0);
  const names = footer.fields.map(({ name }) => name);
  const { columnIndexes, start, end } = resolveSelection("arrow", names, total, selection);
  const columns = columnIndexes.map((index) => {
    const field = at(footer.fields, index);
    return { field, index, reading: arrowReadingOf(field) };
  });
  const context = { budget: createBudget("arrow", source.sizeBytes, limits), limits };
  const placed = placeBatches(batches, start, end);
  reserve(columns, placed, context);
  const dictionaries = await readArrowDictionaries(
    source,
    footer,
    columns.flatMap(({ field }) => withFields(field)),
    context,
  );
  const isOurs = footer.notes.has(ARROW_NOTE);
  const read = columns.map(async (column) => {
    const parts: ArrowPart[] = [];
    for (const each of placed) parts.push(await readPart(source, column, each, dictionaries, context));
    return joinParts(column, parts, end - start, isOurs && column.field.nullable);
  });
  const columnsRead = await Promise.all(read);
  for (const column of columnsRead) assertHeld("arrow", column, start);
  return new ColumnTable(columnsRead, end - start);
}

/** A column and, for structs, its fields, each of which may have a dictionary. */
function withFields(field: ArrowField): ArrowField[] {
  return [field, ...(field.kind === ARROW.struct ? field.children.flatMap(withFields) : [])];
}

function placeBatches(batches: readonly PlacedArrowBatch[], start: number, end: number): PlacedBatch[] {
  let first = 0;
  const placed: PlacedBatch[] = [];
  for (const batch of batches) {
    const from = Math.max(start - first, 0);
    const to = Math.min(end - first, batch.rowCount);
    if (from < to) placed.push({ batch, from, to, firstRow: first + from });
    first += batch.rowCount;
  }
  return placed;
}

/**
 * Counts what will be read against the limits before anything is allocated. The size of the file
 * does not bound it: several parts of a file may refer to the same bytes, and nulls take no bytes.
 */
function reserve(
  columns: readonly ReadColumn[],
  placed: readonly PlacedBatch[],
  { budget, limits }: ArrowContext,
): void {
  const rowCount = placed.reduce((sum, { batch }) => sum + batch.rowCount, 0);
  const listed = columns.reduce((sum, { reading }) => sum + cellsOfType(reading.type).listed, 0);
  if ((columns.length === 0 ? rowCount : listed * rowCount) > limits.maxNodes)
    throw new DecodeLimitError("arrow", "maxNodes", limits.maxNodes);
  for (const { field, reading } of columns)
    budget.take(rowCount * (rowBytesOf(reading.type) + (field.nullable ? 1 : 0)));
}

async function readPart(
  source: ArrowSource,
  { field, reading, index }: ReadColumn,
  { batch, from, to, firstRow }: PlacedBatch,
  dictionaries: ArrowDictionaries,
  context: ArrowContext,
): Promise<ArrowPart> {
  const place = batch.places[index];
  if (place === undefined)
    throw new DecodeError(
      "arrow",
      `column ${field.name} stands after columns of types that are newer than this reader, and cannot be found`,
    );
  const stored = await readArrowBuffers(source, place.buffers);
  const buffers = await expandBuffers(stored, batch.codec, context.budget);
  const rows = { rowCount: batch.rowCount, from, to, firstRow };
  return decodePart({ field, reading }, place, buffers, rows, dictionaries, context);
}

/** The rows of a record batch that are read, and the number of the first of them in the file. */
interface BatchRows {
  readonly rowCount: number;
  readonly from: number;
  readonly to: number;
  readonly firstRow: number;
}

function decodePart(
  { field, reading }: ArrowStructField,
  place: ArrowPlace,
  buffers: readonly Uint8Array[],
  rows: BatchRows,
  dictionaries: ArrowDictionaries,
  context: ArrowContext,
): ArrowPart {
  const { rowCount, from, to } = rows;
  if (place.nodes[0]?.length !== rowCount)
    throw new DecodeError("arrow", `column ${field.name} has not one value for each row`);
  if (field.dictionary !== undefined) {
    const indexes = decodeArrowValues(indexReadingOf(field.dictionary, field.name), rowCount, buffers, context);
    return gatherArrow(cutPart(indexes, from, to), dictionaries.get(field.dictionary.id), reading, context);
  }
  if (reading.layout !== "struct")
    return cutPart(decodeArrowValues(reading, rowCount, buffers, context, place.nodes[1]?.length), from, to);
  const marks = marksOf(buffers[0] ?? NO_BYTES, rowCount)?.subarray(from, to);
  let next = 1;
  const fields = reading.fields.map((child, i) => {
    const fieldPlace = place.children[i];
    if (fieldPlace === undefined) throw new DecodeError("arrow", `column ${field.name} has fewer fields than it says`);
    const own = buffers.slice(next, next + fieldPlace.buffers.length);
    next += fieldPlace.buffers.length;
    const part = decodePart(child, fieldPlace, own, rows, dictionaries, context);
    // The fields of an absent record hold values without a meaning.
    const fieldMarks = joinNulls(marks, part.marks);
    const column = makeColumn(child.field.name, child.reading.type, part.values, fieldMarks);
    assertHeld("arrow", column, rows.firstRow);
    return column;
  });
  return { values: recordsOfColumns(fields, to - from, (row) => marks?.[row] === MARK.null), marks };
}

function joinNulls(first: Uint8Array | undefined, second: Uint8Array | undefined): Uint8Array | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  return first.map((mark, row) => mark | (second[row] ?? 0));
}

function cutPart({ values, marks }: ArrowPart, from: number, to: number): ArrowPart {
  if (from === 0 && to === values.length) return { values, marks };
  const cut = Array.isArray(values) ? values.slice(from, to) : (values as Float64Array).subarray(from, to);
  return { values: cut, marks: marks?.subarray(from, to) };
}

function joinParts(
  { field, reading }: ReadColumn,
  parts: readonly ArrowPart[],
  rowCount: number,
  isMarked: boolean,
): Column {
  const { name } = field;
  const { type } = reading;
  const [only] = parts;
  let values: ArrayLike<unknown>;
  if (parts.length === 1 && only !== undefined) values = only.values;
  else if (isNumericColumnType(type)) {
    const joined = new COLUMN_ARRAYS[type](rowCount) as Float64Array;
    let at = 0;
    for (const part of parts) {
      joined.set(part.values as ArrayLike<number>, at);
      at += part.values.length;
    }
    values = joined;
  } else values = parts.flatMap((part) => Array.from(part.values));
  return makeColumn(name, type, values, joinMarks(parts, rowCount, isMarked));
}

function joinMarks(parts: readonly ArrowPart[], rowCount: number, isMarked: boolean): Uint8Array | undefined {
  const hasNulls = parts.some(({ marks }) => marks?.includes(MARK.null));
  if (!hasNulls && !isMarked) return undefined;
  const joined = new Uint8Array(rowCount);
  let at = 0;
  for (const { values, marks } of parts) {
    if (marks !== undefined) joined.set(marks, at);
    at += values.length;
  }
  return joined;
}
