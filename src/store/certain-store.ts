import type { ReadableStore, Store } from "./store.ts";

/**
 * Returns the same store for callers that must not mistake silence for an answer: those that remove
 * what has no references, or tell a person that something does not exist. See
 * `StoreLayers.certain`.
 */
export function certainStore(store: Store): Store;
export function certainStore(store: ReadableStore): ReadableStore;
export function certainStore(store: ReadableStore): ReadableStore {
  return store.layers?.certain ?? store;
}
