import { layeredStore } from "../../src/entry/stores/layered.ts";
import { fileStore } from "../../src/store/folder/file-store.ts";
import type { Store } from "../../src/store/store.ts";
import { faultyStore } from "../support/faulty-store.ts";

/** Opens a folder before a folder, in a process of its own. */
export function openStore(place: string): Store {
  const { folder, isExclusive } = JSON.parse(place) as { readonly folder: string; readonly isExclusive: boolean };
  const remote = fileStore(`${folder}/remote`, { durable: false });
  return layeredStore({
    local: fileStore(`${folder}/local`, { durable: false }),
    remote: isExclusive ? remote : faultyStore(remote, { exclusiveCreate: false }),
  });
}
