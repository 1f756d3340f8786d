import type { BigIntStats, Dirent } from "node:fs";
import { systemCodeOf } from "../../../util/system-failure.ts";
import type { FileKind, FileStat, FileSystemCalls, FolderEntry } from "./file-system.ts";
import type { Shortcuts } from "./record-reader.ts";

// A hit needs few modules of Node: this one, and two in file-store.ts. If they were imported, a
// process would start 4 ms later on Node 22, where their exports would be copied for ES modules.
const fs = process.getBuiltinModule("node:fs");
const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants;
/** Without O_NONBLOCK, opening a named pipe instead of a file would wait forever. */
export const READ_FLAGS = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;
export const CREATE_FLAGS = O_WRONLY | O_CREAT | O_EXCL;
export const isWindows = process.platform === "win32";

/** Calls this machine's disk synchronously: all that a hit needs of it. */
export const nodeSyncCalls: FileSystemCalls = {
  open: (path, mode) => fs.openSync(path, mode === "read" ? READ_FLAGS : CREATE_FLAGS, 0o666),
  read: (file, buffer, offset, length, position) => fs.readSync(file, buffer, offset, length, position),
  write: (file, buffer, offset, length) => fs.writeSync(file, buffer, offset, length, null),
  fsync: (file) => fs.fsyncSync(file),
  close: (file) => fs.closeSync(file),
  statOpen: (file) => toFileStat(fs.fstatSync(file, { bigint: true })),
  stat: (path) => {
    const stat = fs.lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return stat && toFileStat(stat);
  },
  link: (path, newPath) => fs.linkSync(path, newPath),
  rename: (path, newPath) => fs.renameSync(path, newPath),
  unlink: (path) => fs.unlinkSync(path),
  mkdir: (path) => {
    fs.mkdirSync(path);
  },
  rmdir: (path) => fs.rmdirSync(path),
  readFolder: (path) => fs.readdirSync(path, { withFileTypes: true }).map(toFolderEntry),
  syncFolder: (path) => {
    if (isWindows) return;
    const file = fs.openSync(path, O_RDONLY);
    try {
      fs.fsyncSync(file);
    } catch (error) {
      if (!cannotSyncFolders(error)) throw error;
    } finally {
      fs.closeSync(file);
    }
  },
};

/** Checks that are cheaper than a `stat`; `false` may also mean that the check failed. */
export const shortcuts: Shortcuts = {
  isSurelyThere: (path) => fs.existsSync(path),
  isSurelyFolder: (path) => fs.lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true,
};

/** Calls the listener when something in a folder changes. */
export function watchFolder(path: string, listener: (name?: string) => void): { close(): void } {
  const watcher = fs.watch(path, { persistent: false }, (_, name) => listener(name ?? undefined));
  // The folder was removed, or the system is out of watches: the caller polls anyway.
  watcher.on("error", () => watcher.close());
  return watcher;
}

/**
 * Returns whether the error says that the file system has no fsync for folders, like some network
 * and user-space file systems. No other call can replace fsync.
 */
export function cannotSyncFolders(error: unknown): boolean {
  return ["EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(systemCodeOf(error) ?? "");
}

export function toFileStat(stat: BigIntStats): FileStat {
  return {
    kind: kindOf(stat),
    sizeBytes: Number(stat.size),
    modifiedMs: Number(stat.mtimeNs) / 1e6,
    identity: `${stat.dev}:${stat.ino}`,
  };
}

export function toFolderEntry(entry: Dirent): FolderEntry {
  return { name: entry.name, kind: kindOf(entry) };
}

function kindOf(entry: { isFile(): boolean; isDirectory(): boolean; isSymbolicLink(): boolean }): FileKind {
  return entry.isFile() ? "file" : entry.isDirectory() ? "folder" : entry.isSymbolicLink() ? "link" : "other";
}
