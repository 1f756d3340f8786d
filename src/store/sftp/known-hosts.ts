import { createHmac } from "node:crypto";

/** One line of a known_hosts file. Format: sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT". */
interface KnownHost {
  readonly hosts: string;
  readonly type: string;
  readonly key: string;
  readonly isRevoked: boolean;
}

/** The result of comparing a server's key with the known ones. */
export type HostKeyStatus = "known" | "unknown" | "changed" | "revoked";

/** The keys that a known_hosts file lists for one server. */
export class KnownHosts {
  readonly #entries: readonly KnownHost[];

  constructor(text: string, host: string, port: number) {
    const name = port === 22 ? host : `[${host}]:${port}`;
    this.#entries = parse(text).filter(({ hosts }) => isFor(hosts, name.toLowerCase()));
  }

  /**
   * The key types to request from the server. A server has several keys, and a key of another type
   * than the known one would look new.
   */
  get types(): readonly string[] {
    return [...new Set(this.#entries.filter(({ isRevoked }) => !isRevoked).map(({ type }) => type))];
  }

  check(key: Uint8Array): HostKeyStatus {
    const text = Buffer.from(key).toString("base64");
    const type = typeOf(key);
    const same = this.#entries.filter((entry) => entry.key === text);
    if (same.some(({ isRevoked }) => isRevoked)) return "revoked";
    if (same.length > 0) return "known";
    return this.#entries.some((entry) => entry.type === type && !entry.isRevoked) ? "changed" : "unknown";
  }
}

/** Returns the type of a public key, which is at its beginning, after the length of the type. */
function typeOf(key: Uint8Array): string {
  const bytes = Buffer.from(key);
  return bytes.length < 4 ? "" : bytes.subarray(4, 4 + bytes.readUInt32BE(0)).toString("latin1");
}

function parse(text: string): KnownHost[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const words = line.trim().split(/\s+/);
    const marker = words[0]?.startsWith("@") === true ? words.shift() : undefined;
    const [hosts, type, key] = words;
    // Lines with the key of an authority are left out: our client does not support keys that an
    // authority has signed.
    if (hosts === undefined || hosts.startsWith("#") || type === undefined || key === undefined) return [];
    if (marker === "@cert-authority") return [];
    return [{ hosts, type, key, isRevoked: marker === "@revoked" }];
  });
}

function isFor(hosts: string, name: string): boolean {
  const hashed = /^\|1\|([^|]+)\|([^|]+)$/.exec(hosts);
  if (hashed !== null) {
    const [, salt = "", hash] = hashed;
    return createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest("base64") === hash;
  }
  const patterns = hosts.toLowerCase().split(",");
  if (patterns.some((pattern) => pattern.startsWith("!") && matches(pattern.slice(1), name))) return false;
  return patterns.some((pattern) => matches(pattern, name));
}

function matches(pattern: string, name: string): boolean {
  const expression = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${expression}$`).test(name);
}
