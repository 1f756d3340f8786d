import type { Address } from "../../address/address.ts";
import { recordPath } from "../../artifact/layout/record-path.ts";
import { stampOf } from "../../catalog/file-stamp.ts";
import type { ReadableStore } from "../../store/store.ts";

/**
 * When an artifact was last loaded, or else generated, to the day. `undefined` where the store does
 * not record it.
 */
export function lastUseOf(
  store: ReadableStore,
  { name, address, createdAt = "" }: { name: string; address: Address; createdAt?: string | undefined },
): string | undefined {
  const modifiedMs = stampOf(store, recordPath(name, address))?.modifiedMs;
  if (modifiedMs === undefined) return undefined;
  return new Date(Math.max(modifiedMs, Date.parse(createdAt) || 0)).toISOString();
}
