import { systemCodeOf } from "../../../util/system-failure.ts";
import { folderOf, type Ground } from "./check-folders.ts";
import { call, type Steps } from "./file-steps.ts";
import type { FileSystem } from "./file-system.ts";

/** A folder on a disk that is a store, and what this process has learned about it so far. */
export interface Volume extends Ground {
  readonly fileSystem: FileSystem;
  readonly durable: boolean;
  /** Folders whose own name, in the folder above, is known to survive a power cut. */
  readonly anchoredFolders: Set<string>;
  /** Whether a file can have two names here; `undefined` until that came into question. */
  hardLinks: boolean | undefined;
  /** Whether the litter of dead processes was looked for. */
  swept: boolean;
}

export function createVolume({ root }: Ground, fileSystem: FileSystem, durable: boolean): Volume {
  return { root, fileSystem, durable, anchoredFolders: new Set(), hardLinks: undefined, swept: false };
}

/** `mkdir -p`. */
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
 * The folders above a store are made to last before the store appears in them. Whoever finds a
 * store may then rely on them, without knowing who created them, and need not look higher than one
 * folder above it.
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
    // Whatever else is in its place will fail whatever is tried next, and be named there.
    if (systemCodeOf(error) === "EEXIST") return;
    throw error;
  }
  volume.anchoredFolders.delete(folder);
}

/**
 * Make the names in a folder survive a power cut, and the names of the folders that lead to it, up
 * to the store's own. Whether those were created by this process does not matter: whoever did may
 * have been killed before making them last.
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
 * A folder above the store may be closed to this user; then it was not this user who created
 * anything in it.
 */
function* syncIfAllowed(folder: string): Steps<void> {
  try {
    yield* call("syncFolder", folder);
  } catch (error) {
    if (!["EACCES", "EPERM"].includes(systemCodeOf(error) ?? "")) throw error;
  }
}

/** A rename that makes the folders that lead to the new name. */
export function* renameInto(volume: Volume, from: string, to: string): Steps<void> {
  try {
    yield* call("rename", from, to);
  } catch (error) {
    if (systemCodeOf(error) !== "ENOENT") throw error;
    yield* makeFolders(volume, folderOf(to));
    yield* call("rename", from, to);
  }
}
