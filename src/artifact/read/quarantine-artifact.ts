import type { Address } from "../../address/address.ts";
import { StoreAccessError } from "../../errors/store-errors.ts";
import { MAX_RECORD_BYTES } from "../../record/record.ts";
import type { Store, StorePath } from "../../store/store.ts";
import { sha256Hex } from "../../util/digest/sha256.ts";
import { payloadPath, quarantinePath } from "../layout/artifact-paths.ts";
import { movePayloadAside, payloadFileIn } from "../layout/payload-objects.ts";
import { readRecordBytes } from "../layout/read-record-bytes.ts";
import { recordPath } from "../layout/record-path.ts";
import type { DamagedArtifact } from "./read-outcome.ts";

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
  judged: DamagedArtifact,
): Promise<StorePath | undefined> {
  const { recordBytes } = judged;
  const record = recordPath(name, address);
  const standing = await readRecordBytes(store, record);
  if (standing === undefined || Buffer.compare(standing, recordBytes) !== 0) return undefined;
  const file = payloadFileIn(recordBytes, address);
  // No record of ours is that large, and only its beginning was read: the whole of it is kept.
  const isTooLarge = recordBytes.length > MAX_RECORD_BYTES;
  const moved = file ?? (isTooLarge ? `${address}.json` : undefined);
  const judgment = await freshJudgment(store, name, moved, recordBytes);
  const aside = quarantinePath(name, `${address}.json`, judgment);
  if (isTooLarge) await store.move(record, aside);
  else await store.createIfAbsent(aside, [recordBytes], { durable: false });
  if (file === undefined) return aside;
  try {
    await movePayloadAside(store, name, file, (path) => quarantinePath(name, path, judgment));
  } catch (error) {
    // Who may write and remove nothing leaves it in its place: the next publication has a name of its own.
    if (!(error instanceof StoreAccessError && error.operation === "remove")) throw error;
  }
  return aside;
}

/**
 * What the names of one copy begin with. A file that is damaged for the second time gets another name: it
 * may not be deleted on one verdict, and left in its place it would hide what another layer of the store has.
 * Whoever is killed before publishing leaves the same record without its payload, and needs no second copy.
 */
async function freshJudgment(
  store: Store,
  name: string,
  file: string | undefined,
  recordBytes: Uint8Array,
): Promise<string> {
  const digest = sha256Hex(recordBytes).slice(0, 12);
  if (file === undefined || (await store.stat(payloadPath(name, file))) === undefined) return digest;
  for (let copy = 1; ; copy++) {
    const judgment = copy === 1 ? digest : `${digest}-${copy}`;
    if ((await store.stat(quarantinePath(name, file, judgment))) === undefined) return judgment;
  }
}
