import type { Address } from "../../address/address.ts";
import { isAddress } from "../../address/address-of.ts";
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
  /** How long what no record names is left alone, in milliseconds; a day by default. */
  readonly graceMs?: number;
  /** The time against which ages are measured, in milliseconds since 1970; now by default. */
  readonly nowMs?: number;
}

/**
 * A payload that no record refers to. A list, its files, and the note that it was replaced are
 * removed together or not at all.
 */
export interface Orphan {
  /** The name of the payload file beside the records. */
  readonly file: string;
  readonly paths: readonly string[];
  readonly sizeBytes: number;
  /** When the last of them was made. */
  readonly changedMs: number;
}

/** The work of `collectOrphans`. */
export async function removeOrphans(
  store: Store,
  name: string,
  options: RemoveOrphansOptions,
): Promise<RemovedOrphans> {
  const files: string[] = [];
  let sizeBytes = 0;
  for (const orphan of await findOrphans(store, name, options)) {
    if (!(await removeOrphan(store, name, orphan.file, options))) continue;
    files.push(...orphan.paths);
    sizeBytes += orphan.sizeBytes;
  }
  return { files, sizeBytes };
}

/** The orphans of one name whose grace is over. Nothing is removed. */
export async function findOrphans(from: Store, name: string, options: RemoveOrphansOptions): Promise<Orphan[]> {
  // A store that does not answer may have the record, so its silence must not count as "no record".
  const store = certainStore(from);
  const { graceMs = GRACE_MS, nowMs = Date.now(), signal } = options;
  const candidates = new Map<string, Orphan>();
  const folder = `${artifactFolder(name)}/`;
  // Nothing is decided before the listing is complete, since it may break off.
  for await (const entry of store.list(folder, { signal })) {
    const file = payloadFileOf(entry.path.slice(folder.length));
    if (addressOf(file) !== undefined) addTo(candidates, file, entry);
  }
  for (const { path, file, sizeBytes, replacedMs } of await listReplaced(store, name))
    addTo(candidates, file, { path, sizeBytes, modifiedMs: replacedMs });
  const orphans: Orphan[] = [];
  for (const orphan of candidates.values())
    if (nowMs - orphan.changedMs >= graceMs && !(await isMeant(store, name, orphan.file, signal))) orphans.push(orphan);
  return orphans;
}

/**
 * Remove an orphan that was found, unless a record refers to it by now.
 *
 * @returns whether it is gone: a store of several layers keeps what a record of one of them names
 */
export async function removeOrphan(
  from: Store,
  name: string,
  file: string,
  { signal }: StoreCallOptions,
): Promise<boolean> {
  const store = certainStore(from);
  if (await isMeant(store, name, file, signal)) return false;
  await removePayload(store, name, file);
  if (isFileList(file)) await forgetReplaced(store, name, file);
  return (await store.stat(payloadPath(name, file))) === undefined;
}

function addTo(orphans: Map<string, Orphan>, file: string, entry: StoreEntry): void {
  const known = orphans.get(file);
  orphans.set(file, {
    file,
    paths: [...(known?.paths ?? []), entry.path],
    sizeBytes: (known?.sizeBytes ?? 0) + entry.sizeBytes,
    changedMs: Math.max(known?.changedMs ?? 0, entry.modifiedMs),
  });
}

/**
 * Returns whether a record may name this file. A record that cannot be read, or that a newer
 * release wrote, may do so.
 */
async function isMeant(store: Store, name: string, file: string, signal: AbortSignal | undefined): Promise<boolean> {
  const address = addressOf(file);
  if (address === undefined) return true;
  const path = recordPath(name, address);
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

/** The address of the artifact that a payload file is of; `undefined` for any other file. */
function addressOf(file: string): Address | undefined {
  const address = file.slice(0, 64);
  return isAddress(address) && isPayloadFileOf(file, address) ? address : undefined;
}

/** The payload file that an object belongs to: itself, or the list that names it. */
function payloadFileOf(path: string): string {
  const [first = "", ...inner] = path.split("/");
  return inner.length > 0 ? `${first}.json` : first;
}
