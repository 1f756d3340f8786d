import type { ParquetWriter } from "hyparquet-writer";
import { type Column, type ColumnType, MARK } from "../../table/column.ts";
import { isNumberList } from "../../table/typed-values.ts";
import { encodeLevels } from "./encode-levels.ts";

/** Whether lists are written here, whose numbers lie in memory as they do in a page. */
export function isFloatList(type: ColumnType): boolean {
  return type === "float32[]" || type === "float64[]";
}

/** A page begins when the one before has as many bytes of numbers. */
const PAGE_BYTES = 2 ** 20;

const DATA_PAGE_V2 = 3;
const PLAIN = 0;
/** Heads of fields in Thrift: a number right after the field before, and the struct in field 8. */
const NEXT_I32 = 0x15;
const FIELD_8_STRUCT = 0x5c;
const STOP = 0;

type Chunk = ParquetWriter["row_groups"][number]["columns"][number];
type PageLocation = NonNullable<ParquetWriter["pendingIndexes"][number]["offsetIndex"]>["page_locations"][number];

/**
 * Writes some rows of the columns of lists of floating-point numbers into the row group that has
 * the other columns of these rows. hyparquet-writer would need several objects for each number.
 */
export async function writeFloatLists(
  writer: ParquetWriter,
  columns: readonly Column[],
  start: number,
  end: number,
): Promise<void> {
  const lists = columns.filter(({ type }) => isFloatList(type));
  if (lists.length === 0) return;
  if (lists.length === columns.length) addRowGroup(writer, end - start);
  const group = writer.row_groups.at(-1);
  if (group === undefined) return;
  for (const column of lists) {
    const { chunk, uncompressedBytes, compressedBytes } = writeChunk(writer, column, start, end);
    group.columns.push(chunk);
    group.total_byte_size += BigInt(uncompressedBytes);
    group.total_compressed_size = (group.total_compressed_size ?? 0n) + BigInt(compressedBytes);
  }
  const positions = new Map(columns.map(({ name }, position) => [name, position]));
  const positionOf = ({ meta_data }: Chunk): number => positions.get(meta_data?.path_in_schema[0] ?? "") ?? 0;
  group.columns.sort((a, b) => positionOf(a) - positionOf(b));
  await writer.writer.flush?.();
}

function addRowGroup(writer: ParquetWriter, rowCount: number): void {
  writer.num_rows += BigInt(rowCount);
  writer.row_groups.push({ columns: [], total_byte_size: 0n, num_rows: BigInt(rowCount) });
}

interface WrittenChunk {
  readonly chunk: Chunk;
  readonly uncompressedBytes: number;
  readonly compressedBytes: number;
}

function writeChunk(writer: ParquetWriter, column: Column, start: number, end: number): WrittenChunk {
  const bytes = writer.writer;
  const offset = bytes.offset;
  const page_locations: PageLocation[] = [];
  let valueCount = 0;
  let uncompressedBytes = 0;
  for (const { from, to } of cutPages(column, start, end)) {
    const pageOffset = bytes.offset;
    const page = encodePage(column, from, to);
    const compressed = writer.compressors[writer.codec]?.(page.numbers) ?? page.numbers;
    appendHead(bytes, page, compressed.length, to - from);
    uncompressedBytes += bytes.offset - pageOffset + page.levelBytes + page.numbers.length;
    for (const part of [page.repetition, page.definition, compressed]) bytes.appendBytes(part);
    page_locations.push({
      offset: BigInt(pageOffset),
      compressed_page_size: bytes.offset - pageOffset,
      first_row_index: BigInt(from - start),
    });
    valueCount += page.valueCount;
  }
  const compressedBytes = bytes.offset - offset;
  const chunk: Chunk = {
    file_offset: BigInt(offset),
    meta_data: {
      type: column.type === "float32[]" ? "FLOAT" : "DOUBLE",
      encodings: ["PLAIN", "RLE"],
      path_in_schema: [column.name, "list", "element"],
      codec: writer.codec,
      num_values: BigInt(valueCount),
      total_uncompressed_size: BigInt(uncompressedBytes),
      total_compressed_size: BigInt(compressedBytes),
      data_page_offset: BigInt(offset),
    },
  };
  writer.pendingIndexes.push(page_locations.length > 1 ? { chunk, offsetIndex: { page_locations } } : { chunk });
  return { chunk, uncompressedBytes, compressedBytes };
}

function* cutPages({ values }: Column, start: number, end: number): Generator<{ from: number; to: number }> {
  let from = start;
  let sizeBytes = 0;
  for (let row = start; row < end; row++) {
    const list = values[row];
    sizeBytes += isNumberList(list) ? list.byteLength : 0;
    if (sizeBytes < PAGE_BYTES && row < end - 1) continue;
    yield { from, to: row + 1 };
    from = row + 1;
    sizeBytes = 0;
  }
}

interface Page {
  readonly valueCount: number;
  readonly nullCount: number;
  readonly repetition: Uint8Array;
  readonly definition: Uint8Array;
  readonly levelBytes: number;
  readonly numbers: Uint8Array;
}

/** A row without numbers has one place among the levels, and none among the numbers. */
function encodePage({ type, values, marks }: Column, from: number, to: number): Page {
  const lists = Array.from({ length: to - from }, (_, i) => {
    const list = values[from + i];
    const isNull = marks !== undefined && marks[from + i] !== MARK.present;
    return isNull || !isNumberList(list) ? undefined : list;
  });
  const valueCount = lists.reduce((sum, list) => sum + Math.max(1, list?.length ?? 0), 0);
  const numberCount = lists.reduce((sum, list) => sum + (list?.length ?? 0), 0);
  const present = marks === undefined ? 1 : 2;
  const repetition = new Uint8Array(valueCount).fill(1);
  const definition = new Uint8Array(valueCount).fill(present);
  const numbers = type === "float32[]" ? new Float32Array(numberCount) : new Float64Array(numberCount);
  let place = 0;
  let at = 0;
  for (const list of lists) {
    repetition[place] = 0;
    if (list === undefined) definition[place] = 0;
    else if (list.length === 0) definition[place] = present - 1;
    else numbers.set(list as Float64Array, at);
    place += Math.max(1, list?.length ?? 0);
    at += list?.length ?? 0;
  }
  const encoded = { repetition: encodeLevels(repetition, 1), definition: encodeLevels(definition, present) };
  return {
    ...encoded,
    valueCount,
    nullCount: valueCount - numberCount,
    levelBytes: encoded.repetition.length + encoded.definition.length,
    numbers: new Uint8Array(numbers.buffer),
  };
}

/** Appends the head of a page, in Thrift's compact protocol. */
function appendHead(bytes: ParquetWriter["writer"], page: Page, compressedBytes: number, rowCount: number): void {
  const appendNumbers = (...numbers: readonly number[]): void => {
    for (const number of numbers) {
      bytes.appendUint8(NEXT_I32);
      bytes.appendZigZag(number);
    }
  };
  appendNumbers(DATA_PAGE_V2, page.levelBytes + page.numbers.length, page.levelBytes + compressedBytes);
  bytes.appendUint8(FIELD_8_STRUCT);
  appendNumbers(page.valueCount, page.nullCount, rowCount, PLAIN, page.definition.length, page.repetition.length);
  bytes.appendUint8(STOP);
  bytes.appendUint8(STOP);
}
