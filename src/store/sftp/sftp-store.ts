import { StoreError } from "../../errors/store-errors.ts";
import { orAborted } from "../../util/concurrency/on-abort.ts";
import { CallerFailure } from "../caller-failure.ts";
import { showElsewhere } from "../folder/calls/classify-system-error.ts";
import { FolderAccess } from "../folder/folder-access.ts";
import { internalPath, TEMPORARY_FOLDER } from "../internal-folder.ts";
import { parsePlaceUrl } from "../location/location-url.ts";
import { noteReopening } from "../location/reopening.ts";
import type {
  Chunks,
  ReadOptions,
  Store,
  StoreCallOptions,
  StoreCapabilities,
  StoreEntry,
  StorePath,
  WriteOptions,
} from "../store.ts";
import { assertStorePrefix } from "../store-path.ts";
import { probeHardLinks, readAbilities, rootOf, type SftpAbilities } from "./abilities.ts";
import { SftpConnection } from "./connection.ts";
import { SftpPatience } from "./patience.ts";
import { createSftpFileSystem } from "./sftp-file-system.ts";

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
  /**
   * Wait for the server's disk before a file is acknowledged, where the server can. Default `true`.
   */
  readonly durable?: boolean | undefined;
}

/** A call that a lost connection has ended is made again so often. */
const ATTEMPTS = 3;

/**
 * A store in a folder of an SFTP server: the same layout as in a local folder, so that one may be
 * copied to the other. Objects are created exclusively where the server has hard links or renames
 * onto what is there, as OpenSSH does; where it has neither, `capabilities.exclusiveCreate` is
 * `false`, and an object that is replaced is missing for a moment. The server's key must be known.
 * One connection is shared, opened again when it is lost, and closed when no call uses it.
 *
 * @param call - its signal is heard while the connection is opened
 * @throws {@link MissingPeerError} where ssh2-sftp-client is not installed; {@link
 * StoreAccessError} where the server is not the one
 * that is known, does not let this user in, or a key cannot be read; the signal's reason.
 *
 * @example
 * ```ts
 * const store = await sftpStore({ host: "files.example.com", username: "lab", path: "data/team" });
 * await embeddings({ model: "small" }, { dataDir: store }).payload;
 * await embeddings({ model: "small" }, { dataDir: "sftp://lab@files.example.com/~/data/team" }).payload; // the same place
 * ```
 */
export function sftpStore(options: SftpStoreOptions, call: StoreCallOptions = {}): Promise<Store> {
  return connectSftp(options, call);
}

/**
 * {@link sftpStore}, for whom the connection may be kept longer than usual while no call uses it.
 */
export async function connectSftp(
  options: SftpStoreOptions,
  call: StoreCallOptions & { readonly idleMs?: number },
): Promise<Store> {
  const { host, port = 22, username, path, privateKeyFile, passphrase, hostKey, durable = true } = options;
  const place = path.startsWith("/") ? path : `/~/${path}`;
  const url = `sftp://${username === undefined ? "" : `${username}@`}${host}${port === 22 ? "" : `:${port}`}${place.replace(/\/+$/, "")}`;
  const connection = new SftpConnection(
    { url, host, port, username, privateKeyFile, passphrase, hostKey },
    call.idleMs,
  );
  try {
    const [root, abilities] = await connection.use(
      async (sftp) => Promise.all([rootOf(sftp, path), readAbilities(sftp)]),
      new SftpPatience(call.signal),
    );
    const store = new SftpStore(url, root, durable, connection, abilities);
    noteReopening(store, () => ({ service: "sftp", options }));
    return store;
  } catch (error) {
    throw error instanceof CallerFailure ? error.cause : error;
  }
}

/**
 * The store behind `sftp://user@host:port/absolute/path`, or `sftp://user@host/~/path` below the
 * user's home.
 *
 * @throws {@link UnknownStoreError} where the URL names no host, has options, or holds a password;
 * as {@link sftpStore}.
 *
 * @example
 * ```ts
 * const store = await openSftp("sftp://lab@files.example.com/srv/data");
 * ```
 */
export async function openSftp(url: string, call: StoreCallOptions = {}): Promise<Store> {
  const { host, port, username, path } = parsePlaceUrl(url, "sftp:");
  const below = path.startsWith("/~/") || path === "/~" ? path.slice(3) : path;
  return sftpStore({ host, port, username, path: below }, call);
}

class SftpStore implements Store {
  readonly url: string;
  readonly #root: string;
  readonly #access: FolderAccess;
  readonly #connection: SftpConnection;
  readonly #abilities: SftpAbilities;
  #isExclusive: boolean;

  constructor(url: string, root: string, durable: boolean, connection: SftpConnection, abilities: SftpAbilities) {
    this.url = url;
    this.#root = root;
    this.#connection = connection;
    this.#abilities = abilities;
    this.#isExclusive = abilities.renamesOnto;
    const fileSystem = createSftpFileSystem(connection, abilities);
    this.#access = new FolderAccess({ root }, durable, fileSystem);
  }

  get capabilities(): StoreCapabilities {
    // The protocol cannot make the name of a file survive a power cut.
    return { exclusiveCreate: this.#isExclusive, durable: false, shared: true };
  }

  /**
   * A server that only promises hard links may have a disk without them: then it has no way to
   * create exclusively.
   */
  async prepare({ signal }: StoreCallOptions = {}): Promise<void> {
    if (this.#isExclusive || !this.#abilities.hardLinks) return;
    const probe = internalPath(TEMPORARY_FOLDER, `probe-${crypto.randomUUID()}`);
    await this.#once(async () => {
      await this.#access.writeFresh(probe, [], { signal, durable: false });
      try {
        const patience = new SftpPatience(signal);
        this.#isExclusive = await probeHardLinks(this.#connection, `${this.#root}/${probe}`, patience);
      } finally {
        await this.#access.remove(probe).catch(() => {});
      }
    });
  }

  read(path: StorePath, options?: ReadOptions): Promise<Uint8Array | undefined> {
    return this.#again(() => orAborted(this.#access.read(path, options), options?.signal), options);
  }

  stat(path: StorePath, options?: StoreCallOptions): Promise<StoreEntry | undefined> {
    return this.#again(() => orAborted(this.#access.stat(path, options), options?.signal), options);
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
    return this.#once(() => orAborted(this.#access.move(from, to, options), options?.signal));
  }

  remove(path: StorePath, options?: StoreCallOptions): Promise<boolean> {
    return this.#once(() => orAborted(this.#access.remove(path, options), options?.signal));
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
    assertStorePrefix(prefix);
    const entries = this.#access.list(prefix, options);
    try {
      for (;;) {
        const next = await orAborted(entries.next(), options?.signal);
        if (next.done === true) return;
        yield next.value;
      }
    } catch (error) {
      throw this.#inOurWords(error);
    } finally {
      // Not waited for: the server may be silent.
      entries.return(undefined).catch(() => {});
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
      throw this.#inOurWords(error instanceof CallerFailure ? error.cause : error);
    }
  }

  /** A path on the server could be taken for one on this machine. */
  #inOurWords(error: unknown): unknown {
    return error instanceof StoreError ? showElsewhere(error, this.#root, this.url) : error;
  }
}
