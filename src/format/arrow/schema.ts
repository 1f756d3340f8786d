import { DecodeError } from "../../errors/format-errors.ts";
import type { FlatTable } from "./flatbuffer-reader.ts";

/** Arrow's numbers for its types, the union `Type` in its `Schema.fbs`. */
export const ARROW = {
  null: 1,
  int: 2,
  float: 3,
  binary: 4,
  utf8: 5,
  bool: 6,
  decimal: 7,
  date: 8,
  time: 9,
  timestamp: 10,
  interval: 11,
  list: 12,
  struct: 13,
  union: 14,
  fixedBinary: 15,
  fixedList: 16,
  map: 17,
  duration: 18,
  largeBinary: 19,
  largeUtf8: 20,
  largeList: 21,
  runEndEncoded: 22,
  binaryView: 23,
  utf8View: 24,
  listView: 25,
  largeListView: 26,
} as const;

/** Types that are not read, with Arrow's names for them. */
const UNREAD: { readonly [kind: number]: string } = {
  [ARROW.interval]: "Interval",
  [ARROW.union]: "Union",
  [ARROW.runEndEncoded]: "RunEndEncoded",
  [ARROW.listView]: "ListView",
  [ARROW.largeListView]: "LargeListView",
};

/** Returns Arrow's name for a type that is not read. */
export function arrowTypeName(kind: number): string {
  return UNREAD[kind] ?? `number ${kind}, which is newer than this reader`;
}

/** A column as an Arrow file describes it. */
export interface ArrowField {
  readonly name: string;
  readonly nullable: boolean;
  readonly kind: number;
  /** The table with the details of the type. What its slots mean depends on `kind`. */
  readonly type: FlatTable | undefined;
  readonly dictionary: ArrowDictionary | undefined;
  /** The name of an extension type, which is stored as the type `kind`: `arrow.json`. */
  readonly extension: string | undefined;
  readonly children: readonly ArrowField[];
  /** How many nodes and buffers the column and its children have in a record batch. */
  readonly nodeCount: number;
  readonly bufferCount: number;
  /**
   * How many nodes of the column are views. A view has further buffers: each record batch says how
   * many.
   */
  readonly viewCount: number;
  /**
   * How many nodes of the column are of unknown types. How many buffers they have is not known
   * either.
   */
  readonly unknownCount: number;
}

/** Says that the column holds indexes into a dictionary, which has the values. */
export interface ArrowDictionary {
  readonly id: number;
  readonly bitWidth: number;
  readonly signed: boolean;
}

export interface ArrowSchema {
  readonly fields: readonly ArrowField[];
  readonly notes: ReadonlyMap<string, string>;
}

const EXTENSION = "ARROW:extension:name";
/**
 * The deepest nesting of fields, and how many there may be: a hostile file may describe one field
 * and refer to it many times.
 */
const MAX_DEPTH = 64;
const MAX_FIELDS = 1_000_000;

/**
 * The version of Arrow's metadata from which on unions have no buffer that says which rows are
 * null.
 */
const UNIONS_WITHOUT_NULLS = 4;

/**
 * Decodes the schema of a file.
 *
 * @param version - the version of Arrow's metadata, from the footer
 * @throws {@link DecodeError}
 */
export function parseArrowSchema(schema: FlatTable, version: number): ArrowSchema {
  if (schema.int(0, 2) !== 0) throw new DecodeError("arrow", "their numbers are big-endian, which is not read");
  const counter = { fields: 0, version };
  return {
    fields: schema.tables(1).map((field) => parseField(field, counter, 0)),
    notes: notesOf(schema, 2),
  };
}

function notesOf(table: FlatTable, slot: number): Map<string, string> {
  return new Map(table.tables(slot).map((note) => [note.text(0) ?? "", note.text(1) ?? ""]));
}

function parseField(
  field: FlatTable,
  counter: { fields: number; readonly version: number },
  depth: number,
): ArrowField {
  counter.fields += 1;
  if (depth > MAX_DEPTH || counter.fields > MAX_FIELDS)
    throw new DecodeError("arrow", "they have too many columns, or too deep ones");
  const kind = field.int(2, 1);
  const encoding = field.table(4);
  const index = encoding?.table(1);
  const children = encoding === undefined ? field.tables(5).map((child) => parseField(child, counter, depth + 1)) : [];
  const type = field.table(3);
  const own = encoding === undefined ? buffersOf(kind, type, counter.version) : 2;
  const sum = (key: "nodeCount" | "bufferCount" | "viewCount" | "unknownCount", first: number): number =>
    children.reduce((total, child) => total + child[key], first);
  return {
    name: field.text(0) ?? "",
    nullable: field.bool(1),
    kind,
    type,
    dictionary:
      encoding === undefined
        ? undefined
        : { id: encoding.int(0, 8), bitWidth: index?.int(0, 4) ?? 32, signed: index?.bool(1) ?? true },
    extension: notesOf(field, 6).get(EXTENSION),
    children,
    nodeCount: sum("nodeCount", 1),
    bufferCount: sum("bufferCount", own ?? 0),
    viewCount: sum("viewCount", encoding === undefined && isView(kind) ? 1 : 0),
    unknownCount: sum("unknownCount", own === undefined ? 1 : 0),
  };
}

function isView(kind: number): boolean {
  return kind === ARROW.binaryView || kind === ARROW.utf8View;
}

/**
 * Returns how many buffers a column of a type has itself, without its children. The one that says
 * which rows are null counts too. Returns `undefined` for an unknown type.
 */
function buffersOf(kind: number, type: FlatTable | undefined, version: number): number | undefined {
  switch (kind) {
    case ARROW.null:
    case ARROW.runEndEncoded:
      return 0;
    case ARROW.struct:
    case ARROW.fixedList:
      return 1;
    case ARROW.binary:
    case ARROW.utf8:
    case ARROW.largeBinary:
    case ARROW.largeUtf8:
    case ARROW.listView:
    case ARROW.largeListView:
      return 3;
    case ARROW.union:
      // A dense union has a second buffer, with the offset of each value.
      return (version < UNIONS_WITHOUT_NULLS ? 1 : 0) + (type?.int(0, 2) === 1 ? 2 : 1);
    default:
      return kind >= ARROW.int && kind <= ARROW.utf8View ? 2 : undefined;
  }
}
