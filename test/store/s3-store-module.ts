import type { Store } from "../../src/store/store.ts";
import { openS3 } from "../../src/stores/s3.ts";

/** Opens a bucket in a process of its own. */
export function openStore(place: string): Promise<Store> {
  return openS3(place);
}
