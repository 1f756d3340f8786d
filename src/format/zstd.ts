import { CompressionUnavailableError } from "../errors/format-errors.ts";
import { lazyPart } from "../util/peers/load-part.ts";

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

/**
 * Decompresses frames of zstd. Throws an Error if they are damaged, and one with the code of zlib
 * if they hold more than `maxOutputLength` bytes.
 */
export type ExpandSync = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array;

function hasZstd(zlib: Zlib): zlib is Zlib & ZstdZlib {
  return "zstdCompress" in zlib && "zstdDecompressSync" in zlib;
}

/** @throws {@link CompressionUnavailableError} on Node before 22.15 */
export function zstdOf(zlib: Zlib, remedy?: string): ZstdZlib {
  if (hasZstd(zlib)) return zlib;
  throw new CompressionUnavailableError("zstd", "22.15 or newer", remedy);
}

/**
 * Returns the function that decompresses zstd: the one of Node, which has it from 22.15 on, or else
 * the reference implementation as WebAssembly, which is a part of this library.
 *
 * @throws {@link CompressionUnavailableError} if Node has neither zstd nor WebAssembly
 */
export const loadExpandZstd: () => Promise<ExpandSync> = lazyPart(async () => {
  const zlib = process.getBuiltinModule("node:zlib");
  return hasZstd(zlib) ? zlib.zstdDecompressSync : await loadWasmExpand();
});

/** The decoder's memory has 1 GiB at most, for the compressed bytes and what they hold. */
const MOST_BYTES = 2 ** 29;
/** A frame that holds the byte 0. */
const ONE_BYTE = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, 1, 9, 0, 0, 0);

/**
 * Loads the decoder for a Node that has no zstd.
 *
 * @throws {@link CompressionUnavailableError} without WebAssembly
 */
export async function loadWasmExpand(): Promise<ExpandSync> {
  const { ZSTDDecoder } = await import("zstddec");
  const decoder = new ZSTDDecoder();
  try {
    await decoder.init();
  } catch (cause) {
    throw new CompressionUnavailableError("zstd", "22.15 or newer, or WebAssembly", "Use a newer Node.", { cause });
  }
  return (bytes, { maxOutputLength }) => {
    const statedBytes = zstdSizeOf(bytes) ?? 0;
    if (statedBytes > maxOutputLength) throw new FrameTooLargeError(statedBytes);
    if (Math.max(bytes.length, statedBytes) > MOST_BYTES) throw new Error("more than 512 MiB need Node 22.15 or newer");
    const content = decoder.decode(bytes, Math.min(maxOutputLength, MOST_BYTES));
    if (content.length > 0) return content;
    // The decoder gives no bytes for an error either, but then does not come to the frame behind.
    if (decoder.decode(Buffer.concat([bytes, ONE_BYTE]), 1).length === 1) return content;
    throw new Error("the frame is damaged, or holds more than is allowed");
  };
}

class FrameTooLargeError extends RangeError {
  readonly code = "ERR_BUFFER_TOO_LARGE";

  constructor(statedBytes: number) {
    super(`the frame holds ${statedBytes} bytes`);
  }
}

/**
 * Returns the size of the content, as the head of a zstd frame states it (RFC 8878, 3.1.1.1), and
 * `undefined` if it states none.
 */
export function zstdSizeOf(frame: Uint8Array): number | undefined {
  const descriptor = frame[4] ?? 0;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const start = 5 + (isSingleSegment ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] ?? 0);
  const sizeLength = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  if (sizeLength === 0 || frame.length < start + sizeLength) return undefined;
  let size = 0;
  for (let i = sizeLength - 1; i >= 0; i--) size = size * 256 + (frame[start + i] ?? 0);
  return sizeLength === 2 ? size + 256 : size;
}
