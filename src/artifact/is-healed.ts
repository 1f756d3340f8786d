import type { JudgedRecord, Store, StorePath } from "../store/store.ts";

/** Whether a damaged artifact has given way to a whole one that another layer of the store had. */
export async function isHealed(store: Store, record: StorePath, judged: JudgedRecord): Promise<boolean> {
  return store.layers !== undefined && (await store.layers.heal(record, judged)).isHealed;
}
