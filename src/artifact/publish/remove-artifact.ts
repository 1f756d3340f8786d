import type { Address } from "../../address/address.ts";
import type { Store } from "../../store/store.ts";
import { readPayloadFile, removePayload } from "../layout/payload-objects.ts";
import { recordPath } from "../layout/record-path.ts";
import { removeReplaced } from "../layout/replaced-payloads.ts";

/**
 * Remove an artifact: the record first, so that no record ever vouches for a payload that is gone.
 *
 * @param lookIn - the same store, which is asked what there is: the one of `certainStore` for
 * callers who must be sure
 * @returns whether there was one.
 */
export async function removeArtifact(
  store: Store,
  name: string,
  address: Address,
  lookIn: Store = store,
): Promise<boolean> {
  const file = await readPayloadFile(lookIn, name, address);
  const removed = await store.remove(recordPath(name, address));
  if (file !== undefined) await removePayload(store, name, file);
  await removeReplaced(store, name, address);
  return removed;
}
