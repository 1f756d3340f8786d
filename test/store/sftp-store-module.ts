import type { Store } from "../../src/store/store.ts";
import { type SftpStoreOptions, sftpStore } from "../../src/stores/sftp.ts";

/** Opens a folder of a server in a process of its own; the place says everything, as JSON. */
export function openStore(place: string): Promise<Store> {
  return sftpStore(JSON.parse(place) as SftpStoreOptions);
}
