import { systemCodeOf } from "../../util/system-failure.ts";
import { checkSignal } from "../caller-failure.ts";
import { TEMPORARY_FOLDER } from "../internal-folder.ts";
import type { StoreEntry, StoreFolder, StorePath } from "../store.ts";
import { assertStorePath, assertStorePrefix, isStorePath } from "../store-path.ts";
import { checkFolders } from "./calls/check-folders.ts";
import { toStoreError } from "./calls/classify-system-error.ts";
import { driveAsync } from "./calls/drive-async.ts";
import type { FileSystem, FolderEntry } from "./calls/file-system.ts";
import type { Volume } from "./calls/volume.ts";

/** Implements {@link Store.list} for a folder. Symbolic links are neither followed nor listed. */
export async function* listFiles(
  volume: Volume,
  disk: Disk,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<StoreEntry> {
  const folder = prefix.slice(0, Math.max(0, prefix.lastIndexOf("/")));
  assertStorePrefix(prefix);
  // The check covers the folders above a name. So it gets a name inside the folder, to cover the
  // folder itself too.
  const check = checkFolders(volume, `${volume.root}/${folder}${folder === "" ? "" : "/"}_`, "list");
  if (!(await driveAsync(check, disk.async, signal))) return;
  yield* walk(volume, disk, folder, prefix, signal);
}

/** Implements {@link ReadableStore.listFolder} for a folder. */
export async function listNames(
  volume: Volume,
  disk: Disk,
  folder: StorePath | "",
  signal: AbortSignal | undefined,
): Promise<StoreFolder> {
  if (folder !== "") assertStorePath(folder);
  checkSignal(signal);
  const names = { objects: [] as string[], folders: [] as string[] };
  const full = folder === "" ? volume.root : `${volume.root}/${folder}`;
  const prefix = folder === "" ? "" : `${folder}/`;
  if (!(await driveAsync(checkFolders(volume, `${full}/_`, "list"), disk.async, signal))) return names;
  try {
    for await (const batch of disk.scanFolder(full)) {
      checkSignal(signal);
      for (const entry of batch)
        if (isWanted(`${prefix}${entry.name}`, entry, prefix))
          (entry.kind === "folder" ? names.folders : names.objects).push(entry.name);
    }
  } catch (error) {
    // The folder was removed meanwhile.
    if (systemCodeOf(error) !== "ENOENT") throw toStoreError(error, { operation: "list", path: full });
  }
  return names;
}

type Disk = Pick<FileSystem, "async" | "scanFolder">;

async function* walk(
  volume: Volume,
  disk: Disk,
  folder: string,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<StoreEntry> {
  const full = folder === "" ? volume.root : `${volume.root}/${folder}`;
  const folders: string[] = [];
  try {
    for await (const batch of disk.scanFolder(full)) {
      checkSignal(signal);
      const files: string[] = [];
      for (const entry of batch) {
        const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
        if (isWanted(path, entry, prefix)) (entry.kind === "folder" ? folders : files).push(path);
      }
      for (const entry of await Promise.all(files.map((file) => lookAt(volume, disk, file)))) {
        checkSignal(signal);
        if (entry !== undefined) yield entry;
      }
    }
  } catch (error) {
    // The folder was never created, or was removed during the walk.
    if (systemCodeOf(error) !== "ENOENT") throw toStoreError(error, { operation: "list", path: full });
  }
  for (const inner of folders)
    if (await isStillFolder(volume, disk, inner)) yield* walk(volume, disk, inner, prefix, signal);
}

function isWanted(path: string, entry: FolderEntry, prefix: string): boolean {
  if (entry.kind === "folder")
    return path !== TEMPORARY_FOLDER && `${path}/`.startsWith(prefix.slice(0, path.length + 1));
  return entry.kind === "file" && path.startsWith(prefix) && isStorePath(path);
}

/** Checks again: the folder may have become a symbolic link since it was listed. */
async function isStillFolder(volume: Volume, disk: Disk, path: string): Promise<boolean> {
  return (await disk.async.stat(`${volume.root}/${path}`))?.kind === "folder";
}

async function lookAt(volume: Volume, disk: Disk, path: string): Promise<StoreEntry | undefined> {
  const stat = await disk.async.stat(`${volume.root}/${path}`);
  if (stat === undefined || stat.kind !== "file") return undefined;
  return { path: path as StorePath, sizeBytes: stat.sizeBytes, modifiedMs: stat.modifiedMs };
}
