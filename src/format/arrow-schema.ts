import { DecodeError } from "../errors/format-errors.ts";
import type { FlatTable } from "./flat-table.ts";

/** Numbers of Arrow's types. */
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
  list: 12,
  struct: 13,
  fixedBinary: 15,
  fixedList: 16,
  map: 17,
  duration: 18,
  largeBinary: 19,
  largeUtf8: 20,
  largeList: 21,
} as const;

/** A column as an Arrow file describes it. */
export interface ArrowField {
  readonly name: string;
  readonly nullable: boolean;
  readonly kind: number;
  /** What belongs to the type: its slots mean different things in each. */
  readonly type: FlatTable | undefined;
  readonly dictionary: ArrowDictionary | undefined;
  /** The name of a type that is stored as this one: `arrow.json`. */
  readonly extension: string | undefined;
  /** How many nodes and buffers of a record batch are its own, and its children's. */
  readonly nodeCount: number;
  readonly bufferCount: number;
}

/** The values are numbers of others, which lie elsewhere. */
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
/** Fields may be nested as deeply, and there may be as many of them: pointers may lead to the same one again and again. */
const MAX_DEPTH = 64;
const MAX_FIELDS = 1_000_000;

/** @throws {@link DecodeError} */
export function parseArrowSchema(schema: FlatTable): ArrowSchema {
  if (schema.int(0, 2) !== 0) throw new DecodeError("arrow", "their numbers are big-endian, which is not read");
  const counter = { fields: 0 };
  return {
    fields: schema.tables(1).map((field) => parseField(field, counter, 0)),
    notes: notesOf(schema, 2),
  };
}

function notesOf(table: FlatTable, slot: number): Map<string, string> {
  return new Map(table.tables(slot).map((note) => [note.text(0) ?? "", note.text(1) ?? ""]));
}

function parseField(field: FlatTable, counter: { fields: number }, depth: number): ArrowField {
  counter.fields += 1;
  if (depth > MAX_DEPTH || counter.fields > MAX_FIELDS)
    throw new DecodeError("arrow", "they have too many columns, or too deep ones");
  const kind = field.int(2, 1);
  const encoding = field.table(4);
  const index = encoding?.table(1);
  const children = encoding === undefined ? field.tables(5).map((child) => parseField(child, counter, depth + 1)) : [];
  return {
    name: field.text(0) ?? "",
    nullable: field.bool(1),
    kind,
    type: field.table(3),
    dictionary:
      encoding === undefined
        ? undefined
        : { id: encoding.int(0, 8), bitWidth: index?.int(0, 4) ?? 32, signed: index?.bool(1) ?? true },
    extension: notesOf(field, 6).get(EXTENSION),
    nodeCount: children.reduce((sum, child) => sum + child.nodeCount, 1),
    bufferCount: children.reduce((sum, child) => sum + child.bufferCount, encoding === undefined ? buffersOf(kind) : 2),
  };
}

/** Its own buffers, the one that tells which rows are null among them. */
function buffersOf(kind: number): number {
  const { binary, utf8, largeBinary, largeUtf8, list, largeList, map, struct, fixedList } = ARROW;
  if (kind === ARROW.null) return 0;
  if (([struct, fixedList] as number[]).includes(kind)) return 1;
  if (([binary, utf8, largeBinary, largeUtf8] as number[]).includes(kind)) return 3;
  if (([list, largeList, map] as number[]).includes(kind)) return 2;
  if (kind >= ARROW.int && kind <= ARROW.duration && kind !== 11 && kind !== 14) return 2;
  throw new DecodeError("arrow", `a column has a type (number ${kind}) that is not read`);
}
