import { openGcs } from "../../src/entry/stores/gcs.ts";
import type { Store } from "../../src/store/store.ts";

/** Opens a bucket in a process of its own. */
export function openStore(place: string): Promise<Store> {
  return openGcs(place);
}
