import type { Store, StoreCapabilities, StorePath } from "../store/store.ts";

/** A place of its own, opened for one case. */
export interface OpenedStore {
  /** Empty. */
  readonly store: Store;
  /** Takes the place away with everything in it. */
  close(): Promise<void>;
  /** Another store object on the same place, as another process would open it. Needed where the store says that it is `shared`. */
  reopen?(): Promise<Store>;
  /** What `openStore` of {@link StoreSubject.module} is called with in another process. */
  readonly place?: string;
}

/** A store that is to be proven. */
export interface StoreSubject {
  readonly name: string;
  /** What it says of itself; the cases follow from it. */
  readonly capabilities: StoreCapabilities;
  /** Whether it has a synchronous door. */
  readonly synchronous?: boolean;
  /** How finely it tells when an object was written. Default 20. */
  readonly clockStepMs?: number;
  /** An empty store in a place of its own. */
  open(): Promise<OpenedStore>;
  /**
   * A JavaScript module whose export `openStore(place: string): Store | Promise<Store>` opens the place in another process. Needed where the
   * store says that it is `shared` and creates exclusively.
   */
  readonly module?: URL;
  /** Make every call of this store fail from now on: cut the connection, take away the permission. */
  disable?(opened: OpenedStore): Promise<void>;
  /** Cut an object to this many bytes, behind the store's back. */
  truncate?(opened: OpenedStore, path: StorePath, sizeBytes: number): Promise<void>;
}

/** What a case is about. */
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

/** One thing that a store promises. */
export interface StoreCase {
  readonly group: StoreCaseGroup;
  readonly title: string;
  /** What the store must claim, or the subject offer, for this to be asked of it. */
  readonly needs?: readonly StoreCaseNeed[];
  run(opened: OpenedStore, subject: StoreSubject): Promise<void>;
}
