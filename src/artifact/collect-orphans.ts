import type { Address } from "../address/address.ts";
import type { Store, StoreCallOptions } from "../store/store.ts";
import { artifactFolder, isPayloadFileOf, recordPath } from "./artifact-paths.ts";
import { readRecordBytes } from "./read-record-bytes.ts";

/** A publication that takes longer than this between payload and record is taken for dead. */
export const DEFAULT_GRACE_MS = 24 * 60 * 60 * 1000;

/** What was removed. */
export interface Collected {
  readonly files: readonly string[];
  readonly sizeBytes: number;
}

/**
 * Remove payload files of one name that no record refers to: what a crash left between the payload and its record. Files younger
 * than the grace are left alone, since their record may be on its way; so is the payload of a record that cannot be read.
 *
 * @throws a StoreError where the store cannot be read; nothing is removed on a guess.
 *
 * @example
 * ```ts
 * await collectOrphans(openStore("example-data"), "outlier_estimator");
 * ```
 */
export async function collectOrphans(
  store: Store,
  name: string,
  options: StoreCallOptions & { readonly graceMs?: number; readonly nowMs?: number } = {},
): Promise<Collected> {
  const { graceMs = DEFAULT_GRACE_MS, nowMs = Date.now(), signal } = options;
  const { isRecord, parseRecord } = await import("../record/parse-record.ts");
  const files: string[] = [];
  let sizeBytes = 0;
  for await (const entry of store.list(`${artifactFolder(name)}/`, { signal })) {
    const file = entry.path.slice(entry.path.lastIndexOf("/") + 1);
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
    }
  }
  return { files, sizeBytes };
}
