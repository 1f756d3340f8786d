import { codeOf, messageOf } from "../../errors/error-kind.ts";
import { DecodeError, DecodeLimitError, UnsupportedPayloadError } from "../../errors/format-errors.ts";
import { joined } from "../../util/digest/digest.ts";
import { isPromise } from "../../util/is-promise.ts";
import { defaultDecodeLimits } from "../decode-limits.ts";
import { asChunks } from "../encode-payload.ts";
import type { AnyFormat, DecodeLimits } from "../format.ts";
import { isOutOfResources } from "../out-of-resources.ts";
import { type Code, zstdOf, zstdSizeOf } from "../zstd.ts";
import { type CompressionOptions, parseLevel } from "./compression-level.ts";

type Zlib = typeof import("node:zlib");

/**
 * Compresses another format by gzip.
 *
 * @throws RangeError if the level is outside of its scale.
 */
export function gzip<Inner extends AnyFormat>(inner: Inner, options: CompressionOptions = {}): Inner {
  const level = parseLevel("gzip", options);
  return compressed(inner, {
    name: "gzip",
    extension: ".gz",
    compress: (zlib) => ({ async: zlib.gzip, sync: zlib.gzipSync, options: () => ({ level }) }),
    decompress: (zlib) => ({ async: zlib.gunzip, sync: zlib.gunzipSync }),
  });
}

/**
 * Compresses another format by brotli, which makes smaller files than gzip and takes longer.
 *
 * @throws RangeError if the level is outside of its scale.
 */
export function brotli<Inner extends AnyFormat>(inner: Inner, options: CompressionOptions = {}): Inner {
  const level = parseLevel("brotli", options);
  return compressed(inner, {
    name: "brotli",
    extension: ".br",
    compress: (zlib) => ({
      async: zlib.brotliCompress,
      sync: zlib.brotliCompressSync,
      options: ({ length }) => ({
        params: {
          [zlib.constants.BROTLI_PARAM_QUALITY]: level,
          // The hint cannot express a larger size, and does not have to be exact.
          [zlib.constants.BROTLI_PARAM_SIZE_HINT]: Math.min(length, 2 ** 30),
        },
      }),
    }),
    decompress: (zlib) => ({ async: zlib.brotliDecompress, sync: zlib.brotliDecompressSync }),
  });
}

/**
 * Compresses another format by zstd, which is quick.
 *
 * @throws {@link CompressionUnavailableError} on Node before 22.15.
 * @throws RangeError if the level is outside of its scale.
 */
export function zstd<Inner extends AnyFormat>(inner: Inner, options: CompressionOptions = {}): Inner {
  const level = parseLevel("zstd", options);
  zstdOf(loadZlib());
  return compressed(inner, {
    name: "zstd",
    extension: ".zst",
    compress: (zlib) => ({
      async: zstdOf(zlib).zstdCompress,
      sync: zstdOf(zlib).zstdCompressSync,
      options: ({ length }) => ({
        params: { [zstdOf(zlib).constants.ZSTD_c_compressionLevel ?? 100]: level },
        pledgedSrcSize: length,
      }),
    }),
    decompress: (zlib) => ({ async: zstdOf(zlib).zstdDecompress, sync: zstdOf(zlib).zstdDecompressSync }),
    // Node 22 does not notice that a frame is cut off, so the size of the content is compared.
    sizeBytes: zstdSizeOf,
  });
}

interface Compression {
  readonly name: string;
  readonly extension: string;
  compress(zlib: Zlib): Code<Uint8Array> & { options(bytes: Uint8Array): object };
  decompress(zlib: Zlib): Code<unknown>;
  /** Returns the size of the content, if the compressed bytes state it. */
  sizeBytes?(bytes: Uint8Array): number | undefined;
}

/** Below this size, compressing takes less time than handing the work to another thread. */
const SYNC_BELOW_BYTES = 16 * 1024;
/**
 * The most bytes that a synchronous decompression gives. Larger results are decompressed again, by
 * the asynchronous call.
 */
const SYNC_EXPANDED_BYTES = 256 * 1024;

/**
 * Wraps a format. The result takes the same payloads as the inner format, so it has the same type.
 */
function compressed<Inner extends AnyFormat>(inner: Inner, compression: Compression): Inner {
  const id = `${compression.name}(${inner.id})`;
  const finish = (bytes: Uint8Array, small: Uint8Array): readonly Uint8Array[] => {
    // A payload that decoding would refuse by the default limits is not written either.
    if (bytes.length <= allowedBytes(small.length, defaultDecodeLimits)) return [small];
    throw new UnsupportedPayloadError(
      id,
      [],
      `compresses more than ${defaultDecodeLimits.maxRatio} to 1`,
      `Use the format ${inner.id} without compression.`,
    );
  };
  const compress = (chunks: readonly Uint8Array[]): readonly Uint8Array[] | Promise<readonly Uint8Array[]> => {
    const bytes = joined(asChunks(inner.id, chunks));
    const code = compression.compress(loadZlib());
    if (bytes.length < SYNC_BELOW_BYTES) return finish(bytes, code.sync(bytes, code.options(bytes)));
    return call(code.async, bytes, code.options(bytes)).then((small) => finish(bytes, small));
  };
  const outer: AnyFormat = {
    id,
    extension: `${inner.extension}${compression.extension}`,
    inline: "base64",
    check: (payload) => inner.check(payload),
    encode(payload) {
      const encoded = inner.encode(payload);
      return isPromise(encoded) ? encoded.then(compress) : compress(encoded);
    },
    decode(bytes, limits) {
      const expanded = decompress(id, compression, bytes, limits);
      if (isPromise(expanded)) return expanded.then((larger) => inner.decode(larger, limits));
      return inner.decode(expanded, limits);
    },
  };
  return outer as Inner;
}

/** The size up to which any compression ratio is allowed: so little data is harmless. */
const FREE_BYTES = 1024 * 1024;

function allowedBytes(compressedBytes: number, limits: DecodeLimits): number {
  return Math.min(limits.maxBytes, Math.max(FREE_BYTES, compressedBytes * limits.maxRatio));
}

interface Expanded {
  readonly buffer: Uint8Array;
  /** How many bytes of the input belonged to the compressed data. */
  readonly engine: { readonly bytesWritten: number };
}

function call<Result>(code: Code<Result>["async"], bytes: Uint8Array, options: object): Promise<Result> {
  return new Promise((resolve, reject) => {
    code(bytes, options, (error, result) => (error ? reject(error) : resolve(result)));
  });
}

/** Decompresses by one call, since only that bounds the size of the result; streams do not. */
function decompress(
  id: string,
  compression: Compression,
  bytes: Uint8Array,
  limits: DecodeLimits,
): Uint8Array | Promise<Uint8Array> {
  const code = compression.decompress(loadZlib());
  const maxBytes = Math.min(allowedBytes(bytes.length, limits), loadBuffer().constants.MAX_LENGTH);
  const finish = (result: unknown): Uint8Array => {
    const { buffer, engine } = result as Expanded;
    if (engine.bytesWritten !== bytes.length) throw new DecodeError(id, "more bytes follow");
    if (compression.sizeBytes !== undefined && compression.sizeBytes(bytes) !== buffer.length)
      throw new DecodeError(id, "they are cut off");
    // zlib returns views of larger buffers, which would stay in memory as long as the payload.
    return new Uint8Array(buffer);
  };
  const refuse = (cause: unknown): never => refuseExpanded(id, cause, maxBytes, limits);
  if (bytes.length < SYNC_BELOW_BYTES) {
    let result: unknown;
    try {
      const most = Math.min(maxBytes, SYNC_EXPANDED_BYTES);
      result = code.sync(bytes, { maxOutputLength: most, info: true });
    } catch (error) {
      if (!isTooLarge(error) || maxBytes <= SYNC_EXPANDED_BYTES) refuse(error);
    }
    if (result !== undefined) return finish(result);
  }
  return call(code.async, bytes, { maxOutputLength: maxBytes, info: true }).then(finish, refuse);
}

function refuseExpanded(id: string, cause: unknown, maxBytes: number, limits: DecodeLimits): never {
  if (isTooLarge(cause)) {
    const limit = maxBytes < limits.maxBytes ? "maxRatio" : "maxBytes";
    throw new DecodeLimitError(id, limit, limits[limit], { cause });
  }
  // An error without a code does not come from zlib, and says nothing about the bytes.
  if (isOutOfResources(cause) || codeOf(cause) === undefined) throw cause;
  throw new DecodeError(id, messageOf(cause), { cause });
}

function isTooLarge(error: unknown): boolean {
  return codeOf(error) === "ERR_BUFFER_TOO_LARGE";
}

function loadZlib(): Zlib {
  return process.getBuiltinModule("node:zlib");
}

function loadBuffer(): typeof import("node:buffer") {
  return process.getBuiltinModule("node:buffer");
}
