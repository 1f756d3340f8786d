import type { StoreOperation } from "../errors/store-errors.ts";
import { checkFolders, folderOf, type Ground } from "./check-folders.ts";
import type { FileSystemCalls } from "./file-system.ts";
import { driveSync } from "./steps.ts";
import type { StorePath } from "./store.ts";
import { describeFailure, systemCodeOf } from "./store-failure.ts";
import { assertStorePath } from "./store-path.ts";

/** The first buffer, which holds any usual record. */
const FIRST_BUFFER_BYTES = 64 * 1024;

/** A digest and `.json`. */
const RECORD_NAME_LENGTH = 64 + 5;

/** {@link SyncStore.readShared}: open, read, close and nothing else, since a hit is hardly more than these three calls. */
export class SharedReader {
  readonly #ground: Ground;
  readonly #calls: FileSystemCalls;
  readonly #isSurelyThere: ((path: string) => boolean) | undefined;
  readonly #root: string;
  /** The last one that was asked about and is a folder, with its slash. */
  #folder = "";
  #buffer: Buffer | undefined;

  /** @param isSurelyThere - a shorter way to a yes; its no is asked again */
  constructor(ground: Ground, calls: FileSystemCalls, isSurelyThere?: (path: string) => boolean) {
    this.#ground = ground;
    this.#root = `${ground.root}/`;
    this.#calls = calls;
    this.#isSurelyThere = isSurelyThere;
  }

  read(path: StorePath, maxBytes: number): Uint8Array | undefined | "too-large" {
    assertStorePath(path);
    const full = `${this.#ground.root}/${path}`;
    let file: number | undefined;
    try {
      if (!this.#hasFolder(full, "read")) return undefined;
      file = this.#calls.open(full, "read");
      return this.#readOpen(file, maxBytes);
    } catch (error) {
      if (file === undefined && systemCodeOf(error) === "ENOENT") return undefined;
      throw describeFailure(error, { operation: "read", path: full });
    } finally {
      if (file !== undefined) this.#calls.close(file);
    }
  }

  /** {@link SyncStore.exists} */
  exists(path: StorePath): boolean {
    const full = this.#root + path;
    if (this.#looksUsual(path) && this.#isSurelyThere?.(full) === true) return true;
    assertStorePath(path);
    try {
      if (!this.#hasFolder(full, "stat")) return false;
      this.#folder = path.slice(0, path.lastIndexOf("/") + 1);
      return this.#isSurelyThere?.(full) === true || this.#calls.stat(full) !== undefined;
    } catch (error) {
      throw describeFailure(error, { operation: "stat", path: full });
    }
  }

  /**
   * Another record in the same folder, as it seems. Looking at each character would take a quarter of the time of asking the disk, and a yes for a
   * name that is not safe everywhere does no harm: nothing is read by it.
   */
  #looksUsual(path: string): boolean {
    const start = this.#folder.length;
    return (
      path.length === start + RECORD_NAME_LENGTH &&
      path.startsWith(this.#folder) &&
      path.indexOf("/", start) === -1 &&
      path.indexOf("\\", start) === -1
    );
  }

  #hasFolder(full: string, operation: StoreOperation): boolean {
    return (
      this.#ground.realFolders.has(folderOf(full)) ||
      driveSync(checkFolders(this.#ground, full, operation), this.#calls)
    );
  }

  /** One byte more than allowed is asked for, to know whether there is one. */
  #readOpen(file: number, maxBytes: number): Uint8Array | "too-large" {
    this.#buffer ??= Buffer.allocUnsafeSlow(FIRST_BUFFER_BYTES);
    let length = 0;
    for (;;) {
      const wanted = Math.min(this.#buffer.length, maxBytes + 1) - length;
      const read = this.#calls.read(file, this.#buffer, length, wanted, length);
      length += read;
      if (length > maxBytes) return "too-large";
      // A disk gives less than it was asked for only at the end of a file. Where one does not, the digest of what was read tells.
      if (read < wanted) return this.#buffer.subarray(0, length);
      if (length === this.#buffer.length) this.#grow();
    }
  }

  #grow(): void {
    const bigger = Buffer.allocUnsafeSlow(2 * (this.#buffer?.length ?? FIRST_BUFFER_BYTES));
    this.#buffer?.copy(bigger);
    this.#buffer = bigger;
  }
}
