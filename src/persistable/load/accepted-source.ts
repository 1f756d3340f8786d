import { acceptedPath } from "../../artifact/layout/artifact-paths.ts";
import { type AcceptedSource, encodeAccepted, parseAccepted } from "../../artifact/provenance/accepted-note.ts";
import type { Store, StoreCallOptions, StorePath } from "../../store/store.ts";

const known = new Set<string>();

/** Whether a user has accepted the change from one source to the other. */
export async function isAccepted(store: Store, change: AcceptedSource, options: StoreCallOptions): Promise<boolean> {
  const path = pathOf(change);
  const key = `${store.url} ${path} ${change.recorded}`;
  if (known.has(key)) return true;
  const bytes = await store.read(path, { ...options, maxBytes: MAX_BYTES });
  if (bytes === undefined || !isOf(bytes, change)) return false;
  known.add(key);
  return true;
}

/**
 * Records that a change of the source does not matter to an artifact. The marker is a file of its
 * own beside the record for each source that is accepted: several processes never overwrite each
 * other's, and a release that does not know it leaves it alone.
 */
export async function acceptSource(store: Store, change: AcceptedSource, options: StoreCallOptions): Promise<void> {
  // An existing marker is replaced: it may be about an earlier artifact of this address.
  await store.replace(pathOf(change), [encodeAccepted(change)], options);
}

/** Removes the marker of {@link acceptSource}. Returns whether there was one. */
export async function unacceptSource(
  store: Store,
  change: AcceptedSource,
  options: StoreCallOptions,
): Promise<boolean> {
  const path = pathOf(change);
  known.delete(`${store.url} ${path} ${change.recorded}`);
  return store.remove(path, options);
}

const MAX_BYTES = 64 * 1024;

function isOf(bytes: Uint8Array, { name, address, recorded, accepted }: AcceptedSource): boolean {
  const note = parseAccepted(bytes);
  const isSame = note?.name === name && note.address === address;
  return isSame && note.recorded === recorded && note.accepted === accepted;
}

function pathOf({ name, address, accepted }: AcceptedSource): StorePath {
  return acceptedPath(name, address, accepted);
}
