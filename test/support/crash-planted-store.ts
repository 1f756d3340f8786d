import { mkdir, open } from "node:fs/promises";
import path from "node:path";
import type { Store, StorePath } from "../../src/entry/index.ts";
import type { FileStore } from "../../src/store/folder/file-store.ts";
import type { Chunks } from "../../src/store/store.ts";
import { override } from "./override-store.ts";

/** A bug for the tests to find. Each is the way in which some real cache writes. */
export type PlantedBug = "record-first" | "in-place" | "early-acknowledgement" | "ignored-errors";

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 40));

/** The same store without its synchronous calls. */
export function withoutSynchronousDoor(store: FileStore): Store {
  return override(store, { localPath: (...args) => store.localPath(...args) });
}

/** A store that breaks its contract in one way: a test that passes with it proves nothing. */
export function plantBug(store: FileStore, bug: PlantedBug): Store {
  const sound = withoutSynchronousDoor(store);
  const isRecord = (file: StorePath): boolean => file.endsWith(".json") && !file.startsWith(".");
  switch (bug) {
    case "record-first":
      return { ...sound, ...recordFirst(store, isRecord) };
    case "in-place": {
      const writeInPlace = async (file: StorePath, chunks: Chunks): Promise<void> =>
        isRecord(file) ? inPlace(store.localPath(file), chunks) : store.replace(file, chunks);
      return {
        ...sound,
        createIfAbsent: async (file, chunks, options) => {
          if (!isRecord(file)) return store.createIfAbsent(file, chunks, options);
          if ((await store.stat(file)) !== undefined) return "exists";
          await writeInPlace(file, chunks);
          return "created";
        },
        replace: writeInPlace,
      };
    }
    case "ignored-errors":
      return {
        ...sound,
        writeFresh: (...args) => store.writeFresh(...args).catch(() => {}),
        createIfAbsent: (...args) => store.createIfAbsent(...args).catch(() => "created" as const),
        replace: (...args) => store.replace(...args).catch(() => {}),
      };
    case "early-acknowledgement":
      return {
        ...sound,
        createIfAbsent: async (file, chunks, options) => {
          if (!isRecord(file)) return store.createIfAbsent(file, chunks, options);
          if ((await store.stat(file)) !== undefined) return "exists";
          void pause().then(() => store.createIfAbsent(file, chunks, options));
          return "created";
        },
      };
  }
}

/** Payloads wait until their record is there. */
function recordFirst(store: FileStore, isRecord: (file: StorePath) => boolean): Partial<Store> {
  const waiting = new Map<StorePath, Uint8Array[]>();
  const writeWaiting = async (): Promise<void> => {
    const files = [...waiting];
    waiting.clear();
    await pause();
    for (const [file, chunks] of files) await store.writeFresh(file, chunks);
  };
  return {
    writeFresh: async (file, chunks) => {
      waiting.set(file, await collect(chunks));
    },
    createIfAbsent: async (file, chunks, options) => {
      const outcome = await store.createIfAbsent(file, chunks, options);
      if (isRecord(file)) await writeWaiting();
      return outcome;
    },
    replace: async (file, chunks, options) => {
      await store.replace(file, chunks, options);
      await writeWaiting();
    },
  };
}

/** Writes to the final name, a part at a time. */
async function inPlace(file: string, chunks: Chunks): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const bytes = Buffer.concat(await collect(chunks));
  const handle = await open(file, "w");
  try {
    await handle.write(bytes.subarray(0, bytes.length >> 1));
    await pause();
    await handle.write(bytes.subarray(bytes.length >> 1));
  } finally {
    await handle.close();
  }
}

async function collect(chunks: Chunks): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(Uint8Array.from(chunk));
  return all;
}
