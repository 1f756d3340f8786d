import type { Address } from "../../address/address.ts";
import type { StorePath } from "../../store/store.ts";
import { storePath } from "../../store/store-path.ts";
import { safeName } from "../../util/safe-name.ts";

/** Payloads up to this size lie inside their record, so that a hit is one synchronous read. */
export const DEFAULT_INLINE_BYTES = 4096;

/** The folder that holds every artifact of one name. */
export function artifactFolder(name: string): StorePath {
  return storePath(safeName(name));
}

/** The only name that a hit on an inline payload needs; artifact-paths.ts has the others. */
export function recordPath(name: string, address: Address): StorePath {
  // Every hit calls this function. An address is 64 hexadecimal digits, so only the folder needs a
  // check, and only once.
  let folder = folders.get(name);
  if (folder === undefined) {
    folder = artifactFolder(name);
    if (folders.size >= MAX_FOLDERS) folders.clear();
    folders.set(name, folder);
  }
  return `${folder}/${address}.json` as StorePath;
}

const folders = new Map<string, StorePath>();
const MAX_FOLDERS = 1000;
