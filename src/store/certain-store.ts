import type { ReadableStore, Store } from "./store.ts";

/**
 * The same store for callers that must not take silence for an answer: those that remove what
 * nothing refers to, or tell a person that something is not there. See `StoreLayers.certain`.
 */
export function certainStore(store: Store): Store;
export function certainStore(store: ReadableStore): ReadableStore;
export function certainStore(store: ReadableStore): ReadableStore {
  return store.layers?.certain ?? store;
}
