import { DecodeError } from "../../errors/format-errors.ts";
import { MARK, type NumberList, type NumberListType } from "../../table/column.ts";
import { joinNumbers, numberLists } from "../../table/typed-values.ts";
import type { ColumnReading, ConvertContext, LogicalValues } from "./column-reading.ts";
import { decodeHybrid, type PhysicalValues } from "./encodings.ts";
import { type ColumnFill, gather, type RowWindow, writable } from "./fill-rows.ts";
import type { ParquetChunk, ParquetListItem } from "./footer.ts";
import {
  DATA_PAGE,
  DATA_PAGE_V2,
  DICTIONARY_PAGE,
  decodeDictionary,
  decodePage,
  expandPage,
  type PageHead,
  type PageReading,
  prefixOf,
  RLE,
  readHead,
} from "./pages.ts";

/** How the lists of a column are read, and where they go. */
export interface ListFilling {
  readonly fill: ColumnFill;
  readonly type: NumberListType;
  readonly list: ParquetListItem;
  /** How the numbers in the lists are read. */
  readonly item: ColumnReading;
  readonly pages: PageReading;
}

/** The bytes that the levels of one value take in memory. */
const LEVEL_BYTES = 2;

/** Returns how many bytes the lists of a column chunk may take at most. */
export function listBytesOf(type: NumberListType, valueCount: number): number {
  return valueCount * (numberLists[type].BYTES_PER_ELEMENT + LEVEL_BYTES);
}

/**
 * Reads the lists of a column chunk, and copies those in the window to their rows of the column.
 * Each list is a typed array of its own.
 */
export function fillLists(
  bytes: Uint8Array,
  chunk: ParquetChunk,
  rowCount: number,
  filling: ListFilling,
  window: RowWindow,
  context: ConvertContext,
): void {
  // A few bytes can claim that a chunk has a huge number of levels. So the budget is charged for
  // all of them before they are read.
  context.budget.take(listBytesOf(filling.type, chunk.valueCount));
  const lists = new ListRows(rowCount, filling.list);
  const pieces: LogicalValues[] = [];
  for (const { levels, values } of listPages(bytes, chunk, filling, context)) {
    lists.add(levels);
    pieces.push(values);
  }
  const items = joinNumbers(filling.type, pieces);
  placeLists(filling.fill, lists.finish(), items, window);
}

interface Levels {
  readonly repetition: Uint8Array;
  readonly definition: Uint8Array;
}

function* listPages(
  bytes: Uint8Array,
  { valueCount }: ParquetChunk,
  { item, list, pages }: ListFilling,
  context: ConvertContext,
): Generator<{ readonly levels: Levels; readonly values: LogicalValues }> {
  let dictionary: PhysicalValues | undefined;
  let offset = 0;
  for (let done = 0; done < valueCount; ) {
    const { head, bodyStart } = readHead(bytes, offset);
    offset = bodyStart + head.compressedBytes;
    const body = bytes.subarray(bodyStart, offset);
    if (head.type === DICTIONARY_PAGE) dictionary = decodeDictionary(body, head, pages);
    if (head.type !== DATA_PAGE && head.type !== DATA_PAGE_V2) continue;
    if (head.valueCount > valueCount - done) fail("a column has more values than it says");
    done += head.valueCount;
    const { levels, values } = splitPage(body, head, list, pages);
    const present = new Uint8Array(levels.definition.length);
    for (let i = 0; i < present.length; i++) present[i] = levels.definition[i] === list.maxDefinition ? 1 : 0;
    const page = decodePage({ present, values }, head, dictionary, pages);
    if (page.dictionary === undefined) {
      yield { levels, values: item.convert(page.values, context) };
      continue;
    }
    const indexes = page.values;
    if (!(indexes instanceof Int32Array || indexes instanceof Uint8Array)) fail("a page has no indexes");
    yield { levels, values: gather(item.convert(page.dictionary, context), indexes) };
  }
}

/** Splits a page into the levels of its values and the bytes of the values themselves. */
function splitPage(
  body: Uint8Array,
  head: PageHead,
  { maxDefinition }: ParquetListItem,
  pages: PageReading,
): { readonly levels: Levels; readonly values: Uint8Array } {
  const levelsOf = (bytes: Uint8Array, most: number): Uint8Array => {
    const levels = new Uint8Array(decodeHybrid(bytes, most > 1 ? 2 : 1, head.valueCount));
    for (const level of levels) if (level > most) fail("a level is higher than its column is deep");
    return levels;
  };
  if (head.type === DATA_PAGE) {
    if (head.levelEncoding !== RLE) fail("the levels of a page are in an unknown encoding");
    const bytes = expandPage(body, head, pages);
    const repetitionEnd = 4 + prefixOf(bytes);
    const rest = bytes.subarray(repetitionEnd);
    const definitionEnd = 4 + prefixOf(rest);
    const repetition = levelsOf(bytes.subarray(4, repetitionEnd), 1);
    const definition = levelsOf(rest.subarray(4, definitionEnd), maxDefinition);
    return { levels: { repetition, definition }, values: rest.subarray(definitionEnd) };
  }
  const { definitionBytes, repetitionBytes } = head;
  const size = definitionBytes + repetitionBytes;
  if (!(repetitionBytes >= 0 && definitionBytes >= 0) || size > body.length || size > head.expandedBytes)
    fail("a page says more bytes of levels than it has");
  const repetition = levelsOf(body.subarray(0, repetitionBytes), 1);
  const definition = levelsOf(body.subarray(repetitionBytes, size), maxDefinition);
  const values = expandPage(body.subarray(size), head, pages, head.expandedBytes - size);
  return { levels: { repetition, definition }, values };
}

/** The place among all items where the list of each row ends, and the rows that are null. */
interface ListEnds {
  readonly ends: Float64Array;
  readonly isNull: Uint8Array;
}

/** Collects the rows of a column chunk from the levels of its values. */
class ListRows {
  readonly #list: ParquetListItem;
  readonly #ends: Float64Array;
  readonly #isNull: Uint8Array;
  #row = -1;
  #items = 0;

  constructor(rowCount: number, list: ParquetListItem) {
    this.#list = list;
    this.#ends = new Float64Array(rowCount);
    this.#isNull = new Uint8Array(rowCount);
  }

  add({ repetition, definition }: Levels): void {
    const { isOptional, maxDefinition, itemDefinition } = this.#list;
    for (let i = 0; i < repetition.length; i++) {
      const level = definition[i] ?? 0;
      if (repetition[i] === 0) this.#row += 1;
      else if (level < itemDefinition) fail("a list has an item that is none");
      if (this.#row < 0 || this.#row >= this.#ends.length) fail("a column has more lists than there are rows");
      if (level === maxDefinition) this.#items += 1;
      else if (level >= itemDefinition)
        throw new DecodeError(
          "parquet",
          `column ${this.#list.element.name} has lists with null in them, which a list of numbers cannot hold`,
        );
      else if (isOptional && level === 0) this.#isNull[this.#row] = 1;
      this.#ends[this.#row] = this.#items;
    }
  }

  finish(): ListEnds {
    if (this.#row !== this.#ends.length - 1) fail("a column has fewer lists than there are rows");
    return { ends: this.#ends, isNull: this.#isNull };
  }
}

function placeLists(
  fill: ColumnFill,
  { ends, isNull }: ListEnds,
  items: NumberList,
  { from, to, at }: RowWindow,
): void {
  const target = writable(fill.column.values);
  for (let row = from; row < to; row++) {
    if (isNull[row] === 0) target[at + row] = items.slice(row === 0 ? 0 : ends[row - 1], ends[row]);
    else {
      fill.marks ??= new Uint8Array(target.length);
      fill.marks[at + row] = MARK.null;
    }
  }
}

function fail(problem: string): never {
  throw new DecodeError("parquet", problem);
}
