import type { Store } from "./store.ts";

/**
 * The same store for callers who must not take silence for an answer: those who remove what nothing
 * refers to, or tell a person that something is not there. See `StoreLayers.certain`.
 */
export function certainStore(store: Store): Store {
  return store.layers?.certain ?? store;
}
