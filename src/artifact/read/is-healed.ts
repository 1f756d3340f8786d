import type { Address } from "../../address/address.ts";
import { certainStore } from "../../store/certain-store.ts";
import type { JudgedRecord, ReadableStore, StorePath } from "../../store/store.ts";
import { readRecordBytes } from "../layout/read-record-bytes.ts";
import { recordPath } from "../layout/record-path.ts";

/** Whether a damaged artifact has given way to a whole one that another layer of the store had. */
export async function isHealed(store: ReadableStore, record: StorePath, judged: JudgedRecord): Promise<boolean> {
  return store.layers !== undefined && (await store.layers.heal(record, judged)).isHealed;
}

/** The same for a reader who has the payload from its generator, and does not know the record. */
export async function isOwnHealed(store: ReadableStore, name: string, address: Address): Promise<boolean> {
  if (store.layers === undefined) return false;
  const certain = certainStore(store);
  const record = recordPath(name, address);
  const recordBytes = await readRecordBytes(certain, record);
  return recordBytes !== undefined && isHealed(certain, record, { recordBytes });
}
