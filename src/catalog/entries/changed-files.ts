import { artifactFolder } from "../../artifact/layout/record-path.ts";
import type { ReadableStore, StoreWatch } from "../../store/store.ts";
import { changeMs } from "../file-stamp.ts";

/**
 * If more files have changed than this, listing the folder is as fast as reading them one by one.
 * The system drops changes when more than 16,384 wait.
 */
const MANY_NAMES = 1000;
/**
 * The folder is listed again after this time: on a network drive, a watch misses the changes that
 * other machines make.
 */
const LISTED_AGAIN_MS = 600_000;

/**
 * Knows which files of a name have changed since its folder was listed. It watches the folder, so
 * that one new artifact does not cost another list of all files.
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

  /** Begins to watch. The caller lists the folder afterwards, so that no change is missed. */
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

  /**
   * Returns the files that have changed; `undefined` if the caller has to list the folder to find
   * out.
   */
  async take(): Promise<readonly string[] | undefined> {
    // Node takes the events of a watch from the system between two turns of its event loop.
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
