import type { Store, StoreCapabilities, StorePath } from "../store/store.ts";

/** An empty store for one case. */
export interface OpenedStore {
  readonly store: Store;
  /** Remove the store with everything in it. */
  close(): Promise<void>;
  /**
   * Open the same location again, as another process would. Needed if the store says that it is
   * `shared`.
   */
  reopen?(): Promise<Store>;
  /** The argument for `openStore` of {@link StoreSubject.module} in another process. */
  readonly place?: string;
}

/** A store to prove. */
export interface StoreSubject {
  readonly name: string;
  /** The capabilities that it declares; they decide which cases apply. */
  readonly capabilities: StoreCapabilities;
  /** Whether it has {@link Store.sync}. Default `false`. */
  readonly synchronous?: boolean;
  /** The resolution of `modifiedMs`. Default 20. */
  readonly clockStepMs?: number;
  /** Open an empty store that shares nothing with any other. */
  open(): Promise<OpenedStore>;
  /**
   * A JavaScript module whose export `openStore(place: string): Store | Promise<Store>` opens the
   * location in another process. Needed if the store says that it is `shared` and creates
   * exclusively.
   */
  readonly module?: URL;
  /** Make every later call of this store fail: cut the connection, or revoke the permission. */
  disable?(opened: OpenedStore): Promise<void>;
  /** Cut an object to this many bytes without using the store. */
  truncate?(opened: OpenedStore, path: StorePath, sizeBytes: number): Promise<void>;
}

/** The topics of the cases. */
export type StoreCaseGroup =
  | "reading"
  | "writing"
  | "creating"
  | "moving and removing"
  | "listing"
  | "aborting"
  | "paths"
  | "faults"
  | "sharing"
  | "the synchronous door";

export type StoreCaseNeed = "exclusiveCreate" | "shared" | "synchronous" | "disable" | "truncate";

/** One promise of a store. */
export interface StoreCase {
  readonly group: StoreCaseGroup;
  readonly title: string;
  /** The case runs only if the store declares, or the subject offers, all of these. */
  readonly needs?: readonly StoreCaseNeed[];
  run(opened: OpenedStore, subject: StoreSubject): Promise<void>;
}
