import { NotAFileError, type StoreOperation } from "../../../errors/store-errors.ts";
import { type Steps, statEach } from "./file-steps.ts";
import type { FileKind } from "./file-system.ts";

/** The folder on a disk in which a store keeps its objects. */
export interface Ground {
  /** The path is absolute, without a separator at its end. */
  readonly root: string;
}

/**
 * Returns the folder of an absolute path. Node accepts `/` on all systems, so there is no other
 * separator inside the root.
 */
export function folderOf(path: string): string {
  const end = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"));
  return end <= 0 ? path.slice(0, end + 1) : path.slice(0, end);
}

/**
 * Returns whether the folders between the root and an object all exist. A symbolic link
 * among them, or a junction of Windows, would lead out of the store. The folders are checked
 * again by each call, since a folder that was real a moment ago may be a link now.
 *
 * @throws {@link NotAFileError}
 */
export function* checkFolders(ground: Ground, path: string, operation: StoreOperation): Steps<boolean> {
  const folders = foldersAbove(ground, path);
  for (const [index, found] of (yield* statEach(folders)).entries()) {
    if ("error" in found) throw found.error;
    if (found.stat === undefined) return false;
    if (found.stat.kind !== "folder")
      throw new NotAFileError(
        { operation, path },
        `${folders[index]} is ${describeKind(found.stat.kind)}, not a folder`,
      );
  }
  return true;
}

/** Returns the folders from the one below the root to the one that holds the object. */
function foldersAbove({ root }: Ground, path: string): string[] {
  const folders: string[] = [];
  for (let end = path.indexOf("/", root.length + 1); end !== -1; end = path.indexOf("/", end + 1))
    folders.push(path.slice(0, end));
  return folders;
}

export function describeKind(kind: FileKind): string {
  return { file: "a file", folder: "a folder", link: "a symbolic link", other: "a device or a pipe" }[kind];
}
