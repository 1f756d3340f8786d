import { orAborted } from "./or-aborted.ts";
import type { Store, StorePath } from "./store.ts";

/** What was to be copied could not be read, which is no fault of the store that it is written to. The reason is its cause. */
export class SourceFailure extends Error {}

/** Reads a range of an object. */
export type RangeReader = (range: { readonly start: number; readonly end: number }) => Promise<Uint8Array | undefined>;

const PIECE_BYTES = 8 * 1024 * 1024;

/** An object as a source of chunks, read ahead by one of them. @throws {@link SourceFailure} */
export async function* piecesOf(
  read: RangeReader,
  sizeBytes: number,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const readPiece = (start: number): Promise<Uint8Array> => {
    const piece = readExactly(read, start, Math.min(PIECE_BYTES, sizeBytes - start));
    // It may fail while the one before it is still being written.
    piece.catch(() => {});
    return piece;
  };
  let next = sizeBytes > 0 ? readPiece(0) : undefined;
  for (let start = 0; next !== undefined; ) {
    const piece = await orAborted(next, signal);
    start += piece.length;
    next = start < sizeBytes ? readPiece(start) : undefined;
    yield piece;
  }
}

/** {@link piecesOf} an object of a store. */
export function piecesIn(
  store: Store,
  path: StorePath,
  sizeBytes: number,
  signal?: AbortSignal,
): AsyncIterable<Uint8Array> {
  return piecesOf((range) => store.read(path, { range, signal }), sizeBytes, signal);
}

async function readExactly(read: RangeReader, start: number, length: number): Promise<Uint8Array> {
  let bytes: Uint8Array | undefined;
  try {
    bytes = await read({ start, end: start + length });
  } catch (cause) {
    throw new SourceFailure("the object could not be read", { cause });
  }
  if (bytes?.length !== length) throw new SourceFailure("the object was cut short or removed meanwhile");
  return bytes;
}
