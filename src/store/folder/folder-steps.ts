import { ObjectExistsError } from "../../errors/store-errors.ts";
import { systemCodeOf } from "../../util/system-failure.ts";
import { checkFolders } from "./calls/check-folders.ts";
import { call, type Steps, shield, wait } from "./calls/file-steps.ts";
import { removeAll } from "./calls/remove-all.ts";
import { renameInto, type Volume } from "./calls/volume.ts";
import { newTemporaryPath } from "./temporary-files.ts";

/**
 * The time that a renamed folder keeps its files before they are removed: a reader that had opened
 * it before has finished listing it by then, and does not see a part of it.
 */
const LINGER_MS = 50;

/** Implements {@link Store.moveFolder}. */
export function* moveFolder(volume: Volume, from: string, to: string): Steps<boolean> {
  if (!(yield* checkFolders(volume, from, "move"))) return false;
  yield* checkFolders(volume, to, "move");
  if ((yield* call("stat", from)) === undefined) return false;
  if ((yield* call("stat", to)) !== undefined) throw new ObjectExistsError({ operation: "move", path: to });
  try {
    yield* renameInto(volume, from, to);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT" && (yield* call("stat", from)) === undefined) return false;
    throw error;
  }
  return true;
}

/**
 * Implements {@link Store.removeTree}. If the process is killed here, the rest is removed with
 * other unfinished work.
 */
export function* removeTree(volume: Volume, folder: string): Steps<boolean> {
  const aside = newTemporaryPath(volume);
  if (!(yield* moveFolder(volume, folder, aside))) return false;
  yield* shield();
  const kind = (yield* call("stat", aside))?.kind;
  if (kind === "folder") yield* wait(() => new Promise((resolve) => setTimeout(resolve, LINGER_MS)));
  if (kind !== undefined) yield* removeAll(aside, kind);
  return true;
}

/** Implements {@link Store.removeFolder}. An empty folder that stays does no harm. */
export function* removeEmptyFolders(volume: Volume, folder: string): Steps<void> {
  try {
    if (yield* checkFolders(volume, folder, "remove")) yield* removeIfEmpty(folder);
  } catch {
    // The folder is gone, or not empty.
  }
}

function* removeIfEmpty(folder: string): Steps<void> {
  if ((yield* call("stat", folder))?.kind !== "folder") return;
  for (const { name, kind } of yield* call("readFolder", folder)) {
    if (kind === "folder") yield* removeIfEmpty(`${folder}/${name}`);
  }
  yield* call("rmdir", folder);
}
