import type {
  AsyncFileSystemCalls,
  FileSystem,
  FileSystemCalls,
  FolderEntry,
} from "../../src/store/folder/calls/file-system.ts";
import type { SeededRandom } from "./seeded-random.ts";
import { isFile, type SimulatedDisk, type SimulatedFile, type SimulatedFolder, systemError } from "./simulated-disk.ts";

export type CallName = keyof FileSystemCalls;

/** One system call of a simulated process. */
export interface SimulatedCall {
  readonly name: CallName;
  readonly args: readonly unknown[];
  /** The first path, or that of the open file. */
  readonly path: string;
}

/**
 * A fault of a call: it fails with this code and does nothing, or (`done`) does its work and fails
 * all the same, as when the answer of a network disk is lost.
 */
export interface Fault {
  readonly code: string;
  readonly done?: boolean;
}

/** Decides before each call whether it goes wrong. */
export type FaultPlan = (call: SimulatedCall) => Fault | undefined;

/**
 * How the calls of one process reach the disk: at once, or when a scheduler says so. It may never
 * come back.
 */
export type Turn = <Result>(call: SimulatedCall, perform: () => Result) => Promise<Result>;

export interface SimulatedFileSystemOptions {
  readonly owner: string;
  readonly isOwnerDead?: (owner: string) => boolean;
  readonly turn?: Turn;
  readonly faults?: FaultPlan | undefined;
  /** Reads and writes that do less than they were asked for. */
  readonly shortTransfers?: SeededRandom | undefined;
  readonly hardLinks?: boolean;
  /** With a synchronous door, whose calls nothing comes between. Default `true`. */
  readonly synchronous?: boolean;
}

export interface SimulatedFileSystem extends FileSystem {
  /** Paths of the files that this process has open: whatever is there at its end was forgotten. */
  openFiles(): readonly string[];
}

/** The system calls of one process on a simulated disk. Open files are its own, and end with it. */
export function simulatedFileSystem(disk: SimulatedDisk, options: SimulatedFileSystemOptions): SimulatedFileSystem {
  const { turn = (_call, perform) => Promise.resolve().then(perform), synchronous = true } = options;
  const process = new ProcessCalls(disk, options);
  const sync = {} as Record<CallName, (...args: never[]) => unknown>;
  const async = {} as Record<CallName, (...args: never[]) => Promise<unknown>>;
  for (const name of callNames) {
    sync[name] = (...args) => process.perform(name, args);
    async[name] = (...args) => turn(process.describe(name, args), () => process.perform(name, args));
  }
  const calls = async as unknown as AsyncFileSystemCalls;
  return {
    async: calls,
    ...(synchronous ? { sync: sync as unknown as FileSystemCalls } : {}),
    async *scanFolder(path): AsyncGenerator<readonly FolderEntry[]> {
      const entries = await calls.readFolder(path);
      for (let start = 0; start < entries.length; start += 3) yield entries.slice(start, start + 3);
    },
    now: () => disk.nowMs,
    owner: options.owner,
    isOwnerDead: options.isOwnerDead ?? (() => false),
    openFiles: () => process.openFiles(),
  };
}

const callNames: readonly CallName[] = [
  "open",
  "read",
  "write",
  "fsync",
  "close",
  "statOpen",
  "stat",
  "link",
  "rename",
  "unlink",
  "mkdir",
  "rmdir",
  "readFolder",
  "syncFolder",
];

interface OpenFile {
  readonly node: SimulatedFile | SimulatedFolder;
  readonly path: string;
}

class ProcessCalls implements FileSystemCalls {
  readonly #disk: SimulatedDisk;
  readonly #options: SimulatedFileSystemOptions;
  readonly #open = new Map<number, OpenFile>();
  #nextFile = 3;

  constructor(disk: SimulatedDisk, options: SimulatedFileSystemOptions) {
    this.#disk = disk;
    this.#options = options;
  }

  describe(name: CallName, args: readonly unknown[]): SimulatedCall {
    const [first] = args;
    return { name, args, path: typeof first === "number" ? (this.#open.get(first)?.path ?? "") : String(first) };
  }

  openFiles(): string[] {
    return [...this.#open.values()].map((file) => file.path);
  }

  perform(name: CallName, args: readonly unknown[]): unknown {
    const call = this.describe(name, args);
    const fault = this.#options.faults?.(call);
    if (fault !== undefined && !fault.done) {
      if (name === "fsync") this.#disk.failSyncFile(this.#file(args[0] as number));
      // The system has closed the file even if the call fails.
      if (name === "close") this.close(args[0] as number);
      throw systemError(fault.code, name, call.path);
    }
    const result = (this[name] as (...all: readonly unknown[]) => unknown)(...args);
    if (fault !== undefined) throw systemError(fault.code, name, call.path);
    return result;
  }

  open(path: string, mode: "read" | "create"): number {
    const node = mode === "create" ? this.#disk.create(path) : this.#disk.open(path);
    this.#open.set(this.#nextFile, { node, path });
    return this.#nextFile++;
  }

  read(file: number, buffer: Uint8Array, offset: number, length: number, position: number): number {
    const { data } = this.#file(file);
    const available = Math.max(0, Math.min(length, data.length - position));
    const { shortTransfers } = this.#options;
    const count = available > 1 && shortTransfers?.chance(0.2) ? 1 + shortTransfers.below(available) : available;
    buffer.set(data.subarray(position, position + count), offset);
    return count;
  }

  write(file: number, buffer: Uint8Array, offset: number, length: number): number {
    const { shortTransfers } = this.#options;
    const count = length > 1 && shortTransfers?.chance(0.2) ? 1 + shortTransfers.below(length) : length;
    this.#disk.append(this.#file(file), buffer.subarray(offset, offset + count));
    return count;
  }

  fsync(file: number): void {
    this.#disk.syncFile(this.#file(file));
  }

  close(file: number): void {
    if (!this.#open.delete(file)) throw systemError("EBADF", "close", String(file));
  }

  statOpen(file: number): ReturnType<FileSystemCalls["statOpen"]> {
    return this.#disk.statNode(this.#entry(file).node);
  }

  stat(path: string): ReturnType<FileSystemCalls["stat"]> {
    return this.#disk.stat(path);
  }

  link(path: string, newPath: string): void {
    if (this.#options.hardLinks === false) throw systemError("EPERM", "link", path);
    this.#disk.link(path, newPath);
  }

  rename(path: string, newPath: string): void {
    this.#disk.rename(path, newPath);
  }

  unlink(path: string): void {
    this.#disk.unlink(path);
  }

  mkdir(path: string): void {
    this.#disk.mkdir(path);
  }

  rmdir(path: string): void {
    this.#disk.rmdir(path);
  }

  readFolder(path: string): readonly FolderEntry[] {
    return this.#disk.readFolder(path);
  }

  syncFolder(path: string): void {
    this.#disk.syncFolder(path);
  }

  #entry(file: number): OpenFile {
    const entry = this.#open.get(file);
    if (entry === undefined) throw systemError("EBADF", "use", String(file));
    return entry;
  }

  #file(file: number): SimulatedFile {
    const { node, path } = this.#entry(file);
    if (!isFile(node)) throw systemError("EISDIR", "read", path);
    return node;
  }
}
