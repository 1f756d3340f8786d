import type { Store } from "../../src/store/store.ts";
import { openGcs } from "../../src/stores/gcs.ts";

/** Opens a bucket in a process of its own. */
export function openStore(place: string): Promise<Store> {
  return openGcs(place);
}
