import { messageOf } from "../../errors/error-kind.ts";
import { DecodeError } from "../../errors/format-errors.ts";
import { loadParquetReader } from "../../util/peers/peers.ts";
import { expandLz4Block, expandLz4Hadoop } from "../lz4.ts";
import { isOutOfResources } from "../out-of-resources.ts";
import { type ExpandSync, loadExpandZstd, zstdOf } from "../zstd.ts";

/** How the pages of a Parquet file are compressed. Node itself writes all but `snappy`. */
export type ParquetCodec = "uncompressed" | "snappy" | "gzip" | "brotli" | "zstd";

/** Parquet's names of the compressions, by their numbers in the file. */
const CODECS = ["uncompressed", "snappy", "gzip", "lzo", "brotli", "lz4", "zstd", "lz4_raw"] as const;

type Zlib = typeof import("node:zlib");
type CompressCode = (bytes: Uint8Array) => Uint8Array;

/** Decompresses a page into `sizeBytes` bytes, and throws if the result has another size. */
export type Expand = (bytes: Uint8Array, sizeBytes: number) => Uint8Array;

/**
 * Returns the function that decompresses pages.
 *
 * @throws {@link MissingPeerError}, {@link CompressionUnavailableError}, and {@link DecodeError}
 * for a compression that is not read
 */
export async function loadExpand(codecNumber: number, column: string): Promise<Expand> {
  const codec = CODECS[codecNumber];
  const zlib = loadZlib();
  switch (codec) {
    case "uncompressed":
      return (bytes, sizeBytes) => sized(bytes, sizeBytes);
    case "snappy": {
      const { snappyUncompress } = await loadParquetReader();
      return guarded((bytes, { maxOutputLength }) => {
        const expanded = new Uint8Array(maxOutputLength);
        snappyUncompress(bytes, expanded);
        return expanded;
      });
    }
    case "gzip":
      return guarded(zlib.gunzipSync);
    case "brotli":
      return guarded(zlib.brotliDecompressSync);
    case "zstd":
      return guarded(await loadExpandZstd());
    case "lz4_raw":
      return guarded(expandLz4);
    case "lz4":
      // Some writers give this name to blocks without the frame of Hadoop.
      return guarded((bytes, limits) => expandLz4Hadoop(bytes, limits.maxOutputLength) ?? expandLz4(bytes, limits));
    default:
      throw new DecodeError(
        "parquet",
        `column ${column} is compressed by ${codec ?? `codec ${codecNumber}`}, which is not read; snappy, gzip, brotli, zstd and lz4 are. Columns of another compression can be read without it, by readTable`,
      );
  }
}

function expandLz4(bytes: Uint8Array, { maxOutputLength }: { readonly maxOutputLength: number }): Uint8Array {
  const expanded = new Uint8Array(maxOutputLength);
  return expanded.subarray(0, expandLz4Block(bytes, expanded, 0));
}

/**
 * Returns the function that compresses pages, under the name that hyparquet-writer has for it. For
 * snappy the writer has a function of its own.
 *
 * @throws {@link CompressionUnavailableError}
 */
export function compressorsOf(codec: ParquetCodec): { readonly [name: string]: CompressCode } {
  const zlib = loadZlib();
  if (codec === "gzip") return { GZIP: (bytes) => zlib.gzipSync(bytes) };
  if (codec === "brotli") return { BROTLI: (bytes) => zlib.brotliCompressSync(bytes, brotliOptions(zlib, bytes)) };
  if (codec === "zstd") return { ZSTD: zstdOf(zlib, TO_WRITERS).zstdCompressSync };
  return {};
}

/**
 * Sets a medium level: the default is the slowest level, which is meant for files that are served a
 * million times.
 */
function brotliOptions(zlib: Zlib, { length }: Uint8Array): object {
  return {
    params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5, [zlib.constants.BROTLI_PARAM_SIZE_HINT]: length },
  };
}

function guarded(expand: ExpandSync): Expand {
  return (bytes, sizeBytes) => {
    if (sizeBytes === 0) return new Uint8Array(0);
    try {
      return sized(expand(bytes, { maxOutputLength: sizeBytes }), sizeBytes);
    } catch (cause) {
      if (cause instanceof DecodeError || isOutOfResources(cause)) throw cause;
      throw new DecodeError("parquet", `a page is damaged (${messageOf(cause)})`, { cause });
    }
  };
}

function sized(bytes: Uint8Array, sizeBytes: number): Uint8Array {
  if (bytes.length !== sizeBytes)
    throw new DecodeError("parquet", `a page says ${sizeBytes} bytes, and holds ${bytes.length}`);
  // The result must not be a Buffer, whose `slice` would return a view instead of a copy.
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

const TO_WRITERS = "Use the codec snappy, gzip or brotli, or a newer Node.";

function loadZlib(): Zlib {
  return process.getBuiltinModule("node:zlib");
}
