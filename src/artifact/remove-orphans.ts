import type { Address } from "../address/address.ts";
import { isRecord, parseRecord } from "../record/parse-record.ts";
import type { Store, StoreCallOptions } from "../store/store.ts";
import { artifactFolder, isPayloadFileOf, recordPath } from "./artifact-paths.ts";
import { removeFilesFolder } from "./payload-objects.ts";
import { readRecordBytes } from "./read-record-bytes.ts";

/** What was removed. */
export interface Collected {
  readonly files: readonly string[];
  readonly sizeBytes: number;
}

export interface CollectOptions extends StoreCallOptions {
  /** A day by default. */
  readonly graceMs?: number;
  readonly nowMs?: number;
}

/** A publication that takes longer than this between payload and record is taken for dead. */
const DEFAULT_GRACE_MS = 24 * 60 * 60 * 1000;

/** The work of `collectOrphans`. */
export async function removeOrphans(store: Store, name: string, options: CollectOptions): Promise<Collected> {
  const { graceMs = DEFAULT_GRACE_MS, nowMs = Date.now(), signal } = options;
  const files: string[] = [];
  let sizeBytes = 0;
  const folder = `${artifactFolder(name)}/`;
  for await (const entry of store.list(folder, { signal })) {
    const file = payloadFileOf(entry.path.slice(folder.length));
    const address = file.slice(0, 64) as Address;
    if (!isPayloadFileOf(file, address) || nowMs - entry.modifiedMs < graceMs) continue;
    const record = await readRecordBytes(store, recordPath(name, address), { signal });
    if (record !== undefined) {
      // A record that cannot be read may still mean this file.
      const parsed = parseRecord(record, entry.path, []);
      if (!isRecord(parsed) || parsed.payload.file === file) continue;
    }
    if (await store.remove(entry.path)) {
      files.push(entry.path);
      sizeBytes += entry.sizeBytes;
      await removeFilesFolder(store, name, file);
    }
  }
  return { files, sizeBytes };
}

/** The payload file that an object of an artifact's folder belongs to: itself, or the list that names it. */
function payloadFileOf(path: string): string {
  const [first = "", ...inner] = path.split("/");
  return inner.length > 0 ? `${first}.json` : first;
}
