import { openS3 } from "../../src/entry/stores/s3.ts";
import type { Store } from "../../src/store/store.ts";

/** Opens a bucket in a process of its own. */
export function openStore(place: string): Promise<Store> {
  return openS3(place);
}
