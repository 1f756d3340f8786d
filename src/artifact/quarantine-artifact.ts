import type { Address } from "../address/address.ts";
import type { Store, StorePath } from "../store/store.ts";
import { payloadPath, quarantinePath, recordPath } from "./artifact-paths.ts";
import type { CorruptArtifact } from "./read-outcome.ts";
import { readPayloadFile } from "./read-payload-file.ts";
import { readRecordBytes } from "./read-record-bytes.ts";

/**
 * Set a damaged artifact aside, exactly the one that was judged. Call it under the lease of the address.
 *
 * @returns where its record is now; `undefined` where somebody else has already replaced or removed it.
 */
export async function quarantineArtifact(
  store: Store,
  name: string,
  address: Address,
  judged: CorruptArtifact,
): Promise<StorePath | undefined> {
  const record = recordPath(name, address);
  const file = await readPayloadFile(store, name, address);
  const now = Date.now();
  const aside = quarantinePath(name, `${address}.json`, now);
  if (!(await store.move(record, aside))) return undefined;
  const moved = await readRecordBytes(store, aside);
  if (moved !== undefined && Buffer.compare(moved, judged.recordBytes) !== 0) {
    // A good artifact was published between judging and moving: it goes back, unless the next one is there already.
    await store.createIfAbsent(record, [moved]);
    await store.remove(aside);
    return undefined;
  }
  if (file !== undefined) await store.move(payloadPath(name, file), quarantinePath(name, file, now));
  return aside;
}
