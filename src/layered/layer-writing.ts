import { objectAt } from "../artifact/layout/artifact-paths.ts";
import type { Chunks, Store, StoreCallOptions, StorePath, WriteOptions } from "../store/store.ts";
import type { LayerParts } from "./layer-parts.ts";
import { mayMoveRemotely, mayRemoveRemotely } from "./remote-guard.ts";
import type { Ask } from "./remote-link.ts";

/** The calls that change something. */
export type Writing = Pick<Store, "writeFresh" | "createIfAbsent" | "replace" | "move" | "remove">;

/** Writes to the local store alone: the remote may only be read. */
export class LocalWriting implements Writing {
  readonly #parts: LayerParts;

  constructor(parts: LayerParts) {
    this.#parts = parts;
  }

  writeFresh(path: StorePath, chunks: Chunks, options?: WriteOptions): Promise<void> {
    return this.#parts.local.writeFresh(path, chunks, options);
  }

  async createIfAbsent(path: StorePath, chunks: Chunks, options?: WriteOptions): Promise<"created" | "exists"> {
    return this.#parts.local.createIfAbsent(path, chunks, options);
  }

  async replace(path: StorePath, chunks: Chunks, options?: WriteOptions): Promise<void> {
    await this.#parts.local.replace(path, chunks, options);
    this.#parts.healing.trust(path);
  }

  async move(from: StorePath, to: StorePath, options?: StoreCallOptions): Promise<boolean> {
    const { local, link, healing } = this.#parts;
    const moved = await local.move(from, to, options);
    const object = objectAt(from);
    if (object.kind === "payload") await healing.dismissDamaged(object.record, (...call) => link.attempt(...call));
    return moved;
  }

  remove(path: StorePath, options?: StoreCallOptions): Promise<boolean> {
    return this.#parts.local.remove(path, options);
  }
}

/**
 * Writes to the remote alone: the local store may only be read. Only the remote can do what is
 * asked, so the caller gets its failure as an error.
 */
export class RemoteWriting implements Writing {
  readonly #parts: LayerParts;

  constructor(parts: LayerParts) {
    this.#parts = parts;
  }

  async writeFresh(path: StorePath, chunks: Chunks, options: WriteOptions = {}): Promise<void> {
    await this.#demand("write", path, (remote) => remote.writeFresh(path, chunks, options), options.signal);
  }

  async createIfAbsent(path: StorePath, chunks: Chunks, options: WriteOptions = {}): Promise<"created" | "exists"> {
    const { local, link, healing } = this.#parts;
    if (!healing.distrusts(path) && (await local.stat(path, options)) !== undefined) return "exists";
    return link.demand("create", path, (remote) => remote.createIfAbsent(path, chunks, options), options.signal);
  }

  async replace(path: StorePath, chunks: Chunks, options: WriteOptions = {}): Promise<void> {
    const { link, healing } = this.#parts;
    await link.demand("replace", path, (remote) => remote.replace(path, chunks, options), options.signal);
    await healing.distrust(path);
  }

  async move(from: StorePath, to: StorePath, options: StoreCallOptions = {}): Promise<boolean> {
    const { link } = this.#parts;
    if ((await mayMoveRemotely(from, this.#parts, this.#demand)) !== true) return false;
    return link.demand("move", from, (remote) => remote.move(from, to, options), options.signal);
  }

  async remove(path: StorePath, options: StoreCallOptions = {}): Promise<boolean> {
    const { link, healing } = this.#parts;
    if (!(await mayRemoveRemotely(path, this.#demand))) return false;
    const removed = await link.demand("remove", path, (remote) => remote.remove(path, options), options.signal);
    await healing.distrust(path);
    return removed;
  }

  readonly #demand: Ask = (...call) => this.#parts.link.demand(...call);
}
