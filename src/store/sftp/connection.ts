import { connect, type Socket } from "node:net";
import { userInfo } from "node:os";
import { loadSftp } from "../../util/peers/peers.ts";
import { credentialsFor, knownHostsFor, refusal, type SftpServer } from "./credentials.ts";
import type { HostKeyStatus } from "./known-hosts.ts";
import type { SftpPatience } from "./patience.ts";
import type { SftpRequests } from "./protocol.ts";

/** An unused connection is closed after this time, so that the process can end. */
const IDLE_MS = 1000;
/** The time limit for the server to accept a connection and to log this user in. */
const READY_MS = 20_000;
/** A server that sends nothing for this long counts as gone. */
const KEEPALIVE = { keepaliveInterval: 10_000, keepaliveCountMax: 3 };
/** The time limit for the server to answer the end of the connection. */
const GOODBYE_MS = 1000;

interface Opened {
  readonly sftp: SftpRequests;
  readonly socket: Socket;
  isLost: boolean;
  end(): void;
}

/** One connection that all calls share: it is opened on demand, and again after it was lost. */
export class SftpConnection {
  readonly #server: SftpServer;
  readonly #idleMs: number;
  #opening: Promise<Opened> | undefined;
  #current: Opened | undefined;
  /** The socket of a connection that is being opened. */
  #dialing: Socket | undefined;
  #users = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(server: SftpServer, idleMs: number = IDLE_MS) {
    this.#server = server;
    this.#idleMs = idleMs;
  }

  /**
   * The number of this connection. A file handle is of use only on the connection that opened it.
   */
  #life = 0;
  get life(): number {
    return this.#life;
  }

  /**
   * Calls `work` with the connection, and opens one first if there is none.
   *
   * @throws a {@link CallerFailure} when the operation's patience ends; while the connection is
   * being opened, an abort ends it at once
   */
  async use<Value>(work: (sftp: SftpRequests) => Promise<Value>, patience: SftpPatience): Promise<Value> {
    const release = this.hold();
    try {
      const opened = this.#current ?? (await patience.wait(this.#opened()));
      return await patience.wait(orLost(opened, work(opened.sftp)), () => opened.socket.bytesRead);
    } finally {
      release();
    }
  }

  /** Keeps the connection until the caller calls the returned function. */
  hold(): () => void {
    this.#users++;
    clearTimeout(this.#idle);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#users--;
      if (this.#users > 0) return;
      if (this.#dialing !== undefined) this.#hangUp(this.#dialing);
      this.#closeWhenIdle();
    };
  }

  #closeWhenIdle(): void {
    this.#idle = setTimeout(() => this.close(), this.#idleMs).unref();
  }

  close(): void {
    if (this.#users > 0 || this.#current === undefined) return;
    this.#current.end();
    this.#forget(this.#current);
  }

  #forget(opened: Opened): void {
    if (this.#current !== opened) return;
    this.#current = undefined;
    this.#opening = undefined;
  }

  /**
   * Closes a connection that is being opened when no call waits for it, so that it does not keep
   * the process alive until it fails.
   */
  #hangUp(dialing: Socket): void {
    this.#opening = undefined;
    this.#dialing = undefined;
    dialing.destroy();
  }

  #opened(): Promise<Opened> {
    if (this.#opening !== undefined) return this.#opening;
    const opening = this.#open().catch((error: unknown) => {
      if (this.#opening === opening) this.#opening = undefined;
      throw error;
    });
    opening.catch(() => {});
    this.#opening = opening;
    return opening;
  }

  async #open(): Promise<Opened> {
    const { default: Client } = await loadSftp();
    const { host, port } = this.#server;
    const SilentClient = Client as unknown as new (
      name: string,
      listeners: typeof SILENT,
    ) => InstanceType<typeof Client>;
    const client = new SilentClient("sftp", SILENT);
    let status: HostKeyStatus = "known";
    const known = knownHostsFor(this.#server);
    const { types } = known;
    const credentials = credentialsFor(this.#server);
    // All callers have given up while the connection was being opened.
    if (this.#users === 0) throw connectionLost();
    // Each request is small and awaited. With Nagle's algorithm it would wait for the server's
    // delayed acknowledgement.
    const socket = connect({ host, port, noDelay: true }).on("error", () => {});
    this.#dialing = socket;
    try {
      await client.connect({
        sock: socket,
        host,
        port,
        username: this.#server.username ?? userInfo().username,
        ...credentials.offered,
        readyTimeout: READY_MS,
        ...KEEPALIVE,
        ...(types.length === 0 ? {} : { algorithms: { serverHostKey: types.flatMap(algorithmsOf) as never } }),
        hostVerifier: (key: Buffer) => {
          status = known.check(key);
          return status === "known";
        },
      });
    } catch (cause) {
      socket.destroy();
      if (this.#dialing === socket) this.#dialing = undefined;
      throw refusal(this.#server, status, credentials, cause);
    }
    if (this.#dialing === socket) this.#dialing = undefined;
    this.#life++;
    const { sftp } = client as unknown as { readonly sftp: SftpRequests };
    const end = (): void => {
      void client.end().catch(() => {});
      // A server that does not answer must not keep the process alive.
      setTimeout(() => socket.destroy(), GOODBYE_MS).unref();
      socket.unref();
    };
    const opened: Opened = { sftp, socket, isLost: false, end };
    const lose = (): void => {
      opened.isLost = true;
      this.#forget(opened);
      for (const reject of lostListeners.get(opened) ?? []) reject(connectionLost());
    };
    lostListeners.set(opened, new Set());
    this.#current = opened;
    sftp.on("close", lose);
    client.on("error", lose);
    client.on("end", lose);
    client.on("close", lose);
    return opened;
  }
}

/**
 * Keeps the client from writing to the program's console. The events of a connection are handled
 * elsewhere.
 */
const SILENT = { error: () => {}, end: () => {}, close: () => {} };

const lostListeners = new WeakMap<Opened, Set<(error: Error) => void>>();

/**
 * Rejects when the connection is lost: some requests would wait forever for the answer of a server
 * that is gone.
 */
function orLost<Value>(opened: Opened, work: Promise<Value>): Promise<Value> {
  const listeners = lostListeners.get(opened);
  return new Promise((resolve, reject) => {
    if (opened.isLost) reject(connectionLost());
    listeners?.add(reject);
    work.then(resolve, reject).finally(() => listeners?.delete(reject));
  });
}

export function connectionLost(): Error {
  return Object.assign(new Error("the connection to the server was lost"), { code: "ECONNRESET" });
}

/** Returns the algorithms of a key type: a key of type ssh-rsa also signs in newer ways. */
function algorithmsOf(type: string): readonly string[] {
  return type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"] : [type];
}
