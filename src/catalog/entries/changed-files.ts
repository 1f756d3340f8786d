import { artifactFolder } from "../../artifact/layout/record-path.ts";
import type { ReadableStore, StoreWatch } from "../../store/store.ts";
import { changeMs } from "../file-stamp.ts";

/** More names than this are listed as fast; the queue of the system overflows at 16,384. */
const MANY_NAMES = 1000;
/** A watch does not hear what other machines do in a folder of a network. */
const LISTED_AGAIN_MS = 600_000;

/**
 * The files of a name that changed since it was listed, by a watch of its folder, so that one new
 * artifact does not cost a list of all.
 */
export class ChangedFiles {
  readonly #store: ReadableStore;
  readonly #name: string;
  #watch: StoreWatch | undefined;
  readonly #names = new Set<string>();
  #isCertain = false;
  #changeMs: number | undefined;
  #listedMs = Number.NEGATIVE_INFINITY;

  constructor(store: ReadableStore, name: string) {
    this.#store = store;
    this.#name = name;
  }

  /** Watches from now on. The caller lists the folder after it. */
  begin(): void {
    this.#isCertain = this.#watch !== undefined;
    this.#names.clear();
    this.#listedMs = performance.now();
    this.#changeMs = changeMs(this.#store, this.#name);
    if (this.#watch !== undefined || this.#store.localPath === undefined) return;
    this.#watch = this.#store.watch?.(artifactFolder(this.#name), (name) => {
      if (name === undefined) this.#isCertain = false;
      else this.#names.add(name);
    });
    this.#isCertain = this.#watch !== undefined;
  }

  /** The files that changed; `undefined` where only a list can tell. */
  async take(): Promise<readonly string[] | undefined> {
    // The system is asked for its messages between two turns.
    for (const _ of [1, 2]) await new Promise((resolve) => setImmediate(resolve));
    const changedMs = changeMs(this.#store, this.#name);
    if (!this.#isCertain || changedMs === undefined || this.#names.size > MANY_NAMES) return undefined;
    const isSilent = this.#names.size === 0 && changedMs !== this.#changeMs;
    if (isSilent || performance.now() - this.#listedMs > LISTED_AGAIN_MS) return undefined;
    const names = [...this.#names];
    this.#names.clear();
    this.#changeMs = changedMs;
    return names;
  }

  close(): void {
    this.#watch?.close();
    this.#watch = undefined;
    this.#isCertain = false;
  }
}
