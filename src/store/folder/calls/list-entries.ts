import { systemCodeOf } from "../../../util/system-failure.ts";
import { toStoreError } from "./classify-system-error.ts";
import { driveAsync } from "./drive-async.ts";
import type { FileKind } from "./file-system.ts";
import { nodeFileSystem } from "./node-file-system.ts";
import { removeAll } from "./remove-all.ts";

/** An entry of a folder of this machine's disk. */
export interface Entry {
  /**
   * The path relative to the folder, `/`-separated; empty for the folder itself, if it is not a
   * folder.
   */
  readonly path: string;
  readonly kind: FileKind;
}

/**
 * Lists all entries in and below a folder of this machine's disk, of any kind and name; each folder
 * comes before its contents. Symbolic links are not followed. If the path is not a folder,
 * it is the only entry.
 *
 * @throws a StoreError
 */
export async function* listEntries(folder: string): AsyncGenerator<Entry> {
  try {
    const kind = (await nodeFileSystem.async.stat(folder))?.kind;
    if (kind === "folder") yield* entriesIn(folder, "");
    else if (kind !== undefined) yield { path: "", kind };
  } catch (error) {
    throw toStoreError(error, { operation: "list", path: folder });
  }
}

/**
 * Removes an entry with its contents.
 *
 * @throws a StoreError
 */
export async function removeEntry(folder: string, { path, kind }: Entry): Promise<void> {
  const full = path === "" ? folder : `${folder}/${path}`;
  try {
    await driveAsync(removeAll(full, kind), nodeFileSystem.async);
  } catch (error) {
    throw toStoreError(error, { operation: "remove", path: full });
  }
}

async function* entriesIn(root: string, folder: string): AsyncGenerator<Entry> {
  const folders: string[] = [];
  try {
    for await (const batch of nodeFileSystem.scanFolder(folder === "" ? root : `${root}/${folder}`)) {
      for (const { name, kind } of batch) {
        const path = folder === "" ? name : `${folder}/${name}`;
        yield { path, kind };
        if (kind === "folder") folders.push(path);
      }
    }
  } catch (error) {
    // Another process removed it during the walk.
    if (systemCodeOf(error) !== "ENOENT") throw error;
  }
  for (const inner of folders) yield* entriesIn(root, inner);
}
