import type { Address } from "../../address/address.ts";
import { NewerRecordError } from "../../errors/record-errors.ts";
import { isRecord, parseRecord } from "../../record/parse-record.ts";
import { certainStore } from "../../store/certain-store.ts";
import type { Store, StoreCallOptions, StoreEntry } from "../../store/store.ts";
import { isPayloadFileOf, payloadPath } from "../layout/artifact-paths.ts";
import { isFileList, removePayload } from "../layout/payload-objects.ts";
import { readRecordBytes } from "../layout/read-record-bytes.ts";
import { artifactFolder, recordPath } from "../layout/record-path.ts";
import { forgetReplaced, GRACE_MS, listReplaced } from "../layout/replaced-payloads.ts";

/** The files that were removed. */
export interface RemovedOrphans {
  readonly files: readonly string[];
  readonly sizeBytes: number;
}

/** How `collectOrphans` decides what may be removed. */
export interface RemoveOrphansOptions extends StoreCallOptions {
  /** A day by default. */
  readonly graceMs?: number;
  readonly nowMs?: number;
}

/** The work of `collectOrphans`. */
export async function removeOrphans(from: Store, name: string, options: RemoveOrphansOptions): Promise<RemovedOrphans> {
  // A record that did not come is not a record that is not there.
  const store = certainStore(from);
  const { graceMs = GRACE_MS, nowMs = Date.now(), signal } = options;
  const isTooYoung = (changedMs: number): boolean => nowMs - changedMs < graceMs;
  const files: string[] = [];
  let sizeBytes = 0;
  const take = (removed: { readonly paths: readonly string[]; readonly sizeBytes: number }): void => {
    files.push(...removed.paths);
    sizeBytes += removed.sizeBytes;
  };
  const folders = new Map<string, FolderOfFiles>();
  const folder = `${artifactFolder(name)}/`;
  // All of the listing comes first: one that breaks off must not have had consequences.
  const entries: StoreEntry[] = [];
  for await (const entry of store.list(folder, { signal })) entries.push(entry);
  for (const entry of entries) {
    const file = payloadFileOf(entry.path.slice(folder.length));
    if (!isPayloadFileOf(file, file.slice(0, 64) as Address)) continue;
    if (isFileList(file)) addTo(folders, file, entry);
    else if (!isTooYoung(entry.modifiedMs) && !(await isMeant(store, name, file, signal)))
      if (await store.remove(entry.path)) take({ paths: [entry.path], sizeBytes: entry.sizeBytes });
  }
  for (const replaced of await listReplaced(store, name)) {
    const { path, file, replacedMs } = replaced;
    addTo(folders, file, { path, sizeBytes: replaced.sizeBytes, modifiedMs: replacedMs });
  }
  for (const [file, orphan] of folders) {
    if (isTooYoung(orphan.changedMs) || (await isMeant(store, name, file, signal))) continue;
    await removePayload(store, name, file);
    await forgetReplaced(store, name, file);
    // A store of several layers keeps what a record of one of them names.
    if ((await store.stat(payloadPath(name, file))) === undefined) take(orphan);
  }
  return { files, sizeBytes };
}

/** A list, its files, and the note that it was replaced: removed together or not at all. */
interface FolderOfFiles {
  readonly paths: string[];
  sizeBytes: number;
  /** When the last of them was made. */
  changedMs: number;
}

function addTo(folders: Map<string, FolderOfFiles>, file: string, entry: StoreEntry): void {
  const known = folders.get(file) ?? { paths: [], sizeBytes: 0, changedMs: 0 };
  known.paths.push(entry.path);
  known.sizeBytes += entry.sizeBytes;
  known.changedMs = Math.max(known.changedMs, entry.modifiedMs);
  folders.set(file, known);
}

/** A record that cannot be read, or that a newer release wrote, may still mean this file. */
async function isMeant(store: Store, name: string, file: string, signal: AbortSignal | undefined): Promise<boolean> {
  const path = recordPath(name, file.slice(0, 64) as Address);
  const record = await readRecordBytes(store, path, { signal });
  if (record === undefined) return false;
  try {
    const parsed = parseRecord(record, path, []);
    return !isRecord(parsed) || parsed.payload.file === file;
  } catch (error) {
    if (error instanceof NewerRecordError) return true;
    throw error;
  }
}

/** The payload file that an object belongs to: itself, or the list that names it. */
function payloadFileOf(path: string): string {
  const [first = "", ...inner] = path.split("/");
  return inner.length > 0 ? `${first}.json` : first;
}
