import { systemCodeOf } from "../../util/system-failure.ts";
import { TEMPORARY_FOLDER } from "../internal-folder.ts";
import type { StoreEntry } from "../store.ts";
import { isStorePath } from "../store-path.ts";
import { checkFolders } from "./calls/check-folders.ts";
import { call, type Steps } from "./calls/file-steps.ts";
import type { FileSystem, FolderEntry } from "./calls/file-system.ts";
import { removeAll } from "./calls/remove-all.ts";
import type { Volume } from "./calls/volume.ts";

/** No writer works this long without touching its file. */
const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000;

/** The number of temporary files that a process has made, in all its stores together. */
const counts = new WeakMap<FileSystem, number>();

/** Returns `<owner>~<number>`: after a crash, the name tells whose file it was. */
export function newTemporaryPath(volume: Volume): string {
  const { fileSystem, root } = volume;
  const count = (counts.get(fileSystem) ?? 0) + 1;
  counts.set(fileSystem, count);
  return `${root}/${TEMPORARY_FOLDER}/${fileSystem.owner}~${count.toString(36)}`;
}

/** A temporary file that will not be finished. */
interface Abandoned {
  readonly path: string;
  readonly kind: FolderEntry["kind"];
}

/**
 * Finds temporary files that will not be finished: their process is certainly dead, or they were
 * not touched for 24 hours.
 */
function* findAbandoned(volume: Volume): Steps<readonly Abandoned[]> {
  const folder = `${volume.root}/${TEMPORARY_FOLDER}`;
  // Through a link, the files of another store would be taken for ours.
  if (!(yield* checkFolders(volume, `${folder}/_`, "remove"))) return [];
  const found: Abandoned[] = [];
  for (const { name, kind } of yield* readFolderIfAny(folder)) {
    const path = `${folder}/${name}`;
    const [owner = ""] = name.split("~");
    if (owner === volume.fileSystem.owner) continue;
    if (volume.fileSystem.isOwnerDead(owner) || (yield* isAbandoned(volume, path))) found.push({ path, kind });
  }
  return found;
}

/** Lists the abandoned temporary files, as entries of the store. */
export function* listTemporaries(volume: Volume): Steps<readonly StoreEntry[]> {
  const entries: StoreEntry[] = [];
  for (const { path } of yield* findAbandoned(volume)) {
    const stat = yield* call("stat", path);
    const inStore = path.slice(volume.root.length + 1);
    if (stat === undefined || !isStorePath(inStore)) continue;
    entries.push({ path: inStore, sizeBytes: stat.sizeBytes, modifiedMs: stat.modifiedMs });
  }
  return entries;
}

/** Removes the abandoned temporary files, and returns their number. */
export function* removeTemporaries(volume: Volume): Steps<number> {
  let removed = 0;
  for (const { path, kind } of yield* findAbandoned(volume)) {
    try {
      yield* removeAll(path, kind);
      removed++;
    } catch (error) {
      // Another process cleans up at the same time.
      if (systemCodeOf(error) !== "ENOENT") throw error;
    }
  }
  return removed;
}

function* readFolderIfAny(folder: string): Steps<readonly FolderEntry[]> {
  try {
    return yield* call("readFolder", folder);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return [];
    throw error;
  }
}

function* isAbandoned(volume: Volume, path: string): Steps<boolean> {
  const stat = yield* call("stat", path);
  return stat !== undefined && volume.fileSystem.now() - stat.modifiedMs > ABANDONED_AFTER_MS;
}

/** Removes abandoned temporary files once for each store and process. It never fails. */
export function* sweepOnce(volume: Volume): Steps<void> {
  if (volume.swept) return;
  volume.swept = true;
  try {
    yield* removeTemporaries(volume);
  } catch {
    // Another process will clean up what this one could not.
  }
}
