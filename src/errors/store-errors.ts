import { isError } from "./error-kind.ts";
import { PersistableError } from "./persistable-error.ts";

/** The call of a store that failed. */
export type StoreOperation = "read" | "stat" | "write" | "create" | "replace" | "move" | "remove" | "list";

/** Describes where and how a store failed. */
export interface StoreFailure {
  readonly operation: StoreOperation;
  /**
   * The object as a person finds it: an absolute path on the disk, or the store's URL with the
   * path.
   */
  readonly path: string;
  /** The system's own code, such as `ENOSPC`, if it gave one. */
  readonly systemCode?: string | undefined;
  readonly cause?: unknown;
}

const doing: Record<StoreOperation, string> = {
  read: "read",
  stat: "inspect",
  write: "write",
  create: "create",
  replace: "replace",
  move: "move",
  remove: "remove",
  list: "list",
};

/**
 * A store could not do what it was asked: the parent of every failure of a disk or a service. It
 * never means that an object is missing (that is a value, not an error), so nothing is generated
 * again because of it.
 * Remedy: each subclass says its own.
 *
 * @example
 * ```ts
 * import { StoreError } from "persistable-ts";
 * import { points } from "./pipeline.ts";
 *
 * try {
 *   await points.load();
 * } catch (error) {
 *   if (!(error instanceof StoreError)) throw error;
 *   console.error(error.operation, error.path, error.systemCode);
 * }
 * ```
 */
export abstract class StoreError extends PersistableError {
  readonly operation: StoreOperation;
  /**
   * The object as a person finds it: an absolute path on the disk, or the store's URL with the
   * path.
   */
  readonly path: string;
  /** The system's own code, such as `ENOSPC`, if it gave one. */
  readonly systemCode: string | undefined;

  constructor(failure: StoreFailure, problemAndRemedy: string) {
    const code = failure.systemCode === undefined ? "" : ` (${failure.systemCode})`;
    super(`Could not ${doing[failure.operation]} ${failure.path}: ${problemAndRemedy}${code}`, causeOf(failure));
    this.operation = failure.operation;
    this.path = failure.path;
    this.systemCode = failure.systemCode;
  }
}

function causeOf(failure: StoreFailure): ErrorOptions | undefined {
  return failure.cause === undefined ? undefined : { cause: failure.cause };
}

/**
 * The disk, or the share of it that this user may fill, is full. The unfinished object was removed,
 * and existing objects are untouched.
 * Remedy: make room (`collectOrphans`, other files, a bigger quota) and repeat the call.
 *
 * @example
 * ```ts
 * import { StoreFullError } from "persistable-ts";
 * import { points } from "./pipeline.ts";
 *
 * try {
 *   await points.payload;
 * } catch (error) {
 *   if (!(error instanceof StoreFullError)) throw error;
 *   console.error(`no room at ${error.path}`);
 * }
 * ```
 */
export class StoreFullError extends StoreError {
  override readonly code = "PERSISTABLE_STORE_FULL" as const;

  constructor(failure: StoreFailure) {
    super(failure, "no space is left. Make room on the disk or raise the quota, then retry; nothing was half-written.");
  }
}

/**
 * The system does not let this user do that: missing permission, or a read-only disk.
 * Remedy: give the user the right, or point `dataDir` to a folder that it may write.
 *
 * @example
 * ```ts
 * import { StoreAccessError } from "persistable-ts";
 * import { points } from "./pipeline.ts";
 *
 * try {
 *   await points.payload;
 * } catch (error) {
 *   if (!(error instanceof StoreAccessError)) throw error;
 *   console.error(`may not touch ${error.path}`);
 * }
 * ```
 */
export class StoreAccessError extends StoreError {
  override readonly code = "PERSISTABLE_STORE_ACCESS" as const;

  /**
   * @param problem - set if more is known than the system's code says
   * @param remedy - set if it differs from the usual one
   */
  constructor(failure: StoreFailure, problem?: string, remedy = "Give it the permission, or choose another dataDir") {
    const usual = failure.systemCode === "EROFS" ? "the disk is read-only" : "this user may not do that";
    super(failure, `${problem ?? usual}. ${remedy}.`);
  }
}

/**
 * The process, or the whole machine, has too many files open. Waiting a while did not help.
 * Remedy: raise the limit (`ulimit -n`), or close what the program leaves open.
 *
 * @example
 * ```ts
 * import { TooManyOpenFilesError } from "persistable-ts";
 * import { points } from "./pipeline.ts";
 *
 * try {
 *   await points.load();
 * } catch (error) {
 *   if (!(error instanceof TooManyOpenFilesError)) throw error;
 *   console.error("raise ulimit -n");
 * }
 * ```
 */
export class TooManyOpenFilesError extends StoreError {
  override readonly code = "PERSISTABLE_TOO_MANY_OPEN_FILES" as const;

  constructor(failure: StoreFailure) {
    const whose = failure.systemCode === "ENFILE" ? "this machine" : "this process";
    super(failure, `${whose} has too many files open. Raise the limit (ulimit -n), or close what is left open.`);
  }
}

/**
 * The path of a file, or of a folder above it, leads to something else than it should: a folder
 * where a file belongs, a file where a folder belongs, a symbolic link. Links inside a store are
 * never followed, since a link that another user put there could lead anywhere.
 * Remedy: inspect the path and move away what does not belong there.
 *
 * @example
 * ```ts
 * import { NotAFileError } from "persistable-ts";
 * import { points } from "./pipeline.ts";
 *
 * try {
 *   await points.load();
 * } catch (error) {
 *   if (!(error instanceof NotAFileError)) throw error;
 *   console.error(`${error.path}: ${error.found}`);
 * }
 * ```
 */
export class NotAFileError extends StoreError {
  override readonly code = "PERSISTABLE_NOT_A_FILE" as const;
  /** A description of what is there. */
  readonly found: string;

  constructor(failure: StoreFailure, found: string) {
    super(failure, `${found}. Move away what does not belong there.`);
    this.found = found;
  }
}

/**
 * An object is bigger than the reader allows, or than one buffer of this Node can hold. It was not
 * read.
 * Remedy: raise the limit if the size is right, or find out what wrote it.
 *
 * @example
 * ```ts
 * import { fileStore, ObjectTooLargeError } from "persistable-ts";
 * import { storePath } from "persistable-ts/store";
 *
 * try {
 *   await fileStore("example-data").read(storePath("notes.txt"), { maxBytes: 1024 });
 * } catch (error) {
 *   if (!(error instanceof ObjectTooLargeError)) throw error;
 *   console.error(error.sizeBytes);
 * }
 * ```
 */
export class ObjectTooLargeError extends StoreError {
  override readonly code = "PERSISTABLE_OBJECT_TOO_LARGE" as const;
  readonly sizeBytes: number;
  readonly maxBytes: number;

  constructor(failure: StoreFailure, sizeBytes: number, maxBytes: number) {
    super(
      failure,
      `it has ${sizeBytes} bytes, and at most ${maxBytes} are allowed here. Raise the limit if the size is right, or find out what wrote it.`,
    );
    this.sizeBytes = sizeBytes;
    this.maxBytes = maxBytes;
  }
}

/**
 * An object with the target name exists already. It was left untouched.
 * Remedy: choose a new name, or call `replace` to overwrite the object.
 *
 * @example
 * ```ts
 * import { memoryStore, ObjectExistsError } from "persistable-ts";
 * import { storePath } from "persistable-ts/store";
 *
 * const store = memoryStore();
 * const path = storePath("points", "3f9a1c2e.bin");
 * try {
 *   await store.writeFresh(path, [Uint8Array.of(1)]);
 * } catch (error) {
 *   if (!(error instanceof ObjectExistsError)) throw error;
 *   await store.replace(path, [Uint8Array.of(1)]);
 * }
 * ```
 */
export class ObjectExistsError extends StoreError {
  override readonly code = "PERSISTABLE_OBJECT_EXISTS" as const;

  constructor(failure: StoreFailure) {
    super(failure, "an object of that name exists already. Choose a new name, or replace it on purpose.");
  }
}

/**
 * The disk or the service failed in a way that no other class covers: a read or write error, a lost
 * connection. The written bytes are not reliable and were not acknowledged.
 * Remedy: read the system's own message in `cause`, and check the state of the disk.
 *
 * @example
 * ```ts
 * import { StoreIoError } from "persistable-ts";
 * import { points } from "./pipeline.ts";
 *
 * try {
 *   await points.load();
 * } catch (error) {
 *   if (!(error instanceof StoreIoError)) throw error;
 *   console.error(error.cause);
 * }
 * ```
 */
export class StoreIoError extends StoreError {
  override readonly code = "PERSISTABLE_STORE_IO" as const;

  /**
   * @param problem - set if more is known than the cause's message says
   * @param remedy - set if it differs from the usual one
   */
  constructor(failure: StoreFailure, problem?: string, remedy = "Check the disk or the connection, then retry") {
    super(failure, `${problem ?? messageOf(failure.cause)}. ${remedy}.`);
  }
}

/**
 * A write was requested of a store that was opened for reading only. Nothing was changed. If the
 * reason is that a remote store does not answer, so its artifacts cannot be read, that failure is
 * the `cause`.
 * Remedy: open the store in a mode that writes, or request only what is there.
 *
 * @example
 * ```ts
 * import { ReadOnlyStoreError } from "persistable-ts/store";
 * import { points } from "./pipeline.ts";
 *
 * try {
 *   await points.payload;
 * } catch (error) {
 *   if (!(error instanceof ReadOnlyStoreError)) throw error;
 *   console.error(`not persisted in ${error.path}`, error.cause);
 * }
 * ```
 */
export class ReadOnlyStoreError extends StoreError {
  override readonly code = "PERSISTABLE_READ_ONLY_STORE" as const;

  /**
   * @param needed - says which artifact would have to be generated, and why, if that is what the
   * object is for
   */
  constructor(failure: StoreFailure, needed?: string) {
    const why = isError(failure.cause) ? ` The other layer could not be read: ${failure.cause.message}` : "";
    const what = needed === undefined ? "" : `, and ${needed}`;
    super(
      failure,
      `this store was opened for reading only${what}. Open it for writing, a layered store with a mode such as "local:rw,remote:r".${why}`,
    );
  }
}

/**
 * A store refuses a path: it would be unsafe on some file system, or lead outside the
 * store.
 * Remedy: build paths with `storePath`, and names within them with `safeName`.
 *
 * @example
 * ```ts
 * import { InvalidStorePathError } from "persistable-ts";
 * import { storePath } from "persistable-ts/store";
 *
 * try {
 *   storePath("..", "passwd");
 * } catch (error) {
 *   if (!(error instanceof InvalidStorePathError)) throw error;
 *   console.error(error.problem);
 * }
 * ```
 */
export class InvalidStorePathError extends PersistableError {
  override readonly code = "PERSISTABLE_INVALID_STORE_PATH" as const;
  readonly path: string;
  /** A description of what is wrong with the path. */
  readonly problem: string;

  constructor(path: string, problem: string) {
    super(
      `${JSON.stringify(path)} is not a path in a store: ${problem}. Build it with storePath(…), and names with safeName(…), of persistable-ts/store.`,
    );
    this.path = path;
    this.problem = problem;
  }
}

/**
 * A `dataDir` that is neither a folder nor a store.
 * Remedy: give a path, a `file:` URL, `memory:name`, the URL of a bucket or a server, or an object
 * that implements `Store`.
 *
 * @example
 * ```ts
 * import { openStore, UnknownStoreError } from "persistable-ts";
 *
 * try {
 *   openStore("ftp://host/data");
 * } catch (error) {
 *   if (!(error instanceof UnknownStoreError)) throw error;
 *   console.error(error.message);
 * }
 * ```
 */
export class UnknownStoreError extends PersistableError {
  override readonly code = "PERSISTABLE_UNKNOWN_STORE" as const;

  /**
   * @param given - the part of the argument that may be quoted
   * @param remedy - set if it differs from the usual one
   */
  constructor(given: string, remedy = PLACES) {
    super(`${given} is not a place to keep artifacts. ${remedy}.`);
  }
}

const PLACES =
  "Give a path of a folder, a file: URL, memory:name, a URL s3://bucket/prefix, az://…, gs://… or sftp://user@host/path, or a Store";

function messageOf(cause: unknown): string {
  return isError(cause) ? cause.message : "it failed";
}
