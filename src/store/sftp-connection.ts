import { existsSync, readFileSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import { StoreAccessError, StoreIoError } from "../errors/store-errors.ts";
import { loadPeer } from "../util/load-peer.ts";
import { type HostKeyVerdict, KnownHosts } from "./known-hosts.ts";
import type { SftpRequests } from "./sftp-protocol.ts";

/** Which server, and how one is let in. */
export interface SftpServer {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly username: string | undefined;
  /** Text of a private key. Default: the agent's, or one of the user's own files. */
  readonly privateKey: string | undefined;
  readonly passphrase: string | undefined;
  /** The server's public key, `ssh-ed25519 AAAA…`, in the place of the user's known_hosts. */
  readonly hostKey: string | undefined;
}

/** A connection that nobody uses is let go of, so that the process can end. */
const IDLE_MS = 1000;
const READY_MS = 20_000;

interface Opened {
  readonly sftp: SftpRequests;
  isLost: boolean;
  end(): void;
}

/** One connection that everybody shares: opened when it is needed, opened anew when it was lost. */
export class SftpConnection {
  readonly #server: SftpServer;
  #opening: Promise<Opened> | undefined;
  #users = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(server: SftpServer) {
    this.#server = server;
  }

  /** Tells one life of the connection from the next: handles do not outlive theirs. */
  #life = 0;
  get life(): number {
    return this.#life;
  }

  async use<Value>(work: (sftp: SftpRequests) => Promise<Value>): Promise<Value> {
    this.#users++;
    clearTimeout(this.#idle);
    try {
      const opened = await this.#opened();
      try {
        return await orLost(opened, work(opened.sftp));
      } finally {
        if (opened.isLost) this.#opening = undefined;
      }
    } finally {
      this.#users--;
      if (this.#users === 0) this.#idle = setTimeout(() => void this.close(), IDLE_MS).unref();
    }
  }

  /** Keeps the connection for as long as somebody has something open on it. */
  hold(): () => void {
    this.#users++;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#users--;
      if (this.#users === 0) this.#idle = setTimeout(() => void this.close(), IDLE_MS).unref();
    };
  }

  async close(): Promise<void> {
    if (this.#users > 0) return;
    const opening = this.#opening;
    this.#opening = undefined;
    const opened = await opening?.catch(() => undefined);
    opened?.end();
  }

  #opened(): Promise<Opened> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #open(): Promise<Opened> {
    const purpose = "A store on an SFTP server";
    const { default: Client } = await loadPeer(purpose, "ssh2-sftp-client", () => import("ssh2-sftp-client"));
    const { url, host, port } = this.#server;
    const SilentClient = Client as unknown as new (
      name: string,
      listeners: typeof SILENT,
    ) => InstanceType<typeof Client>;
    const client = new SilentClient("sftp", SILENT);
    let verdict: HostKeyVerdict = "known";
    const known = knownHostsFor(this.#server);
    const { types } = known;
    try {
      await client.connect({
        host,
        port,
        username: this.#server.username ?? userInfo().username,
        ...credentialsFor(this.#server),
        readyTimeout: READY_MS,
        keepaliveInterval: 10_000,
        ...(types.length === 0 ? {} : { algorithms: { serverHostKey: types.flatMap(algorithmsOf) as never } }),
        hostVerifier: (key: Buffer) => {
          verdict = known.judge(key);
          return verdict === "known";
        },
      });
    } catch (cause) {
      throw refusal(url, host, verdict, cause);
    }
    this.#life++;
    const { sftp } = client as unknown as { readonly sftp: SftpRequests };
    const opened: Opened = { sftp, isLost: false, end: () => void client.end().catch(() => {}) };
    const lose = (): void => {
      opened.isLost = true;
      for (const reject of lostListeners.get(opened) ?? []) reject(connectionLost());
    };
    lostListeners.set(opened, new Set());
    sftp.on("close", lose);
    client.on("error", lose);
    client.on("end", lose);
    client.on("close", lose);
    return opened;
  }
}

/** The client's own write to the console of the program. What happens to a connection is heard of elsewhere. */
const SILENT = { error: () => {}, end: () => {}, close: () => {} };

const lostListeners = new WeakMap<Opened, Set<(error: Error) => void>>();

/** Some requests would wait for ever for the answer of a server that is gone. */
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

function knownHostsFor({ hostKey, host, port }: SftpServer): KnownHosts {
  if (hostKey !== undefined) {
    const name = port === 22 ? host : `[${host}]:${port}`;
    return new KnownHosts(`${name} ${hostKey}`, host, port);
  }
  const files = [join(homedir(), ".ssh", "known_hosts"), "/etc/ssh/ssh_known_hosts"].filter((file) => existsSync(file));
  return new KnownHosts(files.map((file) => readFileSync(file, "utf8")).join("\n"), host, port);
}

/** A key of type ssh-rsa signs in newer ways as well. */
function algorithmsOf(type: string): readonly string[] {
  return type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"] : [type];
}

function credentialsFor({ privateKey, passphrase }: SftpServer) {
  const agent = process.env.SSH_AUTH_SOCK;
  if (privateKey !== undefined) return { privateKey, ...(passphrase === undefined ? {} : { passphrase }) };
  if (agent !== undefined && agent !== "") return { agent };
  const file = ["id_ed25519", "id_ecdsa", "id_rsa"]
    .map((name) => join(homedir(), ".ssh", name))
    .find((path) => existsSync(path));
  return file === undefined ? {} : { privateKey: readFileSync(file, "utf8") };
}

function refusal(path: string, host: string, verdict: HostKeyVerdict, cause: unknown): Error {
  const failure = { operation: "read", path, cause } as const;
  if (verdict === "unknown")
    return new StoreAccessError(
      failure,
      `the key of ${host} is not known, so it could be anybody: compare it with what its administrator says, and add it to known_hosts (ssh ${host} asks), or give it as hostKey`,
    );
  if (verdict === "changed" || verdict === "revoked")
    return new StoreAccessError(
      failure,
      `${host} shows another key than the one that is known, or one that was revoked: somebody may stand between you and it. Ask its administrator before anything else`,
    );
  const message = cause instanceof Error ? cause.message : "";
  if (/authentication/i.test(message))
    return new StoreAccessError(
      failure,
      `${host} does not let this user in: no key that it knows was offered (ssh-agent, privateKey, or a file in ~/.ssh)`,
    );
  const code = (cause as { readonly code?: unknown } | undefined)?.code;
  return new StoreIoError({ ...failure, ...(typeof code === "string" ? { systemCode: code } : {}) });
}
