import type { Store, StorePath } from "../store/store.ts";
import { orAborted } from "../util/concurrency/on-abort.ts";

/** The source could not be read; the destination is not at fault. `cause` has the reason. */
export class SourceFailure extends Error {}

/** Reads a range of an object. */
export type RangeReader = (range: { readonly start: number; readonly end: number }) => Promise<Uint8Array | undefined>;

const PIECE_BYTES = 8 * 1024 * 1024;
const PIECES_AHEAD = 4;

/** An object as a source of chunks, a few of them read ahead. @throws {@link SourceFailure} */
export async function* piecesOf(
  read: RangeReader,
  sizeBytes: number,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const ahead: Promise<Uint8Array>[] = [];
  for (let start = 0; start < sizeBytes || ahead.length > 0; ) {
    for (; start < sizeBytes && ahead.length < PIECES_AHEAD; start += PIECE_BYTES) {
      const piece = readExactly(read, start, Math.min(PIECE_BYTES, sizeBytes - start));
      // This piece may fail while an earlier one is still being written.
      piece.catch(() => {});
      ahead.push(piece);
    }
    const next = ahead.shift();
    if (next !== undefined) yield await orAborted(next, signal);
  }
}

/** Calls {@link piecesOf} for an object of a store. */
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
