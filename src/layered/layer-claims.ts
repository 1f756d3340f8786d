import type { StoreOperation } from "../errors/store-errors.ts";
import { LEASES_FOLDER } from "../store/internal-folder.ts";
import type { Chunks, Store, StorePath, WriteOptions } from "../store/store.ts";
import type { WritableLayers } from "./layer-mode.ts";
import { type RemoteLink, unreachable } from "./remote-link.ts";

/**
 * Whether a path is that of a lease's claim. A claim is in one layer only and is never copied: with
 * a copy in another layer, two processes could both hold the lease.
 */
export function isClaim(path: string): boolean {
  return path.startsWith(`${LEASES_FOLDER}/`);
}

type Layer = "local" | "remote";

/**
 * Decides in which store claims are made. Every process should see them: so they are made in the
 * remote, if it can be written and can tell which process was first. While the remote does not
 * answer they are made locally, so that at least the processes of this machine do not repeat each
 * other's work.
 */
export class LayerClaims {
  readonly #local: Store;
  readonly #remote: Store;
  readonly #link: RemoteLink;
  readonly #writable: WritableLayers;
  /** The layer in which each claim of this process was made, and stays. */
  readonly #made = new Map<StorePath, Layer>();
  #home: Layer = "local";

  constructor(local: Store, remote: Store, link: RemoteLink, writable: WritableLayers) {
    this.#local = local;
    this.#remote = remote;
    this.#link = link;
    this.#writable = writable;
    this.settle();
  }

  /**
   * Decide again in which store claims are made, unless some are held: the remote may have found
   * out only now what it can do.
   */
  settle(): void {
    if (this.#made.size > 0) return;
    const { exclusiveCreate, shared } = this.#remote.capabilities;
    const { local, remote } = this.#writable;
    this.#home = remote && ((exclusiveCreate && shared) || !local) ? "remote" : "local";
  }

  async createIfAbsent(path: StorePath, chunks: Chunks, options: WriteOptions): Promise<"created" | "exists"> {
    // A claim of this process that could not be removed may belong to another process by now.
    this.#made.delete(path);
    let layer: Layer = "local";
    const create = (store: Store): Promise<"created" | "exists"> => {
      layer = store === this.#local ? "local" : "remote";
      return store.createIfAbsent(path, chunks, options);
    };
    const outcome = await this.run("create", path, create, options.signal);
    if (outcome === "created") this.#made.set(path, layer);
    return outcome;
  }

  async remove(path: StorePath, signal: AbortSignal | undefined): Promise<boolean> {
    const removed = await this.run("remove", path, (store) => store.remove(path, { signal }), signal);
    this.#made.delete(path);
    return removed;
  }

  /** Returns the layer where the claim is, or would be made. */
  layerOf(path: StorePath): Store {
    return (this.#made.get(path) ?? this.#home) === "local" ? this.#local : this.#remote;
  }

  /** Ask the layer where the claim is, or would be made. */
  async run<Value>(
    operation: StoreOperation,
    path: StorePath,
    work: (store: Store) => Promise<Value>,
    signal: AbortSignal | undefined,
  ): Promise<Value> {
    if (this.layerOf(path) === this.#local) return work(this.#local);
    // A beat replaces a claim in the remote: in the local store, it would create a second claim.
    if (operation === "replace" || !this.#writable.local) return this.#link.demand(operation, path, work, signal);
    const answer = await this.#link.attempt(operation, path, work, signal);
    return answer === unreachable ? work(this.#local) : answer;
  }
}
