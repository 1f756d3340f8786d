import { systemCodeOf } from "../../../util/system-failure.ts";
import { folderOf, type Ground } from "./check-folders.ts";
import { call, type Steps } from "./file-steps.ts";
import type { FileSystem } from "./file-system.ts";

/** A folder on a disk that is a store, and what this process has learned about it. */
export interface Volume extends Ground {
  readonly fileSystem: FileSystem;
  readonly durable: boolean;
  /** The folders whose own name, in the folder above, is known to survive a power cut. */
  readonly anchoredFolders: Set<string>;
  /** Whether a file can have two names on this disk; undefined until that was tried out. */
  hardLinks: boolean | undefined;
  /** Whether this process has searched for leftovers of dead processes. */
  swept: boolean;
}

export function createVolume({ root }: Ground, fileSystem: FileSystem, durable: boolean): Volume {
  return { root, fileSystem, durable, anchoredFolders: new Set(), hardLinks: undefined, swept: false };
}

/** Does `mkdir -p`. */
export function* makeFolders(volume: Volume, folder: string): Steps<void> {
  if (folder === volume.root) {
    yield* makeRoot(volume);
    return;
  }
  try {
    yield* makeFolder(volume, folder);
  } catch (error) {
    if (systemCodeOf(error) !== "ENOENT" || folderOf(folder) === folder) throw error;
    yield* makeFolders(volume, folderOf(folder));
    yield* makeFolder(volume, folder);
  }
}

/**
 * Makes the folders above a store durable before the store appears in them. A process that finds a
 * store can then rely on them, without knowing which process created them, and need not check more
 * than one folder above it.
 */
function* makeRoot(volume: Volume): Steps<void> {
  const above = folderOf(volume.root);
  if ((yield* call("stat", above)) === undefined) yield* makeFolders(volume, above);
  if (volume.durable) {
    for (let folder = above; folderOf(folder) !== folder; folder = folderOf(folder))
      yield* syncIfAllowed(folderOf(folder));
  }
  yield* makeFolder(volume, volume.root);
}

function* makeFolder(volume: Volume, folder: string): Steps<void> {
  try {
    yield* call("mkdir", folder);
  } catch (error) {
    // Something else has this name: the next call will fail and name it.
    if (systemCodeOf(error) === "EEXIST") return;
    throw error;
  }
  volume.anchoredFolders.delete(folder);
}

/**
 * Makes the names in a folder survive a power cut, and the names of the folders that lead to it, up
 * to the store's own. This does not depend on whether this process created them: the process that
 * did may have been killed before it made them durable.
 */
export function* syncNames(volume: Volume, folder: string): Steps<void> {
  yield* call("syncFolder", folder);
  for (let inner = folder; ; inner = folderOf(inner)) {
    const isRoot = inner === volume.root;
    if (!volume.anchoredFolders.has(inner)) {
      if (isRoot) yield* syncIfAllowed(folderOf(inner));
      else yield* call("syncFolder", folderOf(inner));
      volume.anchoredFolders.add(inner);
    }
    if (isRoot) return;
  }
}

/**
 * Syncs a folder above the store, if this user may open it; otherwise this user cannot have created
 * anything in it.
 */
function* syncIfAllowed(folder: string): Steps<void> {
  try {
    yield* call("syncFolder", folder);
  } catch (error) {
    if (!["EACCES", "EPERM"].includes(systemCodeOf(error) ?? "")) throw error;
  }
}

/** Renames, after creating the folders that lead to the new name. */
export function* renameInto(volume: Volume, from: string, to: string): Steps<void> {
  try {
    yield* call("rename", from, to);
  } catch (error) {
    if (systemCodeOf(error) !== "ENOENT") throw error;
    yield* makeFolders(volume, folderOf(to));
    yield* call("rename", from, to);
  }
}
