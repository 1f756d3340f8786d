import type { Store, StorePath } from "../store.ts";

/**
 * Tells how another thread of this process opens the location of a store: by the options that
 * created the store, which structured clone can copy.
 */
export interface Reopening {
  readonly service: "s3" | "azure" | "gcs" | "sftp";
  readonly options: object;
}

const reopenings = new WeakMap<Store, () => Reopening | undefined>();
const layers = new WeakMap<Store, (path: StorePath) => Store>();

/** Records how a store can be opened again; `find` returns undefined while that is unknown. */
export function recordReopening(store: Store, find: () => Reopening | undefined): void {
  reopenings.set(store, find);
}

/**
 * Returns undefined for a store that only the program itself can create, such as one with the
 * program's own client.
 */
export function reopeningOf(store: Store): Reopening | undefined {
  return reopenings.get(store)?.();
}

/** Records which layer of a store holds, or will hold, an object that lies in one layer only. */
export function recordLayers(store: Store, find: (path: StorePath) => Store): void {
  layers.set(store, find);
}

/** Returns the store of an object that is never copied from one layer to another. */
export function layerOf(store: Store, path: StorePath): Store {
  const layer = layers.get(store)?.(path);
  return layer === undefined ? store : layerOf(layer, path);
}
