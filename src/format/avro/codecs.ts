import { codeOf, messageOf } from "../../errors/error-kind.ts";
import { DecodeError, DecodeLimitError } from "../../errors/format-errors.ts";
import { decodedBytesAllowed } from "../decode-budget.ts";
import type { DecodeLimits } from "../format.ts";
import { isOutOfResources } from "../out-of-resources.ts";
import { expandSnappy } from "../snappy.ts";
import { type ExpandSync, loadExpandZstd } from "../zstd.ts";

/** How blocks are compressed. Every reader of Avro knows both ways. */
export type AvroCodec = "null" | "deflate";

/** Decompresses the data of a block into at most `maxBytes` bytes. */
export type ExpandBlock = (data: Uint8Array, maxBytes: number) => Promise<Uint8Array>;

/** The bytes of the checksum after a block that is compressed by Snappy. */
const CHECKSUM_BYTES = 4;

/**
 * Returns the function that decompresses the blocks of a file.
 *
 * @throws {@link DecodeError} for a codec that is not read; {@link CompressionUnavailableError}
 */
export async function loadExpand(codec: string, fileBytes: number, limits: DecodeLimits): Promise<ExpandBlock> {
  const zlib = loadZlib();
  switch (codec) {
    case "null":
      return (data) => Promise.resolve(data);
    case "deflate":
      return guarded(fileBytes, limits, (data, options, done) => zlib.inflateRaw(data, options, done));
    case "zstandard":
      return guardedSync(fileBytes, limits, await loadExpandZstd());
    case "snappy":
      return guardedSync(fileBytes, limits, (data, { maxOutputLength }) => expandChecked(data, maxOutputLength));
    default:
      throw new DecodeError(
        "avro",
        `they are compressed by ${JSON.stringify(codec.slice(0, 40))}, which is not read; null, deflate, snappy and zstandard are`,
      );
  }
}

export function compressBlock(content: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    loadZlib().deflateRaw(content, (error, data) => (error ? reject(error) : resolve(data)));
  });
}

type Expand = (
  data: Uint8Array,
  options: { readonly maxOutputLength: number },
  done: (error: Error | null, content: Uint8Array) => void,
) => void;

function guardedSync(fileBytes: number, limits: DecodeLimits, expand: ExpandSync): ExpandBlock {
  return guarded(fileBytes, limits, (data, options, done) => done(null, expand(data, options)));
}

function guarded(fileBytes: number, limits: DecodeLimits, expand: Expand): ExpandBlock {
  const limit = decodedBytesAllowed(fileBytes, limits) < limits.maxBytes ? "maxRatio" : "maxBytes";
  const failureOf = (error: unknown): unknown => {
    if (codeOf(error) === "ERR_BUFFER_TOO_LARGE")
      return new DecodeLimitError("avro", limit, limits[limit], { cause: error });
    if (isOutOfResources(error)) return error;
    return new DecodeError("avro", `a block cannot be decompressed (${messageOf(error)})`, { cause: error });
  };
  return async (data, maxBytes) => {
    try {
      const options = { maxOutputLength: Math.max(1, maxBytes) };
      const content = await new Promise<Uint8Array>((resolve, reject) => {
        expand(data, options, (error, result) => (error ? reject(error) : resolve(result)));
      });
      return new Uint8Array(content.buffer, content.byteOffset, content.length);
    } catch (cause) {
      throw failureOf(cause);
    }
  };
}

/** Decompresses a block of Snappy, and compares the checksum behind it. */
function expandChecked(data: Uint8Array, maxBytes: number): Uint8Array {
  if (data.length < CHECKSUM_BYTES) throw new Error("its checksum is missing");
  const end = data.length - CHECKSUM_BYTES;
  const content = expandSnappy(data.subarray(0, end), maxBytes);
  const checksum = new DataView(data.buffer, data.byteOffset).getUint32(end);
  if (loadZlib().crc32(content) !== checksum) throw new Error("its checksum is wrong");
  return content;
}

function loadZlib(): typeof import("node:zlib") {
  return process.getBuiltinModule("node:zlib");
}
