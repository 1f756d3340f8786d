import type { Store, StorePath } from "../store.ts";

/**
 * How another thread of this process opens the place of a store: by the options that made it, which
 * structured clone takes.
 */
export interface Reopening {
  readonly service: "s3" | "azure" | "gcs" | "sftp";
  readonly options: object;
}

const reopenings = new WeakMap<Store, () => Reopening | undefined>();
const layers = new WeakMap<Store, (path: StorePath) => Store>();

/** Say how a store can be opened again. `undefined`: that is not known yet. */
export function noteReopening(store: Store, find: () => Reopening | undefined): void {
  reopenings.set(store, find);
}

/**
 * `undefined` for a store that nothing but the program itself can make, such as one with a client
 * of its own.
 */
export function reopeningOf(store: Store): Reopening | undefined {
  return reopenings.get(store)?.();
}

/** Say which of its layers has, or is to get, an object that lies in one of them only. */
export function noteLayers(store: Store, find: (path: StorePath) => Store): void {
  layers.set(store, find);
}

/** The store where an object lies that is never copied from one layer to another. */
export function layerOf(store: Store, path: StorePath): Store {
  const layer = layers.get(store)?.(path);
  return layer === undefined ? store : layerOf(layer, path);
}
