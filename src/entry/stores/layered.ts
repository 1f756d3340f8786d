export type { StoreOperation } from "../../errors/store-errors.ts";
export { ReadOnlyStoreError } from "../../errors/store-errors.ts";
export type { LayeredMode } from "../../layered/layer-mode.ts";
export { type LayeredStore, type LayeredStoreOptions, layeredStore } from "../../layered/layered-store.ts";
export type { Pushed, PushOptions } from "../../layered/push-all.ts";
export type { RemoteFailure, RemoteFailureEvent, RemoteFailures } from "../../layered/remote-link.ts";
