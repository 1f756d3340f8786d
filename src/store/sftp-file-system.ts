import { hostname } from "node:os";
import type { AsyncFileSystemCalls, FileKind, FileStat, FileSystem, FolderEntry } from "./file-system.ts";
import { connectionLost, type SftpConnection } from "./sftp-connection.ts";
import type { Done, SftpAttributes, SftpEntry, SftpRequests } from "./sftp-protocol.ts";

/** What a server surely takes in one packet. */
const PACKET_BYTES = 32 * 1024;
/** Packets under way at once: the way there and back takes longer than the packet. */
const PACKETS = 32;

/** Status codes of the protocol, and what systems call them. Source: draft-ietf-secsh-filexfer-02, section 7. */
const NO_SUCH_FILE = 2;
const FAILURE = 4;
const SYSTEM_CODES = new Map([
  [NO_SUCH_FILE, "ENOENT"],
  [3, "EACCES"],
  [FAILURE, "EIO"],
  [6, "ECONNRESET"],
  [7, "ECONNRESET"],
  [8, "ENOTSUP"],
]);

const MAX_CREATES = 10;

interface OpenFile {
  readonly handle: Buffer;
  readonly life: number;
  readonly release: () => void;
  position: number;
}

/** The disk of an SFTP server, as a file store sees it. The protocol has no way to make a folder survive a power cut. */
export function createSftpFileSystem(connection: SftpConnection): FileSystem {
  const calls = new SftpCalls(connection);
  const random = Buffer.from(crypto.getRandomValues(new Uint8Array(4))).toString("hex");
  const name = hostname()
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-");
  return {
    async: calls,
    scanFolder: (path) => calls.scanFolder(path),
    now: () => Date.now(),
    owner: `${name}-${process.pid}-${random}`,
    // It may live on any machine.
    isOwnerDead: () => false,
  };
}

class SftpCalls implements AsyncFileSystemCalls {
  readonly #connection: SftpConnection;
  readonly #files = new Map<number, OpenFile>();
  #lastFile = 0;
  #lastIdentity = 0;

  constructor(connection: SftpConnection) {
    this.#connection = connection;
  }

  async open(path: string, mode: "read" | "create"): Promise<number> {
    if (mode === "read" && (await this.stat(path))?.kind === "link")
      throw failed("ELOOP", `${path} is a symbolic link`);
    const release = this.#connection.hold();
    try {
      const handle = await (mode === "read" ? this.#openHandle(path, "r") : this.#createHandle(path));
      const file = ++this.#lastFile;
      this.#files.set(file, { handle, life: this.#connection.life, release, position: 0 });
      return file;
    } catch (error) {
      release();
      throw error;
    }
  }

  async read(file: number, buffer: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    const { handle } = this.#opened(file);
    const target = Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    const got = await inPackets(length, async (start, size) => {
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
    // Up to the first gap: what comes after it is not where it should be.
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
    await inPackets(length, async (start, size) => {
      await this.#ask((sftp, done) => sftp.write(opened.handle, source, offset + start, size, position + start, done));
      return size;
    });
    opened.position += length;
    return length;
  }

  async fsync(file: number): Promise<void> {
    const { handle } = this.#opened(file);
    try {
      await this.#ask((sftp, done) => sftp.ext_openssh_fsync(handle, done));
    } catch (error) {
      // A server without it offers nothing better.
      if (codeOf(error) !== "ENOTSUP") throw error;
    }
  }

  async close(file: number): Promise<void> {
    const opened = this.#files.get(file);
    this.#files.delete(file);
    if (opened === undefined) return;
    try {
      // With its connection the file was closed.
      if (opened.life === this.#connection.life) await this.#ask((sftp, done) => sftp.close(opened.handle, done));
    } finally {
      opened.release();
    }
  }

  async statOpen(file: number): Promise<FileStat> {
    const { handle } = this.#opened(file);
    return this.#statOf((await this.#ask<SftpAttributes>((sftp, done) => sftp.fstat(handle, done))) as SftpAttributes);
  }

  async stat(path: string): Promise<FileStat | undefined> {
    try {
      return this.#statOf((await this.#ask<SftpAttributes>((sftp, done) => sftp.lstat(path, done))) as SftpAttributes);
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  async link(path: string, newPath: string): Promise<void> {
    try {
      await this.#ask((sftp, done) => sftp.ext_openssh_hardlink(path, newPath, done));
    } catch (error) {
      throw codeOf(error) === "EIO" ? await this.#orExists(newPath, failed("EPERM", String(error))) : error;
    }
  }

  async rename(path: string, newPath: string): Promise<void> {
    try {
      await this.#ask((sftp, done) => sftp.ext_openssh_rename(path, newPath, done));
    } catch (error) {
      if (codeOf(error) !== "ENOTSUP") throw error;
      await this.#renameAnyhow(path, newPath);
    }
  }

  async unlink(path: string): Promise<void> {
    await this.#ask((sftp, done) => sftp.unlink(path, done));
  }

  async mkdir(path: string): Promise<void> {
    try {
      await this.#ask((sftp, done) => sftp.mkdir(path, done));
    } catch (error) {
      throw await this.#orExists(path, error);
    }
  }

  async rmdir(path: string): Promise<void> {
    await this.#ask((sftp, done) => sftp.rmdir(path, done));
  }

  async readFolder(path: string): Promise<readonly FolderEntry[]> {
    const all: FolderEntry[] = [];
    for await (const batch of this.scanFolder(path)) all.push(...batch);
    return all;
  }

  async syncFolder(): Promise<void> {}

  async *scanFolder(path: string): AsyncGenerator<readonly FolderEntry[]> {
    const entries = (await this.#ask<SftpEntry[]>((sftp, done) => sftp.readdir(path, done))) ?? [];
    yield entries
      .filter(({ filename }) => filename !== "." && filename !== "..")
      .map(({ filename, attrs }) => ({ name: filename, kind: kindOf(attrs) }));
  }

  async #openHandle(path: string, flags: "r" | "wx"): Promise<Buffer> {
    return (await this.#ask<Buffer>((sftp, done) => sftp.open(path, flags, done))) as Buffer;
  }

  /** What was there when it failed may be gone when one looks: then it is worth another attempt. */
  async #createHandle(path: string): Promise<Buffer> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#openHandle(path, "wx");
      } catch (failure) {
        const error = await this.#orExists(path, failure);
        if (codeOf(error) !== "EIO" || attempt >= MAX_CREATES) throw error;
      }
    }
  }

  /** Servers without the extension do not rename onto what is there. */
  async #renameAnyhow(path: string, newPath: string): Promise<void> {
    const rename = (): Promise<unknown> => this.#ask((sftp, done) => sftp.rename(path, newPath, done));
    try {
      await rename();
    } catch (error) {
      if ((await this.stat(newPath)) === undefined) throw error;
      await this.unlink(newPath);
      await rename();
    }
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
      // The protocol does not say which names are one file.
      identity: `unknown ${++this.#lastIdentity}`,
    };
  }

  /** The protocol calls it just a failure when something of a name is there. */
  async #orExists(path: string, error: unknown): Promise<unknown> {
    if (codeOf(error) !== "EIO" && codeOf(error) !== "EPERM") return error;
    const there = await this.stat(path).catch(() => undefined);
    return there === undefined ? error : failed("EEXIST", `${path} exists`);
  }

  #ask<Value>(start: (sftp: SftpRequests, done: Done<Value>) => unknown): Promise<Value | undefined> {
    return this.#connection.use(
      (sftp) =>
        new Promise<Value | undefined>((resolve, reject) => {
          try {
            start(sftp, (error, value) => (error ? reject(named(error)) : resolve(value)));
          } catch (error) {
            // An extension that the server does not offer.
            reject(failed("ENOTSUP", error instanceof Error ? error.message : String(error)));
          }
        }),
    ) as Promise<Value>;
  }
}

/** Several packets at once, each with its place; what each of them gave. */
async function inPackets(length: number, work: (start: number, size: number) => Promise<number>): Promise<number[]> {
  const count = Math.ceil(length / PACKET_BYTES);
  const given: number[] = new Array(count).fill(0);
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const index = next++;
      const start = index * PACKET_BYTES;
      given[index] = await work(start, Math.min(PACKET_BYTES, length - start));
    }
  };
  const outcomes = await Promise.allSettled(Array.from({ length: Math.min(PACKETS, count) }, lane));
  const lost = outcomes.find((outcome) => outcome.status === "rejected");
  if (lost !== undefined) throw lost.reason;
  return given;
}

function kindOf(attrs: SftpAttributes): FileKind {
  const type = attrs.mode & 0o170000;
  if (type === 0o100000) return "file";
  if (type === 0o040000) return "folder";
  return type === 0o120000 ? "link" : "other";
}

function named(error: Error): Error {
  const { code } = error as { readonly code?: unknown };
  if (code === 1) return failed("EOF", error.message);
  if (typeof code === "string") return error;
  const systemCode = typeof code === "number" ? SYSTEM_CODES.get(code) : undefined;
  // Without a code, it is the connection: "No response from server".
  return failed(systemCode ?? "ECONNRESET", error.message);
}

function failed(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

function codeOf(error: unknown): unknown {
  return (Object(error) as { readonly code?: unknown }).code;
}
