import type { Store } from "../../src/entry/index.ts";

/** The same store with some methods replaced, and without its synchronous calls. */
export function override(store: Store, methods: Partial<Store>): Store {
  return {
    url: store.url,
    capabilities: store.capabilities,
    read: (...args) => store.read(...args),
    stat: (...args) => store.stat(...args),
    writeFresh: (...args) => store.writeFresh(...args),
    createIfAbsent: (...args) => store.createIfAbsent(...args),
    replace: (...args) => store.replace(...args),
    move: (...args) => store.move(...args),
    remove: (...args) => store.remove(...args),
    list: (...args) => store.list(...args),
    ...methods,
  };
}
