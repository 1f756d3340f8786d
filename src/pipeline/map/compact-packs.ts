import type { Address } from "../../address/address.ts";
import type { PackStore } from "./pack-store.ts";

/** Packs that are put together are held in memory, up to this many items and bytes at a time. */
const COMPACTED_ITEMS = 1000;
const COMPACTED_BYTES = 64 * 1024 * 1024;

/** An item whose payload is encoded. */
export interface EncodedItem {
  readonly address: Address;
  readonly chunks: readonly Uint8Array[];
}

/** Writes items into a pack. */
export type WriteItems = (encoded: readonly EncodedItem[], format: string) => Promise<void>;

/** How many packs there were, and are. */
export interface Compacted {
  readonly before: number;
  readonly after: number;
}

/**
 * Put everything that many packs hold into few. They are removed when that is written; a pack in which anything is
 * damaged is set aside instead, with what could not be read of it.
 */
export async function compactPacks(
  packs: PackStore,
  write: WriteItems,
  signal: AbortSignal | undefined,
): Promise<Compacted> {
  const reader = packs.certain();
  await Promise.all([reader.refresh(signal), packs.refresh(signal)]);
  const before = reader.known;
  const count = before.size;
  if (count < 2 && !reader.isDamaged) return { before: count, after: count };
  const byFormat = new Map<string, EncodedItem[]>();
  let sizeBytes = 0;
  const flush = async (): Promise<void> => {
    for (const [format, encoded] of byFormat) await write(encoded, format);
    byFormat.clear();
    sizeBytes = 0;
  };
  for (const part of inParts([...reader.addresses], COMPACTED_ITEMS)) {
    await reader.read(part, signal, (address, bytes, format) => {
      const encoded = byFormat.get(format) ?? [];
      byFormat.set(format, encoded);
      encoded.push({ address, chunks: [bytes] });
      sizeBytes += bytes.length;
      return true;
    });
    if (sizeBytes > COMPACTED_BYTES) await flush();
  }
  await flush();
  await packs.retire(before);
  return { before: count, after: packs.known.size };
}

/** The same in parts, all but the last of this size. */
export function* inParts<Part>(all: readonly Part[], size: number): Generator<readonly Part[]> {
  for (let start = 0; start < all.length; start += size) yield all.slice(start, start + size);
}
