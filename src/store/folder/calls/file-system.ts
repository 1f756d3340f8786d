/**
 * What a file store asks of the operating system, and nothing more: one method for each system
 * call, so that a disk can be simulated, and crashed between any two of them.
 *
 * Each fails with an error whose `code` is the system's (`ENOENT`, `EEXIST`), like Node's own.
 */
export interface FileSystemCalls {
  /**
   * `"read"`: an existing file, a symbolic link is `ELOOP`. `"create"`: a new file, to be written;
   * `EEXIST` where there is anything.
   */
  open(path: string, mode: "read" | "create"): number;
  /** Returns how many bytes were read, possibly fewer than asked for; 0 only at the end. */
  read(file: number, buffer: Uint8Array, offset: number, length: number, position: number): number;
  /** Appends; returns how many bytes were written, possibly fewer than given. */
  write(file: number, buffer: Uint8Array, offset: number, length: number): number;
  fsync(file: number): void;
  close(file: number): void;
  /** Of an open file. */
  statOpen(file: number): FileStat;
  /** Of a name, symbolic links not followed; `undefined` where there is nothing. */
  stat(path: string): FileStat | undefined;
  /** Gives a file a second name; `EEXIST` where that is taken. */
  link(path: string, newPath: string): void;
  /**
   * Gives a file another name, in the place of whatever had it; or a folder, with all that is in
   * it, one that is free.
   */
  rename(path: string, newPath: string): void;
  unlink(path: string): void;
  /** One level. */
  mkdir(path: string): void;
  /** Removes a folder with nothing in it. */
  rmdir(path: string): void;
  /** All names in a folder that is known to be small. */
  readFolder(path: string): readonly FolderEntry[];
  /**
   * Makes what was created, linked, renamed in a folder survive a power cut. A no-op where the
   * system has no such thing.
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
  /** Absent: stores on it have no synchronous door. */
  readonly sync?: FileSystemCalls | undefined;
  /** All names in a folder, a batch at a time; `ENOENT` where there is none. */
  scanFolder(path: string): AsyncIterable<readonly FolderEntry[]>;
  /**
   * The calls of one operation, which end soon after its signal was aborted. Absent: each call of
   * this disk ends soon anyway.
   */
  during?(signal: AbortSignal | undefined): Pick<FileSystem, "async" | "scanFolder">;
  /** Absent: nothing can be watched. Failing is allowed. */
  watch?(path: string, listener: () => void): { close(): void };
  /** Milliseconds since the epoch. */
  now(): number;
  /** Who makes temporary files through this object: `[a-z0-9-]+`, another one for each process. */
  readonly owner: string;
  /**
   * Whether that owner, of this or an earlier life of the machine, is certainly gone. `false` when
   * in doubt.
   */
  isOwnerDead(owner: string): boolean;
  /** `false`: it cannot tell which names are one file, and no two identities are equal. */
  readonly hasIdentities?: boolean | undefined;
  /**
   * `true`: `link` may take the first name away, on a disk that has no hard links and does not
   * rename onto what is there.
   */
  readonly linkMayMove?: boolean | undefined;
}

/** What there is under a name. */
export interface FileStat {
  readonly kind: FileKind;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** Two names with one identity are one file. */
  readonly identity: string;
}

/** One name in a folder. */
export interface FolderEntry {
  readonly name: string;
  readonly kind: FileKind;
}

export type FileKind = "file" | "folder" | "link" | "other";
