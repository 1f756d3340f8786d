import type { StoreOperation } from "../../../errors/store-errors.ts";
import { systemCodeOf } from "../../../util/system-failure.ts";
import type { StorePath } from "../../store.ts";
import { assertStorePath } from "../../store-path.ts";
import { checkFolders, type Ground } from "./check-folders.ts";
import { toStoreError } from "./classify-system-error.ts";
import { driveSync } from "./file-steps.ts";
import type { FileSystemCalls } from "./file-system.ts";

/** The first buffer holds any usual record. */
const FIRST_BUFFER_BYTES = 64 * 1024;

/** The length of a digest and `.json`. */
const RECORD_NAME_LENGTH = 64 + 5;
/** A name of that length which every file system takes; tested from `lastIndex` on. */
const RECORD_NAME = /[0-9a-f]{64}\.[a-z]{4}/y;

/** Faster checks: `true` is reliable, after `false` the full check runs. */
export interface Shortcuts {
  isSurelyThere(path: string): boolean;
  /** Links are not followed. */
  isSurelyFolder(path: string): boolean;
}

/**
 * {@link SyncStore.readShared}: open, read and close alone, since a hit consists of little more
 * than these three calls.
 */
export class SharedReader {
  readonly #ground: Ground;
  readonly #calls: FileSystemCalls;
  readonly #shortcuts: Shortcuts | undefined;
  readonly #forgetFolder = (): void => {
    this.#isReal = false;
  };
  readonly #root: string;
  /** The folder of the last object, with its slash: its text was checked. */
  #folder = "";
  /**
   * Whether that is known to be a real folder. This is forgotten at the end of the program's
   * present step: this process cannot change the folder before.
   */
  #isReal = false;
  #buffer: Buffer | undefined;

  constructor(ground: Ground, calls: FileSystemCalls, shortcuts?: Shortcuts) {
    this.#ground = ground;
    this.#root = `${ground.root}/`;
    this.#calls = calls;
    this.#shortcuts = shortcuts;
  }

  read(path: StorePath, maxBytes: number): Uint8Array | undefined | "too-large" {
    // Each hit reads a record, mostly in the folder of the one before.
    if (!this.#isRecordBeside(path)) assertStorePath(path);
    const full = this.#root + path;
    let file: number | undefined;
    try {
      if (!this.#hasFolder(path, full, "read")) return undefined;
      file = this.#calls.open(full, "read");
      return this.#readOpen(file, maxBytes);
    } catch (error) {
      if (file === undefined && systemCodeOf(error) === "ENOENT") return undefined;
      throw toStoreError(error, { operation: "read", path: full });
    } finally {
      if (file !== undefined) this.#calls.close(file);
    }
  }

  /** {@link SyncStore.exists} */
  exists(path: StorePath): boolean {
    const full = this.#root + path;
    if (this.#isReal && this.#looksUsual(path) && this.#shortcuts?.isSurelyThere(full) === true) return true;
    assertStorePath(path);
    try {
      if (!this.#hasFolder(path, full, "stat")) return false;
      return this.#shortcuts?.isSurelyThere(full) === true || this.#calls.stat(full) !== undefined;
    } catch (error) {
      throw toStoreError(error, { operation: "stat", path: full });
    }
  }

  /**
   * Returns whether the path looks like another record in the same folder. Checking each character
   * would take a quarter of the time of a disk access, and a false `true` does no harm: nothing is
   * read by it.
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

  #isRecordBeside(path: string): boolean {
    const start = this.#folder.length;
    if (path.length !== start + RECORD_NAME_LENGTH || !path.startsWith(this.#folder)) return false;
    RECORD_NAME.lastIndex = start;
    return RECORD_NAME.test(path);
  }

  #hasFolder(path: StorePath, full: string, operation: StoreOperation): boolean {
    const end = path.lastIndexOf("/") + 1;
    const isSame = end === this.#folder.length && path.startsWith(this.#folder);
    if (isSame && this.#isReal) return true;
    if (!this.#isFolder(path, full, end - 1, operation)) return false;
    if (!this.#isReal) queueMicrotask(this.#forgetFolder);
    this.#isReal = true;
    if (!isSame) this.#folder = path.slice(0, end);
    return true;
  }

  /**
   * Returns whether the folders are real. Most objects lie one folder deep, so one check is enough.
   */
  #isFolder(path: StorePath, full: string, end: number, operation: StoreOperation): boolean {
    if (end !== -1 && path.indexOf("/") === end && this.#isSurelyFolder(full, end)) return true;
    return driveSync(checkFolders(this.#ground, full, operation), this.#calls);
  }

  #isSurelyFolder(full: string, end: number): boolean {
    return this.#shortcuts?.isSurelyFolder(full.slice(0, this.#root.length + end)) === true;
  }

  /** Requests one byte more than allowed, to learn whether it exists. */
  #readOpen(file: number, maxBytes: number): Uint8Array | "too-large" {
    this.#buffer ??= Buffer.allocUnsafeSlow(FIRST_BUFFER_BYTES);
    let length = 0;
    for (;;) {
      const wanted = Math.min(this.#buffer.length, maxBytes + 1) - length;
      const read = this.#calls.read(file, this.#buffer, length, wanted, length);
      length += read;
      if (length > maxBytes) return "too-large";
      // A disk returns less than requested only at the end of a file. If it does so elsewhere, the
      // digest of the bytes does not match.
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
