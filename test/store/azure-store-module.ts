import type { Store } from "../../src/store/store.ts";
import { openAzure } from "../../src/stores/azure.ts";

/** Opens a container in a process of its own. */
export function openStore(place: string): Promise<Store> {
  return openAzure(place);
}
