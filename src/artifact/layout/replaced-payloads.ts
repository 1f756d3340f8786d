import type { Address } from "../../address/address.ts";
import { NotAFileError } from "../../errors/store-errors.ts";
import { internalPath, REPLACED_FOLDER } from "../../store/internal-folder.ts";
import type { Store, StorePath } from "../../store/store.ts";
import { safeName } from "../../util/safe-name.ts";
import { isPayloadFileOf, payloadPath } from "./artifact-paths.ts";
import { filesFolder, isFileList, removeFilesFolder, removePayload } from "./payload-objects.ts";

/*
 * The path of a folder is handed out, and may be used for hours: a training run lists it once, and
 * reads its files for the rest of the day. So a folder that is replaced keeps its files where they
 * are, until its grace is over or until the next one is replaced, whichever is first: at most one
 * of each artifact. Its list is moved to `.persistable/replaced`, which says since when it is no
 * longer loaded. If a store is not a folder of this machine, readers have copies, and nothing is
 * kept.
 */

/** The time for a reader to finish, and for a publication between its payload and its record. */
export const GRACE_MS = 24 * 60 * 60 * 1000;

/** A folder that was replaced, and whose files are still there. */
export interface ReplacedPayload {
  /** The name that the list had beside its record. */
  readonly file: string;
  /** The list. */
  readonly path: StorePath;
  readonly sizeBytes: number;
  readonly replacedMs: number;
}

/**
 * Called once the record names another payload: removes the earlier one, or notes it as replaced.
 * It never fails: what cannot be removed now is collected later.
 */
export async function retirePayload(store: Store, name: string, address: Address, file: string): Promise<void> {
  try {
    if (!isFileList(file) || store.localPath === undefined) return await removePayload(store, name, file);
    await removeEarlier(store, name, address, file);
    const list = (await hasFiles(store, filesFolder(name, file)))
      ? await store.read(payloadPath(name, file))
      : undefined;
    if (list === undefined) return await removePayload(store, name, file);
    await store.createIfAbsent(internalPath(REPLACED_FOLDER, safeName(name), file), [list], { durable: false });
    await store.remove(payloadPath(name, file));
  } catch {
    // No record refers to the earlier payload any more, so it is collected later.
  }
}

/** Remove the replaced folders of an artifact, even while readers use them. */
export async function removeReplaced(store: Store, name: string, address: Address): Promise<void> {
  for (const replaced of await listReplaced(store, name))
    if (isPayloadFileOf(replaced.file, address)) await endReplaced(store, name, replaced);
}

/** The replaced folders of all artifacts of a name. */
export async function listReplaced(store: Store, name: string): Promise<readonly ReplacedPayload[]> {
  if (store.localPath === undefined) return [];
  const found: ReplacedPayload[] = [];
  const folder = `${internalPath(REPLACED_FOLDER, safeName(name))}/`;
  for await (const { path, sizeBytes, modifiedMs } of store.list(folder)) {
    const file = path.slice(folder.length);
    if (isFileList(file) && isPayloadFileOf(file, file.slice(0, 64) as Address))
      found.push({ file, path, sizeBytes, replacedMs: modifiedMs });
  }
  return found;
}

/** Removes the note of a replaced folder, whose files are gone. */
export async function forgetReplaced(store: Store, name: string, file: string): Promise<void> {
  if (store.localPath !== undefined) await store.remove(internalPath(REPLACED_FOLDER, safeName(name), file));
}

/**
 * Removes the files before the note: without the note, nothing would say when they were replaced.
 */
async function endReplaced(store: Store, name: string, { file }: ReplacedPayload): Promise<void> {
  await removeFilesFolder(store, name, file);
  await forgetReplaced(store, name, file);
}

/**
 * Returns whether a folder still has files for readers. If a link has taken the place of the
 * folder, the files that were published there cannot be read under its path any more.
 */
async function hasFiles(store: Store, folder: StorePath): Promise<boolean> {
  try {
    for await (const _entry of store.list(`${folder}/`)) return true;
  } catch (error) {
    if (!(error instanceof NotAFileError)) throw error;
  }
  return false;
}

async function removeEarlier(store: Store, name: string, address: Address, file: string): Promise<void> {
  for (const replaced of await listReplaced(store, name)) {
    if (replaced.file === file) continue;
    const isOver = Date.now() - replaced.replacedMs >= GRACE_MS;
    if (isOver || isPayloadFileOf(replaced.file, address)) await endReplaced(store, name, replaced);
  }
}
