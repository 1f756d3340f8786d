import type { Address } from "../address/address.ts";
import { MAX_RECORD_BYTES } from "../record/record.ts";
import type { Store, StorePath } from "../store/store.ts";
import { sha256Hex } from "../util/sha256.ts";
import { quarantinePath, recordPath } from "./artifact-paths.ts";
import { movePayloadAside } from "./payload-objects.ts";
import type { CorruptArtifact } from "./read-outcome.ts";
import { findPayloadFile } from "./read-payload-file.ts";
import { readRecordBytes } from "./read-record-bytes.ts";

/**
 * Set a damaged artifact aside, exactly the one that was judged. Call it under the lease of the address, and then publish with
 * `replace`: the damaged record holds its place until another one takes it. Moved away, it might be a good one that somebody has just
 * published; between moving that and putting it back nobody would find it, and after a kill nobody ever.
 *
 * @returns where the record's copy is now; `undefined` where somebody else has already replaced or removed it.
 */
export async function quarantineArtifact(
  store: Store,
  name: string,
  address: Address,
  judged: CorruptArtifact,
): Promise<StorePath | undefined> {
  const { recordBytes } = judged;
  const record = recordPath(name, address);
  const standing = await readRecordBytes(store, record);
  if (standing === undefined || Buffer.compare(standing, recordBytes) !== 0) return undefined;
  // Whoever is killed before publishing leaves the same damage to the next one, who needs no second copy.
  const judgment = sha256Hex(recordBytes).slice(0, 12);
  const aside = quarantinePath(name, `${address}.json`, judgment);
  if (recordBytes.length > MAX_RECORD_BYTES) await moveUnlessThere(store, record, aside);
  else await store.createIfAbsent(aside, [recordBytes], { durable: false });
  const file = findPayloadFile(recordBytes, address);
  if (file !== undefined) await movePayloadAside(store, name, file, (path) => quarantinePath(name, path, judgment));
  return aside;
}

/** No record of ours is that large, and only its beginning was read: the whole of it is kept. */
async function moveUnlessThere(store: Store, from: StorePath, to: StorePath): Promise<void> {
  if ((await store.stat(to)) === undefined) await store.move(from, to);
}
