import { NotAFileError, type StoreOperation } from "../errors/store-errors.ts";
import type { StorePath } from "./store.ts";
import { assertStorePath, foldersAbove } from "./store-path.ts";

export interface StoredObject {
  readonly bytes: Uint8Array;
  readonly modifiedMs: number;
}

/** The contents that all stores of one name share. */
export class Place {
  readonly objects = new Map<string, StoredObject>();
  /** The number of objects in and below each folder. */
  readonly folders = new Map<string, number>();
  readonly watchers = new Set<{ readonly folder: string; readonly listener: () => void }>();

  put(path: string, bytes: Uint8Array): void {
    if (!this.objects.has(path)) this.#count(path, 1);
    this.objects.set(path, { bytes, modifiedMs: Date.now() });
    this.#tell(path);
  }

  take(path: string): StoredObject | undefined {
    const object = this.objects.get(path);
    if (object === undefined) return undefined;
    this.objects.delete(path);
    this.#count(path, -1);
    this.#tell(path);
    return object;
  }

  /** Finds an object. Refuses a path that leads through another object, or that names a folder. */
  find(url: string, operation: StoreOperation, path: StorePath): StoredObject | undefined {
    assertStorePath(path);
    const failure = (problem: string): NotAFileError =>
      new NotAFileError({ operation, path: `${url}/${path}` }, problem);
    for (const folder of foldersAbove(path))
      if (this.objects.has(folder)) throw failure(`${folder} is a file, not a folder`);
    if (this.folders.has(path)) throw failure("there is a folder in its place");
    return this.objects.get(path);
  }

  #count(path: string, change: number): void {
    for (const folder of foldersAbove(path)) {
      const count = (this.folders.get(folder) ?? 0) + change;
      if (count === 0) this.folders.delete(folder);
      else this.folders.set(folder, count);
    }
  }

  #tell(path: string): void {
    const folder = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    for (const watcher of this.watchers) if (watcher.folder === folder) queueMicrotask(watcher.listener);
  }
}
