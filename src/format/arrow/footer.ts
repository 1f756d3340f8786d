import { DecodeError } from "../../errors/format-errors.ts";
import type { PayloadSource } from "../payload-source.ts";
import { FlatTable } from "./flatbuffer-reader.ts";
import { ARROW, type ArrowField, type ArrowSchema, parseArrowSchema } from "./schema.ts";

/** The bytes of a file, which can be read in parts. */
export type ArrowSource = Pick<PayloadSource, "sizeBytes" | "read">;

/** The description of a file at its end: its schema, and where its parts lie. */
export interface ArrowFooter extends ArrowSchema {
  readonly dictionaries: readonly ArrowBlock[];
  readonly batches: readonly ArrowBlock[];
}

/**
 * The offsets of a record batch or dictionary in the file: `start` to `bodyStart` is its
 * description, `bodyStart` to `end` has its buffers.
 */
export interface ArrowBlock {
  readonly start: number;
  readonly bodyStart: number;
  readonly end: number;
}

/** A record batch: the same rows of all columns. */
export interface ArrowBatch {
  readonly rowCount: number;
  /** Arrow's number for the compression of the buffers; `undefined` if they are not compressed. */
  readonly codec: number | undefined;
  readonly nodes: readonly { readonly length: number; readonly nullCount: number }[];
  readonly buffers: readonly ArrowExtent[];
  /** For each column of a view type, how many buffers it has besides those that every view has. */
  readonly viewBuffers: readonly number[];
}

export interface ArrowExtent {
  readonly start: number;
  readonly end: number;
}

/** The parts of a record batch that belong to one column. */
export interface ArrowPlace {
  /** The node of the column itself, then those of its children. */
  readonly nodes: ArrowBatch["nodes"];
  readonly buffers: readonly ArrowExtent[];
  /** For a column of structs: the places of its fields among the same nodes and buffers. */
  readonly children: readonly ArrowPlace[];
}

/** A record batch, and which of its parts belong to which column. */
export interface PlacedArrowBatch extends ArrowBatch {
  /** For each column its parts, or `undefined` if they cannot be determined. */
  readonly places: readonly (ArrowPlace | undefined)[];
}

/** A part of a dictionary: values that the indexes in a column stand for. */
export interface ArrowDictionaryBatch {
  readonly id: number;
  readonly isDelta: boolean;
  readonly batch: ArrowBatch;
}

const MAGIC = "ARROW1";
const TRAILER_BYTES = 4 + MAGIC.length;
/**
 * The first read takes this much of the end of a file, which holds the whole footer of most files.
 */
const TAIL_BYTES = 16 * 1024;
/** The most padding between the buffers of a column that is read along with them. */
const GAP_BYTES = 256;
const DICTIONARY_BATCH = 2;
const RECORD_BATCH = 3;

/** @throws {@link DecodeError} */
export async function readArrowFooter(source: ArrowSource): Promise<ArrowFooter> {
  const { sizeBytes } = source;
  if (sizeBytes < 8 + TRAILER_BYTES) fail(`${sizeBytes} bytes are too few`);
  const tailStart = Math.max(0, sizeBytes - TAIL_BYTES);
  const tail = await readArrowRange(source, { start: tailStart, end: sizeBytes });
  if (new TextDecoder("latin1").decode(tail.subarray(-MAGIC.length)) !== MAGIC)
    fail(`they do not end as Arrow files do, with ${MAGIC}`);
  const end = sizeBytes - TRAILER_BYTES;
  const start = end - new DataView(tail.buffer, tail.byteOffset + tail.length - TRAILER_BYTES, 4).getInt32(0, true);
  if (start < 8 || start > end) fail("the footer is larger than all of them");
  const bytes =
    start >= tailStart
      ? tail.subarray(start - tailStart, end - tailStart)
      : await readArrowRange(source, { start, end });
  const footer = FlatTable.root(bytes);
  const schema = footer.table(1);
  if (schema === undefined) fail("they have no schema");
  const dictionaries = blocksOf(footer, 2, start);
  const batches = blocksOf(footer, 3, start);
  refuseOverlap([...dictionaries, ...batches]);
  return { ...parseArrowSchema(schema, footer.int(0, 2)), dictionaries, batches };
}

/**
 * Refuses parts that overlap. Otherwise a file could list the same bytes as many parts, each of
 * which would be read.
 */
function refuseOverlap(blocks: readonly ArrowBlock[]): void {
  let end = 0;
  for (const block of blocks.toSorted((a, b) => a.start - b.start)) {
    if (block.start < end) fail("parts of the table overlap");
    end = block.end;
  }
}

function blocksOf(footer: FlatTable, slot: number, sizeBytes: number): ArrowBlock[] {
  const fields = [
    [0, 8],
    [8, 4],
    [16, 8],
  ] as const;
  return footer.structs(slot, 24, fields).map(([start = -1, headBytes = -1, bodyBytes = -1]) => {
    const bodyStart = start + headBytes;
    const isSound = [start, headBytes - 8, bodyBytes].every((size) => Number.isSafeInteger(size) && size >= 0);
    if (!isSound || bodyStart + bodyBytes > sizeBytes) fail("a part of the table lies outside of them");
    return { start, bodyStart, end: bodyStart + bodyBytes };
  });
}

/** @throws {@link DecodeError} */
export async function readArrowBatch(
  source: ArrowSource,
  block: ArrowBlock,
  fields: readonly ArrowField[],
): Promise<PlacedArrowBatch> {
  const { kind, header } = await readMessage(source, block);
  if (kind !== RECORD_BATCH) fail("a part of the table is something else");
  const batch = parseBatch(header, block);
  return { ...batch, places: placesIn(batch, fields) };
}

/**
 * Finds the nodes and buffers of each column in a record batch. The reader does not know how many
 * buffers a column of an unknown type has. If there is one such column, it has those that remain;
 * if there are several, the parts of the first one and of all columns after it cannot be
 * determined.
 */
function placesIn(batch: ArrowBatch, fields: readonly ArrowField[]): (ArrowPlace | undefined)[] {
  const { nodes, buffers, viewBuffers } = batch;
  const sum = (key: "nodeCount" | "bufferCount" | "viewCount" | "unknownCount"): number =>
    fields.reduce((total, field) => total + field[key], 0);
  const unknownCount = sum("unknownCount");
  const spare = buffers.length - sum("bufferCount") - viewBuffers.reduce((total, count) => total + count, 0);
  const isSound = nodes.length === sum("nodeCount") && viewBuffers.length === sum("viewCount");
  if (!isSound || spare < 0 || (unknownCount === 0 && spare > 0)) fail("a part of the table has other columns");
  const at = { node: 0, buffer: 0, view: 0 };
  let isLost = false;
  const placeOf = (field: ArrowField): ArrowPlace => {
    const { node, buffer, view } = at;
    const views = viewBuffers.slice(view, view + field.viewCount).reduce((total, count) => total + count, 0);
    const count = field.bufferCount + views + (field.unknownCount > 0 ? spare : 0);
    // The own node and buffer of a struct come before those of its fields.
    at.node += 1;
    at.buffer += 1;
    const children = field.kind === ARROW.struct && field.unknownCount === 0 ? field.children.map(placeOf) : [];
    at.node = node + field.nodeCount;
    at.buffer = buffer + count;
    at.view = view + field.viewCount;
    return { nodes: nodes.slice(node, at.node), buffers: buffers.slice(buffer, at.buffer), children };
  };
  return fields.map((field) => {
    isLost ||= field.unknownCount > 0 && unknownCount > 1;
    return isLost ? undefined : placeOf(field);
  });
}

/** @throws {@link DecodeError} */
export async function readArrowDictionary(source: ArrowSource, block: ArrowBlock): Promise<ArrowDictionaryBatch> {
  const { kind, header } = await readMessage(source, block);
  const data = kind === DICTIONARY_BATCH ? header.table(1) : undefined;
  if (data === undefined) fail("a dictionary is something else");
  return { id: header.int(0, 8), isDelta: header.bool(2), batch: parseBatch(data, block) };
}

async function readMessage(source: ArrowSource, block: ArrowBlock): Promise<{ kind: number; header: FlatTable }> {
  const head = await readArrowRange(source, { start: block.start, end: block.bodyStart });
  // Files of Arrow before 0.15 do not have the mark before the length.
  const isMarked = new DataView(head.buffer, head.byteOffset, 4).getInt32(0, true) === -1;
  const message = FlatTable.root(head.subarray(isMarked ? 8 : 4));
  const header = message.table(2);
  if (header === undefined) fail("what describes a part of the table is damaged");
  return { kind: message.int(1, 1), header };
}

function parseBatch(header: FlatTable, { bodyStart, end }: ArrowBlock): ArrowBatch {
  const codec = header.table(3)?.int(0, 1);
  const rowCount = header.int(0, 8);
  const pairs = [
    [0, 8],
    [8, 8],
  ] as const;
  const nodes = header.structs(1, 16, pairs).map(([length = -1, nullCount = -1]) => {
    if (!Number.isSafeInteger(length) || length < 0) fail("a column says no number of values");
    return { length, nullCount };
  });
  const buffers = header.structs(2, 16, pairs).map(([offset = -1, size = -1]) => {
    const start = bodyStart + offset;
    if (!(offset >= 0 && size >= 0 && start + size <= end)) fail("a column lies outside of its part of the table");
    return { start, end: start + size };
  });
  if (!Number.isSafeInteger(rowCount) || rowCount < 0) fail("a part of the table says no number of rows");
  const viewBuffers = header.structs(4, 8, [[0, 8]]).map(([count = -1]) => {
    if (!(count >= 0 && count <= buffers.length)) fail("a column says no number of buffers");
    return count;
  });
  return { rowCount, codec, nodes, buffers, viewBuffers };
}

/**
 * Reads the buffers of a column. Mostly they lie one after the other; then one read gets them all.
 */
export async function readArrowBuffers(source: ArrowSource, buffers: ArrowBatch["buffers"]): Promise<Uint8Array[]> {
  const start = Math.min(...buffers.map((buffer) => buffer.start));
  const end = Math.max(...buffers.map((buffer) => buffer.end));
  const size = buffers.reduce((sum, buffer) => sum + buffer.end - buffer.start, 0);
  if (buffers.length === 0 || end - start > size + GAP_BYTES)
    return await Promise.all(buffers.map((buffer) => readArrowRange(source, buffer)));
  const bytes = await readArrowRange(source, { start, end });
  return buffers.map((buffer) => bytes.subarray(buffer.start - start, buffer.end - start));
}

async function readArrowRange(
  source: ArrowSource,
  { start, end }: { readonly start: number; readonly end: number },
): Promise<Uint8Array> {
  const bytes = await source.read(start, end);
  if (bytes.length !== end - start) fail(`they end after ${start + bytes.length} bytes, where ${end} are needed`);
  // The result must not be a Buffer, whose `slice` would return a view instead of a copy.
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

function fail(problem: string): never {
  throw new DecodeError("arrow", problem);
}
