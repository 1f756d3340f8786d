import { CompressionUnavailableError } from "../errors/format-errors.ts";

type Zlib = typeof import("node:zlib");

/** The functions of node:zlib for one direction of a compression. */
export interface Code<Result> {
  readonly async: (bytes: Uint8Array, options: object, callback: (error: Error | null, result: Result) => void) => void;
  readonly sync: (bytes: Uint8Array, options?: object) => Result;
}

/**
 * The functions that node:zlib has from Node 22.15 on. They are declared here, since this project
 * compiles with the types of Node 20.
 */
interface ZstdZlib {
  readonly zstdCompress: Code<Uint8Array>["async"];
  readonly zstdCompressSync: Code<Uint8Array>["sync"];
  readonly zstdDecompress: Code<Uint8Array>["async"];
  readonly zstdDecompressSync: Code<Uint8Array>["sync"];
  readonly constants: { readonly ZSTD_c_compressionLevel?: number };
}

function hasZstd(zlib: Zlib): zlib is Zlib & ZstdZlib {
  return "zstdCompress" in zlib && "zstdDecompressSync" in zlib;
}

/** @throws {@link CompressionUnavailableError} on Node before 22.15 */
export function zstdOf(zlib: Zlib, remedy?: string): ZstdZlib {
  if (hasZstd(zlib)) return zlib;
  throw new CompressionUnavailableError("zstd", "22.15 or newer", remedy);
}
