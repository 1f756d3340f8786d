import { codeOf } from "../../errors/error-kind.ts";
import { DecodeError, DecodeLimitError, NewerPayloadError } from "../../errors/format-errors.ts";
import { sha256Hex } from "../../util/digest/sha256.ts";
import { decodedBytesAllowed } from "../decode-budget.ts";
import type { DecodeLimits } from "../format.ts";
import { isOutOfResources } from "../out-of-resources.ts";
import { AvroReader, createNodeBudget } from "./decode-avro.ts";
import { AvroWriter } from "./encode-avro.ts";
import { AvroSchemaError, parseSchemaText } from "./parse-schema.ts";
import type { AvroLongs, AvroType } from "./schema.ts";

/** How blocks are compressed. Every reader of Avro knows both ways. */
export type AvroCodec = "null" | "deflate";

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
    const data = codec === "null" ? content : await compress(content);
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

/**
 * Decodes the records of a container file.
 *
 * @param resolve - gives the type of the records for the schema in the file
 * @throws {@link DecodeError}, {@link DecodeLimitError}
 */
export async function readContainer(
  bytes: Uint8Array,
  limits: DecodeLimits,
  { longs, resolve }: { readonly longs: AvroLongs; readonly resolve: (schema: unknown) => AvroType },
): Promise<unknown[]> {
  if (bytes.length > limits.maxBytes) throw new DecodeLimitError("avro", "maxBytes", limits.maxBytes);
  const budget = createNodeBudget(bytes.length, limits);
  const file = new AvroReader(bytes, longs, budget);
  const magic = Buffer.from(file.readRaw(MAGIC.length)).toString("latin1");
  const version = magic.charCodeAt(MAGIC.length - 1);
  if (magic.startsWith("Obj") && version > VERSION && version < MAX_VERSION)
    throw NewerPayloadError.ofRelease("avro", `in version ${version} of Avro's container`);
  if (magic !== MAGIC) throw new DecodeError("avro", "they do not begin as an Avro file");
  const meta = file.read(META) as Record<string, Uint8Array>;
  const codec = meta["avro.codec"] === undefined ? "null" : Buffer.from(meta["avro.codec"]).toString("latin1");
  if (codec !== "null" && codec !== "deflate")
    throw new DecodeError("avro", `they are compressed by ${JSON.stringify(codec.slice(0, 40))}, which is not read`);
  const type = resolveFound(meta["avro.schema"], resolve);
  const sync = file.readRaw(SYNC_BYTES);
  const records: unknown[] = [];
  let allowedBytes = decodedBytesAllowed(bytes.length, limits);
  while (!file.isAtEnd) {
    const count = file.readCount();
    const data = file.readBytes();
    if (Buffer.compare(file.readRaw(SYNC_BYTES), sync) !== 0) throw new DecodeError("avro", "a block ends elsewhere");
    const content = codec === "null" ? data : await expand(data, allowedBytes, bytes.length, limits);
    allowedBytes -= content.length;
    const block = new AvroReader(content, longs, budget);
    for (let i = 0; i < count; i++) records.push(block.read(type));
    if (!block.isAtEnd) throw new DecodeError("avro", "a block holds more than it says");
    // Lets other work of this process run between two blocks.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return records;
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

type Zlib = typeof import("node:zlib");

function loadZlib(): Zlib {
  return process.getBuiltinModule("node:zlib");
}

function compress(content: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    loadZlib().deflateRaw(content, (error, data) => (error ? reject(error) : resolve(data)));
  });
}

function expand(
  data: Uint8Array,
  maxOutputLength: number,
  fileBytes: number,
  limits: DecodeLimits,
): Promise<Uint8Array> {
  const limit = decodedBytesAllowed(fileBytes, limits) < limits.maxBytes ? "maxRatio" : "maxBytes";
  return new Promise((resolve, reject) => {
    loadZlib().inflateRaw(data, { maxOutputLength: Math.max(1, maxOutputLength) }, (error, content) => {
      if (!error) resolve(new Uint8Array(content));
      else if (codeOf(error) === "ERR_BUFFER_TOO_LARGE")
        reject(new DecodeLimitError("avro", limit, limits[limit], { cause: error }));
      else if (isOutOfResources(error)) reject(error);
      else reject(new DecodeError("avro", `a block cannot be decompressed (${error.message})`, { cause: error }));
    });
  });
}
