import { readFileSync } from "node:fs";
import { StoreError, StoreIoError } from "../errors/store-errors.ts";
import { FolderAccess } from "./folder-access.ts";
import { parsePlaceUrl } from "./place-url.ts";
import { SftpConnection } from "./sftp-connection.ts";
import { createSftpFileSystem } from "./sftp-file-system.ts";
import type { SftpRequests } from "./sftp-protocol.ts";
import type { Chunks, ReadOptions, Store, StoreCallOptions, StoreEntry, StorePath, WriteOptions } from "./store.ts";
import { assertStorePath } from "./store-path.ts";

/** Where a folder on an SFTP server is. */
export interface SftpStoreOptions {
  readonly host: string;
  /** Default 22. */
  readonly port?: number | undefined;
  /** Default: the name of this machine's user. */
  readonly username?: string | undefined;
  /** Absolute, or below the user's home: `data/team`. */
  readonly path: string;
  /** Path of a private key. Default: the agent's keys (SSH_AUTH_SOCK), or else a key in ~/.ssh. */
  readonly privateKeyFile?: string | undefined;
  readonly passphrase?: string | undefined;
  /** The server's public key, `ssh-ed25519 AAAA…`. Default: what the user's known_hosts says. */
  readonly hostKey?: string | undefined;
  /** Wait for the server's disk before a file is acknowledged, where the server can. Default `true`. */
  readonly durable?: boolean | undefined;
}

/** A call that a lost connection has ended is made again so often. */
const ATTEMPTS = 3;

/**
 * A store in a folder of an SFTP server: the same layout as in a local folder, so that one may be copied to the other. Objects are created exclusively, by hard links where the server has them. On
 * a server without the extension posix-rename, which OpenSSH has, an object that is replaced is missing for a moment. The
 * server's key must be known; one connection is shared, opened anew when it is lost, and let go of when nobody uses it.
 *
 * @throws {@link MissingPeerError} where ssh2-sftp-client is not installed; {@link StoreAccessError} where the server is not the one that is known, or does not let this user in.
 *
 * @example
 * ```ts
 * const store = await sftpStore({ host: "files.example.com", username: "lab", path: "data/team" });
 * await embeddings({ model: "small" }, { dataDir: store }).payload;
 * await embeddings({ model: "small" }, { dataDir: "sftp://lab@files.example.com/~/data/team" }).payload; // the same place
 * ```
 */
export async function sftpStore(options: SftpStoreOptions): Promise<Store> {
  const { host, port = 22, username, path, privateKeyFile, passphrase, hostKey, durable = true } = options;
  const place = path.startsWith("/") ? path : `/~/${path}`;
  const url = `sftp://${username === undefined ? "" : `${username}@`}${host}${port === 22 ? "" : `:${port}`}${place.replace(/\/+$/, "")}`;
  const privateKey = privateKeyFile === undefined ? undefined : readFileSync(privateKeyFile, "utf8");
  const connection = new SftpConnection({ url, host, port, username, privateKey, passphrase, hostKey });
  const root = await connection.use((sftp) => rootOf(path, (home) => realPath(sftp, home)));
  return new SftpStore(url, root, durable, connection);
}

/**
 * The store behind `sftp://user@host:port/absolute/path`, or `sftp://user@host/~/path` below the user's home.
 *
 * @throws {@link UnknownStoreError} where the URL names no host, has options, or holds a password; as {@link sftpStore}.
 *
 * @example
 * ```ts
 * const store = await openSftp("sftp://lab@files.example.com/srv/data");
 * ```
 */
export async function openSftp(url: string): Promise<Store> {
  const { host, port, username, path } = parsePlaceUrl(url, "sftp:");
  return sftpStore({ host, port, username, path: path.startsWith("/~/") || path === "/~" ? path.slice(3) : path });
}

function realPath(sftp: SftpRequests, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    sftp.realpath(path, (error, absolute) => (absolute === undefined ? reject(error) : resolve(absolute)));
  });
}

async function rootOf(path: string, resolve: (path: string) => Promise<string>): Promise<string> {
  const clean = path.replace(/\/+$/, "");
  if (path.startsWith("/")) return clean;
  const home = await resolve(".");
  return clean === "" ? home : `${home.replace(/\/+$/, "")}/${clean}`;
}

class SftpStore implements Store {
  readonly url: string;
  // The protocol cannot make the name of a file survive a power cut.
  readonly capabilities = { exclusiveCreate: true, durable: false, shared: true } as const;
  readonly #root: string;
  readonly #access: FolderAccess;

  constructor(url: string, root: string, durable: boolean, connection: SftpConnection) {
    this.url = url;
    this.#root = root;
    this.#access = new FolderAccess({ root }, durable, createSftpFileSystem(connection));
  }

  read(path: StorePath, options?: ReadOptions): Promise<Uint8Array | undefined> {
    return this.#again(() => this.#access.read(path, options), options);
  }

  stat(path: StorePath, options?: StoreCallOptions): Promise<StoreEntry | undefined> {
    return this.#again(() => this.#access.stat(path, options), options);
  }

  writeFresh(path: StorePath, chunks: Chunks, options?: WriteOptions): Promise<void> {
    return this.#once(() => this.#access.writeFresh(path, chunks, options));
  }

  createIfAbsent(path: StorePath, chunks: Chunks, options?: WriteOptions): Promise<"created" | "exists"> {
    return this.#once(() => this.#access.createIfAbsent(path, chunks, options));
  }

  replace(path: StorePath, chunks: Chunks, options?: WriteOptions): Promise<void> {
    return this.#once(() => this.#access.replace(path, chunks, options));
  }

  move(from: StorePath, to: StorePath, options?: StoreCallOptions): Promise<boolean> {
    return this.#once(() => this.#access.move(from, to, options));
  }

  remove(path: StorePath, options?: StoreCallOptions): Promise<boolean> {
    return this.#once(() => this.#access.remove(path, options));
  }

  moveFolder(from: StorePath, to: StorePath, options?: StoreCallOptions): Promise<boolean> {
    return this.#once(() => this.#access.moveFolder(from, to, options));
  }

  removeTree(folder: StorePath, options?: StoreCallOptions): Promise<boolean> {
    return this.#once(() => this.#access.removeTree(folder, options));
  }

  removeFolder(folder: StorePath): Promise<void> {
    return this.#once(() => this.#access.removeFolder(folder));
  }

  async *list(prefix: string, options?: StoreCallOptions): AsyncGenerator<StoreEntry> {
    if (prefix !== "") assertStorePath(prefix.endsWith("/") ? prefix.slice(0, -1) : prefix);
    try {
      yield* this.#access.list(prefix, options);
    } catch (error) {
      throw this.#inOurWords(error);
    }
  }

  /** Reads may be repeated: whether a lost one was answered makes no difference. */
  async #again<Value>(call: () => Promise<Value>, options: StoreCallOptions | undefined): Promise<Value> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await call();
      } catch (error) {
        const isLost = error instanceof StoreError && error.systemCode === "ECONNRESET";
        if (!isLost || attempt >= ATTEMPTS || options?.signal?.aborted) throw this.#inOurWords(error);
      }
    }
  }

  async #once<Value>(call: () => Promise<Value>): Promise<Value> {
    try {
      return await call();
    } catch (error) {
      throw this.#inOurWords(error);
    }
  }

  /** A path on the server could be taken for one on this machine. */
  #inOurWords(error: unknown): unknown {
    if (!(error instanceof StoreIoError) || !error.path.startsWith(this.#root)) return error;
    const { operation, systemCode, cause } = error;
    const path = `${this.url}${error.path.slice(this.#root.length)}`;
    return new StoreIoError({ operation, path, ...(systemCode === undefined ? {} : { systemCode }), cause });
  }
}
