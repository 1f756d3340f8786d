import { type SftpStoreOptions, sftpStore } from "../../src/entry/stores/sftp.ts";
import type { Store } from "../../src/store/store.ts";

/** Opens a folder of a server in a process of its own; the place says everything, as JSON. */
export function openStore(place: string): Promise<Store> {
  return sftpStore(JSON.parse(place) as SftpStoreOptions);
}
