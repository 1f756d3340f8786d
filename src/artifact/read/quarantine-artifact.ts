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
 * Sets a damaged artifact aside, and only the one that was judged. The caller holds the lease of
 * the address, and publishes with `replace` afterwards: the record is copied, and the damaged one
 * stays in its place until another one replaces it. If it were moved instead, the move could hit a
 * good record that another process has just published. That record would be missing until it is
 * moved back, and for good if this process were killed in between.
 *
 * @returns the path of the record's copy; `undefined` if another process has already replaced or
 * removed the record
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
  // This library writes no record of that size, and only the beginning of this one was read. So the
  // file is moved, not copied, to keep all of it.
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
    // A store that allows writing but not removing keeps the payload where it is, which does no
    // harm: the next publication writes to another file name.
    if (!(error instanceof StoreAccessError && error.operation === "remove")) throw error;
  }
  return aside;
}

/**
 * Chooses the prefix for the names of one quarantined copy. A payload that is damaged for the
 * second time gets another prefix: one judgment is not enough to delete its earlier copy, and if
 * the payload stayed where it is, it would hide the whole one that another layer of the store may
 * have. If the payload has been moved already, because a process was killed before it published,
 * the record that it left behind needs no second copy.
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
