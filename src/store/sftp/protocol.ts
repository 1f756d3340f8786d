/**
 * The part of the client's own connection that a store needs: the requests of the protocol, one for
 * one.
 */
export interface SftpRequests {
  open(path: string, flags: "r" | "wx", done: Done<Buffer>): unknown;
  close(handle: Buffer, done: Done<unknown>): unknown;
  read(handle: Buffer, buffer: Buffer, offset: number, length: number, position: number, done: Done<number>): unknown;
  write(handle: Buffer, buffer: Buffer, offset: number, length: number, position: number, done: Done<unknown>): unknown;
  fstat(handle: Buffer, done: Done<SftpAttributes>): unknown;
  lstat(path: string, done: Done<SftpAttributes>): unknown;
  mkdir(path: string, done: Done<unknown>): unknown;
  rmdir(path: string, done: Done<unknown>): unknown;
  readdir(path: string, done: Done<SftpEntry[]>): unknown;
  realpath(path: string, done: Done<string>): unknown;
  rename(from: string, to: string, done: Done<unknown>): unknown;
  unlink(path: string, done: Done<unknown>): unknown;
  /** Extensions of OpenSSH; they throw if the server does not offer them. */
  ext_openssh_fsync(handle: Buffer, done: Done<unknown>): unknown;
  ext_openssh_hardlink(from: string, to: string, done: Done<unknown>): unknown;
  ext_openssh_rename(from: string, to: string, done: Done<unknown>): unknown;
  ext_openssh_statvfs(path: string, done: Done<SftpDiskSpace>): unknown;
  on(event: "close", listener: () => void): unknown;
}

export type Done<Value> = (error: Error | null | undefined, value?: Value) => void;

export interface SftpAttributes {
  readonly mode: number;
  readonly size: number;
  /** Seconds since the epoch. */
  readonly mtime: number;
}

/** The state of a disk, as in statvfs(3). */
export interface SftpDiskSpace {
  /** The size of a block in bytes. */
  readonly f_frsize: number;
  /** The number of free blocks for this user. */
  readonly f_bavail: number;
  /** The number of files that the disk can have; 0 if it does not count them. */
  readonly f_files: number;
  /** The number of files that this user may still create. */
  readonly f_favail: number;
  readonly f_flag: number;
}

export interface SftpEntry {
  readonly filename: string;
  readonly attrs: SftpAttributes;
}
