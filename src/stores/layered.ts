export { ReadOnlyStoreError } from "../errors/read-only-errors.ts";
export type { StoreOperation } from "../errors/store-errors.ts";
export type { LayeredMode } from "../store/layer-mode.ts";
export { type LayeredStore, type LayeredStoreOptions, layeredStore, type Pushed } from "../store/layered-store.ts";
export type { RemoteFailure, RemoteFailureEvent, RemoteFailures } from "../store/remote-link.ts";
