import type { Store } from "./store.ts";

/**
 * The same store for callers who must not take silence for an answer: whoever removes what nothing refers to, or tells a person that something is
 * not there. See `StoreLayers.certain`.
 */
export function certainStore(store: Store): Store {
  return store.layers?.certain ?? store;
}
