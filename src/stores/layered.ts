export { ReadOnlyStoreError } from "../errors/read-only-errors.ts";
export type { StoreOperation } from "../errors/store-errors.ts";
export type { LayeredMode } from "../store/layer-mode.ts";
export { type LayeredStore, type LayeredStoreOptions, layeredStore } from "../store/layered-store.ts";
export type { Pushed, PushOptions } from "../store/push-all.ts";
export type { RemoteFailure, RemoteFailureEvent, RemoteFailures } from "../store/remote-link.ts";
