import type { Address } from "../../address/address.ts";
import { certainStore } from "../../store/certain-store.ts";
import type { JudgedRecord, ReadableStore, StorePath } from "../../store/store.ts";
import { readRecordBytes } from "../layout/read-record-bytes.ts";
import { recordPath } from "../layout/record-path.ts";

/**
 * Replaces a damaged artifact by the whole one that another layer of the store may have.
 *
 * @returns whether there was one, so that reading again makes sense
 */
export async function isHealed(store: ReadableStore, record: StorePath, judged: JudgedRecord): Promise<boolean> {
  return store.layers !== undefined && (await store.layers.heal(record, judged)).isHealed;
}

/**
 * Like {@link isHealed}, for a reader that has the payload from its generator and does not know the
 * record.
 */
export async function isOwnHealed(store: ReadableStore, name: string, address: Address): Promise<boolean> {
  if (store.layers === undefined) return false;
  const certain = certainStore(store);
  const record = recordPath(name, address);
  const recordBytes = await readRecordBytes(certain, record);
  return recordBytes !== undefined && isHealed(certain, record, { recordBytes });
}
