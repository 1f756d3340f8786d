/**
 * The system calls that a file store needs, and no more: one method for each system
 * call, so that a disk can be simulated, and crashed between any two of them.
 *
 * Each fails with an error whose `code` is the system's (`ENOENT`, `EEXIST`), like Node's own.
 */
export interface FileSystemCalls {
  /**
   * `"read"` opens an existing file; a symbolic link is `ELOOP`. `"create"` opens a new file for
   * writing; `EEXIST` if the name is in use.
   */
  open(path: string, mode: "read" | "create"): number;
  /** Returns the number of bytes read, possibly fewer than requested; 0 only at the end. */
  read(file: number, buffer: Uint8Array, offset: number, length: number, position: number): number;
  /** Appends; returns the number of bytes written, possibly fewer than given. */
  write(file: number, buffer: Uint8Array, offset: number, length: number): number;
  fsync(file: number): void;
  close(file: number): void;
  /** Returns the state of an open file. */
  statOpen(file: number): FileStat;
  /**
   * Returns the state of a name without following symbolic links; undefined if it does not exist.
   */
  stat(path: string): FileStat | undefined;
  /** Gives a file a second name; `EEXIST` if that name is in use. */
  link(path: string, newPath: string): void;
  /**
   * Renames a file, replacing a file of the new name; or a folder with its contents, to a name that
   * is free.
   */
  rename(path: string, newPath: string): void;
  unlink(path: string): void;
  /** Creates one level. */
  mkdir(path: string): void;
  /** Removes an empty folder. */
  rmdir(path: string): void;
  /** All names in a folder that is known to be small. */
  readFolder(path: string): readonly FolderEntry[];
  /**
   * Makes created, linked and renamed entries of a folder survive a power cut. Does nothing on a
   * system without such a call.
   */
  syncFolder(path: string): void;
}

/** The same calls through the thread pool. */
export type AsyncFileSystemCalls = {
  readonly [Name in keyof FileSystemCalls]: (
    ...args: Parameters<FileSystemCalls[Name]>
  ) => Promise<ReturnType<FileSystemCalls[Name]>>;
};

/** A disk, as a file store sees it. */
export interface FileSystem {
  readonly async: AsyncFileSystemCalls;
  /** If absent, stores on this disk have no synchronous calls. */
  readonly sync?: FileSystemCalls | undefined;
  /** Returns all names in a folder, a batch at a time; `ENOENT` if it does not exist. */
  scanFolder(path: string): AsyncIterable<readonly FolderEntry[]>;
  /**
   * The calls of one operation, which end soon after its signal was aborted. If absent, each call
   * of this disk ends soon anyway.
   */
  during?(signal: AbortSignal | undefined): Pick<FileSystem, "async" | "scanFolder">;
  /** If absent, folders cannot be watched. It may fail. */
  watch?(path: string, listener: (name?: string) => void): { close(): void };
  /** Returns milliseconds since the epoch. */
  now(): number;
  /**
   * Names the process that makes temporary files through this object: `[a-z0-9-]+`, different for
   * each process.
   */
  readonly owner: string;
  /**
   * Returns whether that owner, of this or an earlier boot of the machine, is certainly gone;
   * `false` when in doubt.
   */
  isOwnerDead(owner: string): boolean;
  /** `false` if the disk cannot tell which names are one file: then no two identities are equal. */
  readonly hasIdentities?: boolean | undefined;
  /**
   * `true` if `link` may remove the first name, on a disk that has no hard links and does not
   * rename onto an existing file.
   */
  readonly linkMayMove?: boolean | undefined;
}

/** The state of a name. */
export interface FileStat {
  readonly kind: FileKind;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** Two names with the same identity are one file. */
  readonly identity: string;
}

export interface FolderEntry {
  readonly name: string;
  readonly kind: FileKind;
}

export type FileKind = "file" | "folder" | "link" | "other";
