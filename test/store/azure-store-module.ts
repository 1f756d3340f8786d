import { openAzure } from "../../src/entry/stores/azure.ts";
import type { Store } from "../../src/store/store.ts";

/** Opens a container in a process of its own. */
export function openStore(place: string): Promise<Store> {
  return openAzure(place);
}
