import {
  CompressionUnavailableError,
  DecodeError,
  DecodeLimitError,
  UnsupportedPayloadError,
} from "../errors/format-errors.ts";
import { defaultDecodeLimits } from "./decode-limits.ts";
import type { AnyFormat, DecodeLimits, Format } from "./format.ts";

type Zlib = typeof import("node:zlib");

/** How hard to compress; each compression has its own scale. */
export interface CompressionOptions {
  /** gzip 0 to 9 (6 by default), brotli 0 to 11 (5 by default), zstd 1 to 22 (3 by default). */
  readonly level?: number;
}

/**
 * Another format, compressed by gzip.
 *
 * @example
 * ```ts
 * definePersistable({ name: "pages", generate: crawl, format: gzip(json()) });
 * ```
 */
export function gzip<Inner extends AnyFormat>(inner: Inner, options: CompressionOptions = {}): Inner {
  const { level = 6 } = options;
  return compressed(inner, {
    name: "gzip",
    extension: ".gz",
    compress: (zlib, bytes) => call(zlib.gzip, bytes, { level }),
    decompress: (zlib, bytes, maxBytes) => expand(zlib.gunzip, bytes, maxBytes),
  });
}

/** Another format, compressed by brotli: smaller and slower than gzip. */
export function brotli<Inner extends AnyFormat>(inner: Inner, options: CompressionOptions = {}): Inner {
  const { level = 5 } = options;
  return compressed(inner, {
    name: "brotli",
    extension: ".br",
    compress: (zlib, bytes) =>
      call(zlib.brotliCompress, bytes, {
        params: { [zlib.constants.BROTLI_PARAM_QUALITY]: level, [zlib.constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
      }),
    decompress: (zlib, bytes, maxBytes) => expand(zlib.brotliDecompress, bytes, maxBytes),
  });
}

/** Another format, compressed by zstd: quick. Needs Node 22.15 or newer; {@link CompressionUnavailableError} elsewhere. */
export function zstd<Inner extends AnyFormat>(inner: Inner, options: CompressionOptions = {}): Inner {
  const { level = 3 } = options;
  if (typeof (loadZlib() as Partial<ZstdZlib>).zstdCompress !== "function")
    throw new CompressionUnavailableError("zstd", "22.15 or newer");
  return compressed(inner, {
    name: "zstd",
    extension: ".zst",
    compress: (zlib, bytes) =>
      call((zlib as unknown as ZstdZlib).zstdCompress, bytes, {
        params: { [(zlib.constants as unknown as Record<string, number>).ZSTD_c_compressionLevel ?? 100]: level },
      }),
    decompress: (zlib, bytes, maxBytes) => expand((zlib as unknown as ZstdZlib).zstdDecompress, bytes, maxBytes),
  });
}

interface ZstdZlib {
  readonly zstdCompress: Code;
  readonly zstdDecompress: Code;
}

type Callback = (error: Error | null, result: unknown) => void;
type Code = (bytes: Uint8Array, options: object, callback: Callback) => void;

interface Compression {
  readonly name: string;
  readonly extension: string;
  compress(zlib: Zlib, bytes: Uint8Array): Promise<unknown>;
  decompress(zlib: Zlib, bytes: Uint8Array, maxBytes: number): Promise<Expanded>;
}

interface Expanded {
  readonly bytes: Uint8Array;
  /** How much of the input belonged to the compressed data. */
  readonly consumed: number;
}

/** What the inner format takes, the compressed one takes too: it keeps the inner format's type. */
function compressed<Inner extends AnyFormat>(given: Inner, compression: Compression): Inner {
  const inner = given as unknown as Format;
  const id = `${compression.name}(${inner.id})`;
  const outer: Format = {
    ...inner,
    id,
    extension: `${inner.extension}${compression.extension}`,
    inline: "base64",
    check: (payload) => inner.check(payload),
    async encode(payload) {
      const bytes = Buffer.concat(await inner.encode(payload));
      const small = (await compression.compress(loadZlib(), bytes)) as Uint8Array;
      // What could not be decompressed within the limits must not be written either.
      if (bytes.length > allowedBytes(small.length, defaultDecodeLimits)) {
        throw new UnsupportedPayloadError(
          id,
          [],
          `compresses more than ${defaultDecodeLimits.maxRatio} to 1`,
          `Use ${inner.id}() without compression.`,
        );
      }
      return [small];
    },
    async decode(bytes, limits) {
      const maxBytes = Math.min(allowedBytes(bytes.length, limits), loadBuffer().constants.MAX_LENGTH);
      return inner.decode(await decompress(id, compression, bytes, maxBytes, limits), limits);
    },
  };
  return outer as unknown as Inner;
}

/** Small data may compress to almost nothing without being a bomb. */
const FREE_BYTES = 1024 * 1024;

function allowedBytes(compressedBytes: number, limits: DecodeLimits): number {
  return Math.min(limits.maxBytes, Math.max(FREE_BYTES, compressedBytes * limits.maxRatio));
}

async function decompress(
  id: string,
  compression: Compression,
  bytes: Uint8Array,
  maxBytes: number,
  limits: DecodeLimits,
): Promise<Uint8Array> {
  let expanded: Expanded;
  try {
    expanded = await compression.decompress(loadZlib(), bytes, maxBytes);
  } catch (cause) {
    if ((cause as { code?: string }).code === "ERR_BUFFER_TOO_LARGE") {
      const byRatio = maxBytes < limits.maxBytes;
      throw new DecodeLimitError(id, byRatio ? "maxRatio" : "maxBytes", byRatio ? limits.maxRatio : limits.maxBytes, {
        cause,
      });
    }
    throw new DecodeError(id, (cause as Error).message, { cause });
  }
  if (expanded.consumed !== bytes.length) throw new DecodeError(id, "more bytes follow");
  // zlib hands out views of larger buffers, which an array on top of it would keep alive.
  return new Uint8Array(expanded.bytes);
}

function call(code: unknown, bytes: Uint8Array, options: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    (code as Code)(bytes, options, (error, result) => (error === null ? resolve(result) : reject(error)));
  });
}

/** One-shot decompression counts what comes out, which streams do not. */
async function expand(code: unknown, bytes: Uint8Array, maxBytes: number): Promise<Expanded> {
  const { buffer, engine } = (await call(code, bytes, { maxOutputLength: maxBytes, info: true })) as {
    buffer: Uint8Array;
    engine: { bytesWritten: number };
  };
  return { bytes: buffer, consumed: engine.bytesWritten };
}

function loadZlib(): Zlib {
  return process.getBuiltinModule("node:zlib");
}

function loadBuffer(): typeof import("node:buffer") {
  return process.getBuiltinModule("node:buffer");
}
