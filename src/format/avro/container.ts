import { DecodeError, DecodeLimitError, NewerPayloadError } from "../../errors/format-errors.ts";
import { sha256Hex } from "../../util/digest/sha256.ts";
import { decodedBytesAllowed } from "../decode-budget.ts";
import type { DecodeLimits } from "../format.ts";
import { type AvroCodec, compressBlock, loadExpand } from "./codecs.ts";
import { AvroReader, createNodeBudget } from "./decode-avro.ts";
import { AvroWriter } from "./encode-avro.ts";
import { AvroSchemaError, parseSchemaText } from "./parse-schema.ts";
import type { AvroLongs, AvroType } from "./schema.ts";

const MAGIC = "Obj\u0001";
const VERSION = 1;
/** A higher byte after "Obj" is not a version: the file is text that begins with these letters. */
const MAX_VERSION = 32;
const SYNC_BYTES = 16;
const BLOCK_BYTES = 256 * 1024;

const META: AvroType = { kind: "map", values: { kind: "bytes" } };

/**
 * Encodes a container file. The same records give the same bytes: the marker between blocks is a
 * digest of the schema, where Avro suggests a random one.
 */
export async function writeContainer(
  records: readonly unknown[],
  type: AvroType,
  { schema, codec, longs }: { readonly schema: string; readonly codec: AvroCodec; readonly longs: AvroLongs },
): Promise<{ readonly written: readonly Uint8Array[]; readonly nodes: number; readonly contentBytes: number }> {
  const sync = new Uint8Array(Buffer.from(sha256Hex(schema), "hex").subarray(0, SYNC_BYTES));
  const head = new AvroWriter(longs);
  head.write({ "avro.schema": new TextEncoder().encode(schema), "avro.codec": new TextEncoder().encode(codec) }, META);
  const written: Uint8Array[] = [new TextEncoder().encode(MAGIC), head.take(), sync];
  const writer = new AvroWriter(longs);
  let count = 0;
  let contentBytes = 0;
  const flush = async (): Promise<void> => {
    const content = writer.take();
    contentBytes += content.length;
    const data = codec === "null" ? content : await compressBlock(content);
    head.writeLong(count);
    head.writeLong(data.length);
    written.push(head.take(), data, sync);
    count = 0;
  };
  for (const record of records) {
    writer.write(record, type);
    count += 1;
    if (writer.length >= BLOCK_BYTES) await flush();
  }
  if (count > 0) await flush();
  return { written, nodes: writer.nodes + head.nodes, contentBytes };
}

/** How a container file is read. */
export interface ContainerReading {
  readonly longs: AvroLongs;
  /** Whether dates, times and decimals are read as such, and not as what they are made of. */
  readonly logical?: boolean | undefined;
  /** Gives the type of the records for the schema in the file. */
  readonly resolve: (schema: unknown) => AvroType;
}

/** The records of one block. They are read while they are asked for. */
export interface RecordBlock {
  readonly type: AvroType;
  readonly count: number;
  records(): Iterable<unknown>;
}

/**
 * Decodes the records of a container file.
 *
 * @throws {@link DecodeError}, {@link DecodeLimitError}
 */
export async function readContainer(
  bytes: Uint8Array,
  limits: DecodeLimits,
  reading: ContainerReading,
): Promise<unknown[]> {
  const records: unknown[] = [];
  for await (const block of readBlocks(bytes, limits, reading))
    for (const record of block.records()) records.push(record);
  return records;
}

/**
 * Yields the blocks of a container file, and first of all an empty one, which says the type of a
 * file without records.
 *
 * @throws {@link DecodeError}, {@link DecodeLimitError}
 */
export async function* readBlocks(
  bytes: Uint8Array,
  limits: DecodeLimits,
  { longs, logical = false, resolve }: ContainerReading,
): AsyncGenerator<RecordBlock, void, undefined> {
  if (bytes.length > limits.maxBytes) throw new DecodeLimitError("avro", "maxBytes", limits.maxBytes);
  const budget = createNodeBudget(bytes.length, limits);
  const file = new AvroReader(bytes, { longs, logical }, budget);
  const magic = Buffer.from(file.readRaw(MAGIC.length)).toString("latin1");
  const version = magic.charCodeAt(MAGIC.length - 1);
  if (magic.startsWith("Obj") && version > VERSION && version < MAX_VERSION)
    throw NewerPayloadError.ofRelease("avro", `in version ${version} of Avro's container`);
  if (magic !== MAGIC) throw new DecodeError("avro", "they do not begin as an Avro file");
  const meta = file.read(META) as Record<string, Uint8Array>;
  const codec = meta["avro.codec"] === undefined ? "null" : Buffer.from(meta["avro.codec"]).toString("latin1");
  const expand = await loadExpand(codec, bytes.length, limits);
  const type = resolveFound(meta["avro.schema"], resolve);
  const sync = file.readRaw(SYNC_BYTES);
  yield { type, count: 0, records: () => [] };
  let allowedBytes = decodedBytesAllowed(bytes.length, limits);
  while (!file.isAtEnd) {
    const count = file.readCount();
    const data = file.readBytes();
    if (Buffer.compare(file.readRaw(SYNC_BYTES), sync) !== 0) throw new DecodeError("avro", "a block ends elsewhere");
    const content = await expand(data, allowedBytes);
    allowedBytes -= content.length;
    yield { type, count, records: () => recordsIn(new AvroReader(content, { longs, logical }, budget), type, count) };
    // Lets other work of this process run between two blocks.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function* recordsIn(block: AvroReader, type: AvroType, count: number): Generator<unknown, void, undefined> {
  for (let i = 0; i < count; i++) yield block.read(type);
  if (!block.isAtEnd) throw new DecodeError("avro", "a block holds more than it says");
}

/** Reports a problem of the schema in a file as a problem of the file. */
function resolveFound(bytes: Uint8Array | undefined, resolve: (schema: unknown) => AvroType): AvroType {
  if (bytes === undefined) throw new DecodeError("avro", "they say no schema");
  try {
    return resolve(parseSchemaText(bytes));
  } catch (cause) {
    if (!(cause instanceof AvroSchemaError)) throw cause;
    throw new DecodeError("avro", `their schema is not valid: ${cause.message}`, { cause });
  }
}
