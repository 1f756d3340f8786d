import { StoreError } from "../../errors/store-errors.ts";
import { orAborted } from "../../util/concurrency/on-abort.ts";
import { CallerFailure } from "../caller-failure.ts";
import { showElsewhere } from "../folder/calls/classify-system-error.ts";
import { FolderAccess } from "../folder/folder-access.ts";
import { internalPath, TEMPORARY_FOLDER } from "../internal-folder.ts";
import { parseLocationUrl } from "../location/location-url.ts";
import { recordReopening } from "../location/reopening.ts";
import type {
  Chunks,
  ReadOptions,
  Store,
  StoreCallOptions,
  StoreCapabilities,
  StoreEntry,
  StoreFolder,
  StorePath,
  WriteOptions,
} from "../store.ts";
import { assertStorePath, assertStorePrefix } from "../store-path.ts";
import { probeHardLinks, readAbilities, rootOf, type SftpAbilities } from "./abilities.ts";
import { SftpConnection } from "./connection.ts";
import { SftpPatience } from "./patience.ts";
import { createSftpFileSystem } from "./sftp-file-system.ts";

/** Locates a folder on an SFTP server. */
export interface SftpStoreOptions {
  /** The name or the IP address of the server. */
  readonly host: string;
  /** Default 22. */
  readonly port?: number | undefined;
  /** Default: the name of this machine's user. */
  readonly username?: string | undefined;
  /** An absolute path, or one below the user's home: `data/team`. */
  readonly path: string;
  /**
   * The path of a private key. Default: the agent's keys (SSH_AUTH_SOCK), or else a key in ~/.ssh.
   */
  readonly privateKeyFile?: string | undefined;
  /** The passphrase of that private key. Default: none. */
  readonly passphrase?: string | undefined;
  /** The server's public key, `ssh-ed25519 AAAA…`. Default: the one in the user's known_hosts. */
  readonly hostKey?: string | undefined;
  /**
   * Waits for the server's disk before a file is acknowledged, if the server can. Default `true`.
   */
  readonly durable?: boolean | undefined;
}

/** The number of attempts at a call that a lost connection has ended. */
const ATTEMPTS = 3;

/**
 * Opens a store in a folder of an SFTP server: the same layout as in a local folder, so that one
 * may be copied to the other. Objects are created exclusively if the server has hard links or
 * renames onto what is there, as OpenSSH does; if it has neither, `capabilities.exclusiveCreate` is
 * `false`, and an object that is replaced is missing for a moment. The server's key must be known.
 * One connection is shared, opened again when it is lost, and closed when no call uses it.
 *
 * @param call - its signal aborts the opening of the connection
 * @throws {@link MissingPeerError} if ssh2-sftp-client is not installed; {@link
 * StoreAccessError} if the server's key is not the
 * known one, the server refuses this user, or a key cannot be read; the signal's reason.
 *
 * @example
 * ```ts
 * import { sftpStore } from "persistable-ts/stores/sftp";
 * import { gaussianPoints } from "./pipeline.ts";
 *
 * const store = await sftpStore({ host: "files.example.com", username: "lab", path: "data/team" });
 * await gaussianPoints({ n: 100 }, { dataDir: store }).payload;
 * await gaussianPoints({ n: 100 }, { dataDir: "sftp://lab@files.example.com/~/data/team" }).payload; // the same store
 * ```
 */
export function sftpStore(options: SftpStoreOptions, call: StoreCallOptions = {}): Promise<Store> {
  return connectSftp(options, call);
}

/**
 * Like {@link sftpStore}, but the caller may also keep an unused connection for longer than usual.
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
    recordReopening(store, () => ({ service: "sftp", options }));
    return store;
  } catch (error) {
    throw error instanceof CallerFailure ? error.cause : error;
  }
}

/**
 * Opens the store at `sftp://user@host:port/absolute/path`, or `sftp://user@host/~/path` below the
 * user's home.
 *
 * @throws {@link UnknownStoreError} if the URL names no host, has options, or holds a password;
 * otherwise as {@link sftpStore}.
 *
 * @example
 * ```ts
 * import { openSftp } from "persistable-ts/stores/sftp";
 *
 * const store = await openSftp("sftp://lab@files.example.com/srv/data");
 * ```
 */
export async function openSftp(url: string, call: StoreCallOptions = {}): Promise<Store> {
  const { host, port, username, path } = parseLocationUrl(url, "sftp:");
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
   * Checks the disk of a server that promises hard links: without them it has no way to create
   * exclusively.
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
      // This is not awaited: the server may be silent.
      entries.return(undefined).catch(() => {});
    }
  }

  async listFolder(folder: StorePath | "", options?: StoreCallOptions): Promise<StoreFolder> {
    if (folder !== "") assertStorePath(folder);
    return this.#again(() => orAborted(this.#access.listFolder(folder, options), options?.signal), options);
  }

  /**
   * Repeats a read after a lost connection: it does not matter whether the lost one was answered.
   */
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

  /** Rewrites paths in errors: a path on the server could be mistaken for one on this machine. */
  #inOurWords(error: unknown): unknown {
    return error instanceof StoreError ? showElsewhere(error, this.#root, this.url) : error;
  }
}
