import fs from "node:fs";
import { openBusy, patiently } from "../../../util/patiently.ts";
import { systemCodeOf } from "../../../util/system-failure.ts";
import type { AsyncFileSystemCalls, FileSystem, FolderEntry } from "./file-system.ts";
import {
  CREATE_FLAGS,
  cannotSyncFolders,
  isWindows,
  nodeSyncCalls,
  READ_FLAGS,
  toFileStat,
  toFolderEntry,
  watchFolder,
} from "./node-sync-calls.ts";
import { isProcessDead, processOwner } from "./process-owner.ts";

const { O_RDONLY } = fs.constants;

/** This machine's disk. */
export const nodeFileSystem: FileSystem = {
  sync: nodeSyncCalls,
  async: createAsyncCalls(),
  scanFolder,
  watch: watchFolder,
  now: () => Date.now(),
  get owner() {
    return processOwner();
  },
  isOwnerDead: isProcessDead,
};

function createAsyncCalls(): AsyncFileSystemCalls {
  return {
    open: (path, mode) =>
      patiently(openBusy, () =>
        promised<number>((done) => fs.open(path, mode === "read" ? READ_FLAGS : CREATE_FLAGS, 0o666, done)),
      ),
    read: (file, buffer, offset, length, position) =>
      promised((done) => fs.read(file, buffer, offset, length, position, done)),
    write: (file, buffer, offset, length) => promised((done) => fs.write(file, buffer, offset, length, null, done)),
    fsync: (file) => promised((done) => fs.fsync(file, done)),
    close: (file) => promised((done) => fs.close(file, done)),
    statOpen: async (file) => toFileStat(await promised((done) => fs.fstat(file, { bigint: true }, done))),
    stat: async (path) => {
      try {
        return toFileStat(await promised((done) => fs.lstat(path, { bigint: true }, done)));
      } catch (error) {
        if (systemCodeOf(error) === "ENOENT") return undefined;
        throw error;
      }
    },
    link: (path, newPath) => patiently(nameBusy, () => promised((done) => fs.link(path, newPath, done))),
    rename: (path, newPath) => patiently(nameBusy, () => promised((done) => fs.rename(path, newPath, done))),
    unlink: (path) => patiently(nameBusy, () => promised((done) => fs.unlink(path, done))),
    mkdir: (path) => promised((done) => fs.mkdir(path, done)),
    rmdir: (path) => patiently(nameBusy, () => promised((done) => fs.rmdir(path, done))),
    readFolder: async (path) => {
      const entries = await patiently(openBusy, () =>
        promised<fs.Dirent[]>((done) => fs.readdir(path, { withFileTypes: true }, done)),
      );
      return entries.map(toFolderEntry);
    },
    syncFolder: async (path) => {
      if (isWindows) return;
      const file = await patiently(openBusy, () => promised<number>((done) => fs.open(path, O_RDONLY, done)));
      try {
        await promised<void>((done) => fs.fsync(file, done));
      } catch (error) {
        if (!cannotSyncFolders(error)) throw error;
      } finally {
        await promised<void>((done) => fs.close(file, done));
      }
    },
  };
}

/** `fs.promises` keeps an object and several promises for each call; callbacks cost half. */
function promised<Value>(
  start: (done: (error: NodeJS.ErrnoException | null, value?: Value) => void) => void,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    // Deno passes undefined where Node passes null.
    start((error, value) => (error ? reject(error) : resolve(value as Value)));
  });
}

/** On Windows, a virus scanner or an indexer that has just opened a file blocks its renaming. */
const nameBusy: readonly (string | undefined)[] = isWindows ? ["EPERM", "EACCES", "EBUSY"] : [];
/** The number of names that are passed on at once. */
const SCAN_BATCH = 256;
/** Deno's `readSync` begins at the first entry again, whatever `read` gave. Bun is not trusted. */
const sharesBuffer = !("Deno" in globalThis) && !("Bun" in globalThis);

async function* scanFolder(path: string): AsyncGenerator<readonly FolderEntry[]> {
  const folder = await patiently(openBusy, () =>
    promised<fs.Dir>((done) => fs.opendir(path, { bufferSize: SCAN_BATCH }, done)),
  );
  try {
    // This call gets as many entries from the system as fit into the buffer. The others are then
    // there at once: a promise for each would take several times as long as the system's work.
    for (let entry = await folder.read(); entry !== null; entry = await folder.read()) {
      const batch: FolderEntry[] = [];
      for (let next: fs.Dirent | null = entry; next !== null; ) {
        batch.push(toFolderEntry(next));
        next = sharesBuffer && batch.length < SCAN_BATCH ? folder.readSync() : null;
      }
      yield batch;
    }
  } finally {
    await folder.close();
  }
}
