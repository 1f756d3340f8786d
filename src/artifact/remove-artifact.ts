import type { Address } from "../address/address.ts";
import type { Store } from "../store/store.ts";
import { recordPath } from "./artifact-paths.ts";
import { removePayload } from "./payload-objects.ts";
import { readPayloadFile } from "./read-payload-file.ts";
import { removeReplaced } from "./replaced-payloads.ts";

/**
 * Remove an artifact: the record first, so that no record ever vouches for a payload that is gone.
 *
 * @returns whether there was one.
 */
export async function removeArtifact(store: Store, name: string, address: Address): Promise<boolean> {
  const file = await readPayloadFile(store, name, address);
  const removed = await store.remove(recordPath(name, address));
  if (file !== undefined) await removePayload(store, name, file);
  await removeReplaced(store, name, address);
  return removed;
}
