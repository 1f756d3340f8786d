import type { Address } from "../../address/address.ts";
import type { PackStore } from "./pack-store.ts";

/**
 * Compacting reads this many items at a time, and writes a pack as soon as more than this many
 * bytes are in memory.
 */
const COMPACTED_ITEMS = 1000;
const COMPACTED_BYTES = 64 * 1024 * 1024;

/** An item whose payload is encoded. */
export interface EncodedItem {
  readonly address: Address;
  readonly chunks: readonly Uint8Array[];
  /** When it was generated; 0 if that is not known. */
  readonly madeMs?: number;
}

/** Writes items into a pack. */
export type WriteItems = (encoded: readonly EncodedItem[], format: string) => Promise<void>;

/** The number of packs before and after compacting. */
export interface Compacted {
  readonly before: number;
  readonly after: number;
}

/**
 * Writes the items of many packs into few new ones, and then removes the old packs. An old pack in
 * which something is damaged is not removed but set aside, since some of its items could not be
 * read.
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
    await reader.read(part, signal, (address, bytes, format, madeMs) => {
      const encoded = byFormat.get(format) ?? [];
      byFormat.set(format, encoded);
      encoded.push({ address, chunks: [bytes], madeMs });
      sizeBytes += bytes.length;
      return true;
    });
    if (sizeBytes > COMPACTED_BYTES) await flush();
  }
  await flush();
  await packs.retire(before);
  return { before: count, after: packs.known.size };
}

/** Splits a list into parts of this size; the last part may be smaller. */
export function* inParts<Part>(all: readonly Part[], size: number): Generator<readonly Part[]> {
  for (let start = 0; start < all.length; start += size) yield all.slice(start, start + size);
}
