import { payloadPath, quarantinePath } from "../../src/artifact/layout/artifact-paths.ts";
import { readPayloadFile } from "../../src/artifact/layout/payload-objects.ts";
import { recordPath } from "../../src/artifact/layout/record-path.ts";
import type { removeArtifact } from "../../src/artifact/publish/remove-artifact.ts";
import type { quarantineArtifact } from "../../src/artifact/read/quarantine-artifact.ts";
import { StoreError } from "../../src/errors/store-errors.ts";
import type { FileSystem } from "../../src/store/folder/calls/file-system.ts";
import type { Chunks, Store, StorePath } from "../../src/store/store.ts";
import { override } from "./override-store.ts";

/** Payloads are written when their record is there. */
export function withRecordFirst(store: Store): Store {
  const waiting: [StorePath, Chunks][] = [];
  const writeWaiting = async (): Promise<void> => {
    for (const [path, chunks] of waiting.splice(0)) await store.writeFresh(path, chunks);
  };
  return override(store, {
    writeFresh: async (path, chunks) => {
      waiting.push([path, chunks]);
    },
    createIfAbsent: async (path, chunks) => {
      const outcome = await store.createIfAbsent(path, chunks);
      if (outcome === "created") await writeWaiting();
      return outcome;
    },
    replace: async (path, chunks) => {
      await store.replace(path, chunks);
      await writeWaiting();
    },
  });
}

export function withReplaceInTwoSteps(store: Store): Store {
  return override(store, {
    replace: async (path, chunks) => {
      await store.remove(path);
      await store.createIfAbsent(path, chunks);
    },
  });
}

export function withErrorsTakenForAbsence(store: Store): Store {
  return override(store, {
    read: (path, options) =>
      store.read(path, options).catch((error: unknown) => {
        if (error instanceof StoreError) return undefined;
        throw error;
      }),
  });
}

export const removePayloadFirst: typeof removeArtifact = async (store, name, address) => {
  const file = await readPayloadFile(store, name, address);
  if (file !== undefined) await store.remove(payloadPath(name, file));
  return store.remove(recordPath(name, address));
};

/** The record is moved away, looked at, and put back where it is a good one. */
export const moveAway: typeof quarantineArtifact = async (store, name, address, judged) => {
  const record = recordPath(name, address);
  const aside = quarantinePath(name, `${address}.json`, crypto.randomUUID());
  if (!(await store.move(record, aside))) return undefined;
  const moved = await store.read(aside);
  if (moved === undefined || Buffer.compare(moved, judged.recordBytes) === 0) return aside;
  await store.createIfAbsent(record, [moved]);
  return undefined;
};

/** Files whose path is skipped are not synced. */
export function withoutSync(disk: FileSystem, isSkipped: (path: string) => boolean): FileSystem {
  const paths = new Map<number, string>();
  return {
    ...disk,
    async: {
      ...disk.async,
      open: async (path, mode) => {
        const file = await disk.async.open(path, mode);
        paths.set(file, path);
        return file;
      },
      fsync: async (file) => (isSkipped(paths.get(file) ?? "") ? undefined : disk.async.fsync(file)),
    },
  };
}

export function withoutFolderSync(disk: FileSystem): FileSystem {
  return { ...disk, async: { ...disk.async, syncFolder: async () => {} } };
}
