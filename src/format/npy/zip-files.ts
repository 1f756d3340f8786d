import { Inflate, Zip, ZipDeflate, ZipPassThrough } from "fflate/browser";
import { messageOf } from "../../errors/error-kind.ts";
import { DecodeError } from "../../errors/format-errors.ts";
import { isOutOfResources } from "../out-of-resources.ts";
import type { ZipEntry } from "./decode-zip-directory.ts";

/** A file to be written into an archive. */
export interface ZipSource {
  readonly name: string;
  readonly chunks: readonly Uint8Array[];
}

/**
 * The time that every file gets: the earliest day that zip can hold. Zip stores local time, so a
 * local time gives the same bytes in every time zone.
 */
function fixedTime(): Date {
  return new Date(1980, 0, 1, 12);
}
/** Numbers begin at a multiple of this many bytes, so that a view of them needs no copy. */
const ALIGNMENT = 64;
/** The extra field that Android's zipalign pads with: readers know that they may ignore it. */
const PADDING_FIELD = 0xd935;
/** How many bytes are written before other work of the process has its turn. */
const PIECE_BYTES = 8 * 1024 * 1024;

/**
 * Encodes a zip archive. The same files give the same bytes, since it holds neither times nor names
 * of machines. Files that are not compressed are passed on as they are, without a copy.
 */
export async function writeZip(
  files: readonly ZipSource[],
  { compressed }: { readonly compressed: boolean },
): Promise<readonly Uint8Array[]> {
  const written: Uint8Array[] = [];
  let sizeBytes = 0;
  const zip = new Zip((error, chunk) => {
    if (error) throw error;
    written.push(chunk);
    sizeBytes += chunk.length;
  });
  for (const { name, chunks } of files) {
    const file = compressed ? new ZipDeflate(name, { level: 6 }) : new ZipPassThrough(name);
    file.mtime = fixedTime();
    if (!compressed) file.extra = { [PADDING_FIELD]: paddingAt(sizeBytes + 30 + Buffer.byteLength(name) + 4) };
    zip.add(file);
    for (const chunk of chunks) {
      for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
        file.push(chunk.subarray(at, at + PIECE_BYTES), false);
        if (chunk.length > PIECE_BYTES) await turn();
      }
    }
    file.push(new Uint8Array(0), true);
  }
  zip.end();
  return written.filter((chunk) => chunk.length > 0);
}

function paddingAt(offset: number): Uint8Array {
  return new Uint8Array((ALIGNMENT - (offset % ALIGNMENT)) % ALIGNMENT);
}

/**
 * Compressed data goes in pieces of this size: it may expand a thousandfold, and the result of each
 * piece is counted before the next.
 */
const INFLATED_PIECE_BYTES = 32 * 1024;
const INFLATED_BETWEEN_TURNS = 32;

/**
 * Returns the bytes of a file. They take as much memory as the directory says, and not more.
 *
 * @throws {@link DecodeError}
 */
export async function expandEntry(format: string, entry: ZipEntry): Promise<Uint8Array> {
  const { bytes, isDeflated, sizeBytes } = entry;
  if (!isDeflated) return bytes;
  const expanded = new Uint8Array(sizeBytes);
  let length = 0;
  let hasEnded = false;
  const inflate = new Inflate((chunk, final) => {
    if (length + chunk.length > sizeBytes) throw new DecodeError(format, "a file is larger than it says");
    expanded.set(chunk, length);
    length += chunk.length;
    hasEnded = final;
  });
  try {
    let pieces = 0;
    for (let at = 0; at < bytes.length; at += INFLATED_PIECE_BYTES) {
      const end = at + INFLATED_PIECE_BYTES;
      inflate.push(bytes.subarray(at, end), end >= bytes.length);
      pieces += 1;
      if (pieces % INFLATED_BETWEEN_TURNS === 0) await turn();
    }
  } catch (cause) {
    if (cause instanceof DecodeError || isOutOfResources(cause)) throw cause;
    throw new DecodeError(format, `a file cannot be decompressed (${messageOf(cause)})`, { cause });
  }
  if (!hasEnded || length !== sizeBytes) throw new DecodeError(format, "a file is cut off");
  return expanded;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
