import { NotAFileError, type StoreOperation } from "../errors/store-errors.ts";
import type { FileKind } from "./file-system.ts";
import { call, type Steps } from "./steps.ts";

/** A folder on a disk that is a store. */
export interface Ground {
  /** Absolute, without a separator at its end. */
  readonly root: string;
  /** Folders inside the root that were seen to be folders and no symbolic links. */
  readonly realFolders: Set<string>;
}

/** The folder of an absolute path. Node takes `/` everywhere, so inside the root there is no other separator. */
export function folderOf(path: string): string {
  const end = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"));
  return end <= 0 ? path.slice(0, end + 1) : path.slice(0, end);
}

/**
 * Whether the folders of an object all exist, and are folders. A symbolic link among them would let a path that stands in a
 * record lead out of the store. Looked at once for each folder and process: this guards against what lies in a folder that
 * one was given, not against somebody who changes it meanwhile.
 *
 * @throws {@link NotAFileError}
 */
export function* checkFolders(ground: Ground, path: string, operation: StoreOperation): Steps<boolean> {
  const folder = folderOf(path);
  if (folder.length <= ground.root.length || ground.realFolders.has(folder)) return true;
  if (!(yield* checkFolders(ground, folder, operation))) return false;
  const stat = yield* call("stat", folder);
  if (stat === undefined) return false;
  if (stat.kind !== "folder")
    throw new NotAFileError({ operation, path }, `${folder} is ${describeKind(stat.kind)}, not a folder`);
  ground.realFolders.add(folder);
  return true;
}

export function describeKind(kind: FileKind): string {
  return { file: "a file", folder: "a folder", link: "a symbolic link", other: "a device or a pipe" }[kind];
}
