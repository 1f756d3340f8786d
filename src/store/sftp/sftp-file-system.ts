import { hostname } from "node:os";
import { StoreError } from "../../errors/store-errors.ts";
import { collected } from "../../util/concurrency/collected.ts";
import { mapConcurrently } from "../../util/concurrency/map-concurrently.ts";
import { randomHex } from "../../util/random-hex.ts";
import { CallerFailure, checkSignal } from "../caller-failure.ts";
import { folderOf } from "../folder/calls/check-folders.ts";
import type { AsyncFileSystemCalls, FileKind, FileStat, FileSystem, FolderEntry } from "../folder/calls/file-system.ts";
import type { SftpAbilities } from "./abilities.ts";
import { connectionLost, type SftpConnection } from "./connection.ts";
import { SftpPatience } from "./patience.ts";
import type { Done, SftpAttributes, SftpDiskSpace, SftpEntry, SftpRequests } from "./protocol.ts";
import { type PlainRenames, renameOnto } from "./rename.ts";
import { codeOf, explainBySpace, failed, mayMeanTaken, request } from "./status.ts";

/** Every server accepts a packet of this size. */
const PACKET_BYTES = 32 * 1024;
/**
 * The number of packets under way at once: the round trip of a packet takes longer than sending it.
 */
const PACKETS = 32;

const MAX_CREATES = 10;

/** A disk with less room than this counts as full if the server only reports "failure". */
const LITTLE_ROOM_BYTES = 64 * 1024;

interface OpenFile {
  readonly handle: Buffer;
  readonly path: string;
  readonly life: number;
  readonly release: () => void;
  position: number;
}

/**
 * Accesses the disk of an SFTP server for a file store. The protocol has no way to make a folder
 * survive a power cut.
 */
export function createSftpFileSystem(connection: SftpConnection, abilities: SftpAbilities): FileSystem {
  const random = randomHex(4);
  const name = hostname()
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-");
  const during = (signal: AbortSignal | undefined) => {
    const calls = new SftpCalls(connection, abilities, signal);
    return { async: calls, scanFolder: (path: string) => calls.scanFolder(path) };
  };
  return {
    get async() {
      return during(undefined).async;
    },
    scanFolder: (path) => during(undefined).scanFolder(path),
    during,
    now: () => Date.now(),
    owner: `${name}-${process.pid}-${random}`,
    // The owner may run on any machine, so it is never certain that it is dead.
    isOwnerDead: () => false,
    hasIdentities: false,
    linkMayMove: !abilities.renamesOnto,
  };
}

let lastIdentity = 0;

/**
 * The calls of one operation. After one of them was given up, those that would clean up after it
 * are not even tried.
 */
class SftpCalls implements AsyncFileSystemCalls {
  readonly #connection: SftpConnection;
  readonly #abilities: SftpAbilities;
  readonly #signal: AbortSignal | undefined;
  readonly #patience: SftpPatience;
  readonly #files = new Map<number, OpenFile>();
  #lastFile = 0;
  #gaveUp: { readonly reason: unknown } | undefined;

  constructor(connection: SftpConnection, abilities: SftpAbilities, signal: AbortSignal | undefined) {
    this.#connection = connection;
    this.#abilities = abilities;
    this.#signal = signal;
    this.#patience = new SftpPatience(signal);
  }

  async open(path: string, mode: "read" | "create"): Promise<number> {
    if (mode === "read" && (await this.stat(path))?.kind === "link") throw failed("ELOOP", "it is a symbolic link");
    const release = this.#connection.hold();
    try {
      const handle = await (mode === "read" ? this.#openHandle(path, "r") : this.#createHandle(path));
      const file = ++this.#lastFile;
      this.#files.set(file, { handle, path, life: this.#connection.life, release, position: 0 });
      return file;
    } catch (error) {
      release();
      throw error;
    }
  }

  async read(file: number, buffer: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    const { handle } = this.#opened(file);
    const target = Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    const got = await this.#inPackets(length, async (start, size) => {
      let done = 0;
      while (done < size) {
        const read = await this.#readPacket(
          handle,
          target,
          offset + start + done,
          size - done,
          position + start + done,
        );
        if (read === 0) break;
        done += read;
      }
      return done;
    });
    // Only the bytes before the first gap count: those after it are not at their offset.
    let total = 0;
    for (const [index, bytes] of got.entries()) {
      total += bytes;
      if (bytes < Math.min(PACKET_BYTES, length - index * PACKET_BYTES)) break;
    }
    return total;
  }

  async write(file: number, buffer: Uint8Array, offset: number, length: number): Promise<number> {
    const opened = this.#opened(file);
    const source = Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    const { position } = opened;
    const written = this.#inPackets(length, async (start, size) => {
      await this.#ask((sftp, done) => sftp.write(opened.handle, source, offset + start, size, position + start, done));
      return size;
    });
    await this.#explained(opened.path, written, length);
    opened.position += length;
    return length;
  }

  async fsync(file: number): Promise<void> {
    const { handle, path } = this.#opened(file);
    try {
      await this.#explained(
        path,
        this.#ask((sftp, done) => sftp.ext_openssh_fsync(handle, done)),
      );
    } catch (error) {
      // A server without this extension has no other request that would sync a file.
      if (codeOf(error) !== "ENOTSUP") throw error;
    }
  }

  async close(file: number): Promise<void> {
    const opened = this.#files.get(file);
    this.#files.delete(file);
    if (opened === undefined) return;
    try {
      // The file was closed with its connection.
      if (opened.life === this.#connection.life) await this.#ask((sftp, done) => sftp.close(opened.handle, done));
    } finally {
      opened.release();
    }
  }

  async statOpen(file: number): Promise<FileStat> {
    const { handle } = this.#opened(file);
    return this.#statOf(await this.#demand<SftpAttributes>((sftp, done) => sftp.fstat(handle, done)));
  }

  async stat(path: string): Promise<FileStat | undefined> {
    try {
      return this.#statOf(await this.#demand<SftpAttributes>((sftp, done) => sftp.lstat(path, done)));
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  async link(path: string, newPath: string): Promise<void> {
    const { hardLinks, renamesOnto } = this.#abilities;
    if (!hardLinks) {
      if (renamesOnto) throw failed("EPERM", "the server has no hard links");
      return this.#renameIfAbsent(path, newPath);
    }
    try {
      await this.#ask((sftp, done) => sftp.ext_openssh_hardlink(path, newPath, done));
    } catch (failure) {
      if (codeOf(failure) !== "EIO") throw failure;
      const error = await this.#explain(newPath, await this.#orExists(newPath, failure));
      if (codeOf(error) !== "EIO") throw error;
      // The server supports hard links, and its disk does not.
      if (renamesOnto) throw failed("EPERM", String(error));
      await this.#renameIfAbsent(path, newPath);
    }
  }

  async rename(path: string, newPath: string): Promise<void> {
    try {
      if (!this.#abilities.renamesOnto) await renameOnto(this.#renames, path, newPath);
      else
        await this.#explained(
          newPath,
          this.#ask((sftp, done) => sftp.ext_openssh_rename(path, newPath, done)),
        );
    } catch (error) {
      if (codeOf(error) === "EIO" && (await this.stat(newPath))?.kind === "folder")
        throw failed("EISDIR", "there is a folder");
      if (codeOf(error) !== "ENOTSUP") throw error;
      await renameOnto(this.#renames, path, newPath);
    }
  }

  async unlink(path: string): Promise<void> {
    await this.#explained(
      path,
      this.#ask((sftp, done) => sftp.unlink(path, done)),
    );
  }

  async mkdir(path: string): Promise<void> {
    try {
      await this.#ask((sftp, done) => sftp.mkdir(path, done));
    } catch (error) {
      throw await this.#explain(path, await this.#orExists(path, error));
    }
  }

  async rmdir(path: string): Promise<void> {
    await this.#ask((sftp, done) => sftp.rmdir(path, done));
  }

  async readFolder(path: string): Promise<readonly FolderEntry[]> {
    return (await collected(this.scanFolder(path))).flat();
  }

  async syncFolder(): Promise<void> {}

  async *scanFolder(path: string): AsyncGenerator<readonly FolderEntry[]> {
    const entries = (await this.#ask<SftpEntry[]>((sftp, done) => sftp.readdir(path, done))) ?? [];
    yield entries
      .filter(({ filename }) => filename !== "." && filename !== "..")
      .map(({ filename, attrs }) => ({ name: filename, kind: kindOf(attrs) }));
  }

  async #openHandle(path: string, flags: "r" | "wx"): Promise<Buffer> {
    let isGivenUp = false;
    try {
      return await this.#demand<Buffer>((sftp, done) =>
        sftp.open(path, flags, (error, opened) => {
          if (isGivenUp && opened !== undefined) discardLate(sftp, opened, flags === "wx" ? path : undefined);
          done(error, opened);
        }),
      );
    } catch (error) {
      isGivenUp = error instanceof CallerFailure;
      throw error;
    }
  }

  /** Tries again if the file that was in the way is gone when it is checked. */
  async #createHandle(path: string): Promise<Buffer> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#openHandle(path, "wx");
      } catch (failure) {
        const error = await this.#explain(path, await this.#orExists(path, failure));
        if (codeOf(error) !== "EIO" || attempt >= MAX_CREATES) throw error;
      }
    }
  }

  /**
   * Renames, if the name is free. Servers without hard links refuse to rename onto an existing
   * file; for those that would do it, the name is checked first.
   */
  async #renameIfAbsent(path: string, newPath: string): Promise<void> {
    if ((await this.stat(newPath)) !== undefined) throw failed("EEXIST", "it exists");
    try {
      await this.#plainRename(path, newPath);
    } catch (error) {
      throw await this.#explain(newPath, await this.#orExists(newPath, error));
    }
  }

  /** Renames for servers that do not rename onto an existing file. */
  readonly #renames: PlainRenames = {
    rename: (path, newPath) => this.#plainRename(path, newPath),
    stat: (path) => this.stat(path),
    unlink: (path) => this.unlink(path),
    explain: (path, error) => this.#explain(path, error),
  };

  async #plainRename(path: string, newPath: string): Promise<void> {
    await this.#ask((sftp, done) => sftp.rename(path, newPath, done));
  }

  async #readPacket(handle: Buffer, target: Buffer, offset: number, length: number, position: number): Promise<number> {
    try {
      const read = await this.#ask<number>((sftp, done) => sftp.read(handle, target, offset, length, position, done));
      return read ?? 0;
    } catch (error) {
      if (codeOf(error) === "EOF") return 0;
      throw error;
    }
  }

  #opened(file: number): OpenFile {
    const opened = this.#files.get(file);
    if (opened === undefined || opened.life !== this.#connection.life) throw connectionLost();
    return opened;
  }

  #statOf(stats: SftpAttributes): FileStat {
    return {
      kind: kindOf(stats),
      sizeBytes: stats.size,
      modifiedMs: stats.mtime * 1000,
      // The protocol does not tell which names are one file.
      identity: `unknown ${++lastIdentity}`,
    };
  }

  /** Returns EEXIST if the name is in use: the protocol only reports "failure" then. */
  async #orExists(path: string, error: unknown): Promise<unknown> {
    if (!mayMeanTaken(error)) return error;
    const there = await this.stat(path).catch((failure: unknown) => {
      if (failure instanceof CallerFailure) throw failure;
      return undefined;
    });
    return there === undefined ? error : failed("EEXIST", "it exists");
  }

  async #explained(path: string, work: Promise<unknown>, wantedBytes = 0): Promise<void> {
    try {
      await work;
    } catch (error) {
      throw await this.#explain(path, error, wantedBytes);
    }
  }

  /**
   * Finds out why a request failed: the protocol has one code for a full, a read-only and a broken
   * disk. The server is asked for the state of its disk, if it can tell.
   */
  async #explain(path: string, error: unknown, wantedBytes = 0): Promise<unknown> {
    if (codeOf(error) !== "EIO") return error;
    try {
      const space = await this.#ask<SftpDiskSpace>((sftp, done) => sftp.ext_openssh_statvfs(folderOf(path), done));
      return (space && explainBySpace(space, Math.max(wantedBytes, LITTLE_ROOM_BYTES))) ?? error;
    } catch (failure) {
      return failure instanceof CallerFailure ? failure : error;
    }
  }

  /** For requests whose answer always has a value. */
  async #demand<Value>(start: (sftp: SftpRequests, done: Done<Value>) => unknown): Promise<Value> {
    const answer = await this.#ask(start);
    if (answer === undefined) throw failed("EIO", "the server sent an answer without a value");
    return answer;
  }

  async #ask<Value>(start: (sftp: SftpRequests, done: Done<Value>) => unknown): Promise<Value | undefined> {
    if (this.#gaveUp !== undefined) throw this.#gaveUp.reason;
    try {
      return await this.#connection.use((sftp) => request(sftp, start), this.#patience);
    } catch (error) {
      // The caller gave up on a silent server, or no connection is available.
      if (error instanceof CallerFailure || error instanceof StoreError) this.#gaveUp = { reason: error };
      throw error;
    }
  }

  /** Sends several packets at once, each with its own range; returns the result of each. */
  async #inPackets(length: number, work: (start: number, size: number) => Promise<number>): Promise<number[]> {
    const starts = Array.from({ length: Math.ceil(length / PACKET_BYTES) }, (_, index) => index * PACKET_BYTES);
    const send = async (start: number): Promise<number> => {
      checkSignal(this.#signal);
      return work(start, Math.min(PACKET_BYTES, length - start));
    };
    return mapConcurrently(starts, send, { concurrency: PACKETS });
  }
}

/** Closes and removes a file that was opened after its caller had given up. */
function discardLate(sftp: SftpRequests, handle: Buffer, created: string | undefined): void {
  try {
    sftp.close(handle, () => {});
    if (created !== undefined) sftp.unlink(created, () => {});
  } catch {
    // The connection has ended meanwhile, and the handle with it.
  }
}

function kindOf(attrs: SftpAttributes): FileKind {
  const type = attrs.mode & 0o170000;
  if (type === 0o100000) return "file";
  if (type === 0o040000) return "folder";
  return type === 0o120000 ? "link" : "other";
}
