import { DecodeError } from "../../errors/format-errors.ts";
import { ThriftReader } from "./thrift-reader.ts";

/** The description of a file at its end: its schema, and where the values of its columns lie. */
export interface ParquetFooter {
  readonly rowCount: number;
  readonly columns: readonly ParquetElement[];
  readonly rowGroups: readonly ParquetRowGroup[];
  /** The metadata that a writer adds under keys of its own. */
  readonly notes: ReadonlyMap<string, string>;
}

/** A column of the schema. */
export interface ParquetElement {
  name: string;
  /** The index of its chunk in each row group. */
  chunkIndex: number;
  /** The number of the physical type, or `undefined` for a column of several chunks. */
  type: number | undefined;
  typeLength: number;
  /** 0 required, 1 optional, 2 repeated. */
  repetition: number;
  childCount: number;
  /** The number of the converted type, the older of the two ways to name a logical type. */
  converted: number | undefined;
  scale: number;
  /** How many digits decimals have at most. */
  precision: number;
  logical: ParquetLogical | undefined;
  /** For a column of lists of plain values: the element of these values. */
  list: ParquetListItem | undefined;
  /** For a column of structs: the elements of their fields. Empty for every other column. */
  fields: readonly ParquetElement[];
  /** The definition level of a value that is there: how many elements down to it are optional. */
  definition: number;
}

/** The values in the lists of a column. */
export interface ParquetListItem {
  readonly element: ParquetElement;
  /** Whether a row may be null instead of a list. */
  readonly isOptional: boolean;
  /** The definition level of a value that is there: below it are an empty list and null. */
  readonly maxDefinition: number;
  /** The lowest definition level of an item; below it the list has no items. */
  readonly itemDefinition: number;
}

/** A logical type in the newer notation: its number in the union, and its parameters. */
export interface ParquetLogical {
  kind: number;
  /** The unit of a time: 1 for milliseconds, 2 for microseconds, 3 for nanoseconds. */
  unit: number;
  bitWidth: number;
  signed: boolean;
  /** Whether a timestamp counts from 1970 in UTC. Otherwise it belongs to no time zone. */
  isUtc: boolean;
}

export interface ParquetRowGroup {
  rowCount: number;
  readonly chunks: readonly ParquetChunk[];
}

/** A column chunk: where the values of a column lie, for one row group. */
export interface ParquetChunk {
  type: number;
  codec: number;
  valueCount: number;
  compressedBytes: number;
  uncompressedBytes: number;
  dataOffset: number;
  dictionaryOffset: number;
  /** Whether the chunk lies in another file, whose name it gives. */
  elsewhere: boolean;
}

/**
 * Decodes the footer of a file.
 *
 * @throws {@link DecodeError}
 */
export function parseParquetFooter(bytes: Uint8Array, sizeBytes: number): ParquetFooter {
  const reader = new ThriftReader(bytes);
  const elements: ParquetElement[] = [];
  const rowGroups: ParquetRowGroup[] = [];
  const notes = new Map<string, string>();
  let rowCount = -1;
  reader.struct({
    2: (type) => reader.list(type, (element) => elements.push(readElement(reader, element))),
    3: (type) => {
      rowCount = reader.int(type);
    },
    4: (type) => reader.list(type, (element) => rowGroups.push(readRowGroup(reader, element))),
    5: (type) => reader.list(type, (element) => notes.set(...readNote(reader, element))),
  });
  const { columns, chunkCount } = columnsOf(elements);
  let sum = 0;
  for (const group of rowGroups) {
    if (!isCount(group.rowCount)) fail("a row group says no number of rows");
    if (group.chunks.length !== chunkCount) fail("a row group has not one chunk for each column");
    for (const chunk of group.chunks) checkChunk(chunk, sizeBytes);
    sum += group.rowCount;
  }
  // Rows of a table without columns are in no row group.
  if (!isCount(rowCount) || (sum !== rowCount && columns.length > 0))
    fail(`they say ${rowCount} rows, and hold ${sum}`);
  return { rowCount, columns, rowGroups, notes };
}

function readElement(reader: ThriftReader, elementType: number): ParquetElement {
  const element: ParquetElement = {
    name: "",
    chunkIndex: -1,
    type: undefined,
    typeLength: 0,
    repetition: 0,
    childCount: 0,
    converted: undefined,
    scale: 0,
    precision: 0,
    logical: undefined,
    list: undefined,
    fields: [],
    definition: 0,
  };
  reader.structOf(elementType, {
    1: (type) => {
      element.type = reader.int(type);
    },
    2: (type) => {
      element.typeLength = reader.int(type);
    },
    3: (type) => {
      element.repetition = reader.int(type);
    },
    4: (type) => {
      element.name = reader.text(type);
    },
    5: (type) => {
      element.childCount = reader.int(type);
    },
    6: (type) => {
      element.converted = reader.int(type);
    },
    7: (type) => {
      element.scale = reader.int(type);
    },
    8: (type) => {
      element.precision = reader.int(type);
    },
    10: (type) => {
      element.logical = readLogical(reader, type);
    },
  });
  return element;
}

/** Reads a logical type. It is a union: exactly one field is set, and its number is the kind. */
function readLogical(reader: ThriftReader, elementType: number): ParquetLogical {
  const logical: ParquetLogical = { kind: 0, unit: 0, bitWidth: 0, signed: true, isUtc: false };
  const kind = (number: number) => (type: number) => {
    logical.kind = number;
    reader.structOf(type, {});
  };
  const unit = (number: number) => (type: number) => {
    logical.unit = number;
    reader.structOf(type, {});
  };
  const time = (number: number) => (type: number) => {
    logical.kind = number;
    reader.structOf(type, {
      1: (isUtc) => {
        logical.isUtc = reader.bool(isUtc);
      },
      2: (union) => reader.structOf(union, { 1: unit(1), 2: unit(2), 3: unit(3) }),
    });
  };
  const plain = [1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16, 17, 18].map((number) => [number, kind(number)] as const);
  reader.structOf(elementType, {
    ...Object.fromEntries(plain),
    7: time(7),
    8: time(8),
    10: (type) => {
      logical.kind = 10;
      reader.structOf(type, {
        1: (width) => {
          logical.bitWidth = reader.int(width);
        },
        2: (signed) => {
          logical.signed = reader.bool(signed);
        },
      });
    },
  });
  return logical;
}

function readRowGroup(reader: ThriftReader, elementType: number): ParquetRowGroup {
  const chunks: ParquetChunk[] = [];
  const group = { rowCount: -1, chunks };
  reader.structOf(elementType, {
    1: (type) => reader.list(type, (element) => chunks.push(readChunk(reader, element))),
    3: (type) => {
      group.rowCount = reader.int(type);
    },
  });
  return group;
}

function readChunk(reader: ThriftReader, elementType: number): ParquetChunk {
  const chunk: ParquetChunk = {
    type: -1,
    codec: -1,
    valueCount: -1,
    compressedBytes: -1,
    uncompressedBytes: -1,
    dataOffset: -1,
    dictionaryOffset: 0,
    elsewhere: false,
  };
  const number = (key: "type" | "codec" | "valueCount" | "compressedBytes" | "uncompressedBytes") => (type: number) => {
    chunk[key] = reader.int(type);
  };
  reader.structOf(elementType, {
    1: (type) => {
      chunk.elsewhere = reader.text(type) !== "";
    },
    3: (type) =>
      reader.structOf(type, {
        1: number("type"),
        4: number("codec"),
        5: number("valueCount"),
        6: number("uncompressedBytes"),
        7: number("compressedBytes"),
        9: (offset) => {
          chunk.dataOffset = reader.int(offset);
        },
        11: (offset) => {
          chunk.dictionaryOffset = reader.int(offset);
        },
      }),
  });
  return chunk;
}

function readNote(reader: ThriftReader, elementType: number): [key: string, value: string] {
  const note: [string, string] = ["", ""];
  reader.structOf(elementType, {
    1: (type) => {
      note[0] = reader.text(type);
    },
    2: (type) => {
      note[1] = reader.text(type);
    },
  });
  return note;
}

/**
 * Finds the columns. The schema is a tree, whose elements follow each other from the root on; a
 * column is an element directly below the root.
 */
function columnsOf(elements: readonly ParquetElement[]): { columns: ParquetElement[]; chunkCount: number } {
  const [root] = elements;
  if (root === undefined) fail("they have no schema");
  const columns: ParquetElement[] = [];
  let at = 1;
  let chunkCount = 0;
  for (let i = 0; i < root.childCount; i++) {
    const column = elements[at];
    if (column === undefined) fail("the schema is cut off");
    column.chunkIndex = chunkCount;
    columns.push(column);
    const first = at;
    for (let pending = 1; pending > 0; pending--) {
      const element = elements[at++];
      if (element === undefined) fail("the schema is cut off");
      // Rejects a count that would make pending negative, and the loop endless.
      if (!isCount(element.childCount) || element.childCount > elements.length) fail("the schema is cut off");
      pending += element.childCount;
      if (element.childCount === 0) chunkCount += 1;
    }
    const chain = elements.slice(first, at);
    column.list = listItemOf(chain);
    column.definition = column.repetition === 1 ? 1 : 0;
    if (column.list === undefined) column.fields = structFieldsOf(chain);
  }
  if (at !== elements.length) fail("the schema goes on after its end");
  return { columns, chunkCount };
}

function structFieldsOf(chain: readonly ParquetElement[]): readonly ParquetElement[] {
  const [column] = chain;
  if (column === undefined) return [];
  const reader = new StructReader(chain, column.chunkIndex);
  const fields = reader.fieldsOf(column);
  // A column that nests deeper is not read, and does not hide the others.
  return reader.isTooDeep ? [] : fields;
}

/** Finds the fields of a column of structs among the elements that follow it. */
class StructReader {
  readonly #elements: readonly ParquetElement[];
  #at = 1;
  #chunk: number;
  isTooDeep = false;

  constructor(elements: readonly ParquetElement[], firstChunk: number) {
    this.#elements = elements;
    this.#chunk = firstChunk;
  }

  fieldsOf({ childCount, definition }: ParquetElement, depth = 0): ParquetElement[] {
    this.isTooDeep ||= depth > MAX_DEPTH;
    if (this.isTooDeep) return [];
    return Array.from({ length: childCount }, () => {
      const field = this.#elements[this.#at++];
      if (field === undefined) return fail("the schema is cut off");
      field.definition = definition + (field.repetition === 1 ? 1 : 0);
      field.chunkIndex = this.#chunk;
      if (field.childCount === 0) this.#chunk += 1;
      field.fields = this.fieldsOf(field, depth + 1);
      return field;
    });
  }
}

/** The deepest structs that are read. */
const MAX_DEPTH = 16;

const REPEATED = 2;
const LIST_CONVERTED = 3;
const LIST_LOGICAL = 3;

/**
 * Recognizes a column of lists by its elements, from the column to its values: a group that is
 * named a list, a repeated group and the values. Older writers leave out the repeated group, or the
 * outer one as well.
 */
function listItemOf(chain: readonly ParquetElement[]): ParquetListItem | undefined {
  const [column, ...below] = chain;
  const element = chain.at(-1);
  if (column === undefined || element === undefined || element.childCount > 0 || chain.length > 3) return undefined;
  const isNamed = column.converted === LIST_CONVERTED || column.logical?.kind === LIST_LOGICAL;
  if (below.length > 0 && (!isNamed || column.repetition === REPEATED)) return undefined;
  const repeated = chain.findIndex(({ repetition }) => repetition === REPEATED);
  const isChain = chain.every(({ childCount }, i) => childCount === (i < chain.length - 1 ? 1 : 0));
  if (!isChain || repeated !== (below.length === 0 ? 0 : 1)) return undefined;
  if (chain.length === 3 && element.repetition === REPEATED) return undefined;
  const levels = chain.map(({ repetition }) => (repetition === 0 ? 0 : 1));
  const sum = (some: readonly number[]): number => some.reduce((total, level) => total + level, 0);
  return {
    element: { ...element, name: column.name, repetition: 0 },
    isOptional: column.repetition === 1,
    maxDefinition: sum(levels),
    itemDefinition: sum(levels.slice(0, repeated + 1)),
  };
}

function checkChunk(chunk: ParquetChunk, sizeBytes: number): void {
  if (chunk.elsewhere) fail("a column lies in another file");
  const { start, end } = rangeOf(chunk);
  if (!isCount(start) || !isCount(chunk.compressedBytes) || end > sizeBytes) fail("a column lies outside of them");
  if (!isCount(chunk.valueCount) || !isCount(chunk.uncompressedBytes)) fail("a column says no number of values");
}

/** Returns the range of a chunk's bytes in the file. */
export function rangeOf(chunk: ParquetChunk): { readonly start: number; readonly end: number } {
  const { dictionaryOffset, dataOffset } = chunk;
  const start = dictionaryOffset > 0 ? Math.min(dictionaryOffset, dataOffset) : dataOffset;
  return { start, end: start + chunk.compressedBytes };
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function fail(problem: string): never {
  throw new DecodeError("parquet", problem);
}
