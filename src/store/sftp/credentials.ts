import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { isError } from "../../errors/error-kind.ts";
import { StoreAccessError, StoreIoError } from "../../errors/store-errors.ts";
import { fieldsOf } from "../../util/fields-of.ts";
import { type HostKeyStatus, KnownHosts } from "./known-hosts.ts";

/** The address of a server, and how the user logs in. */
export interface SftpServer {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly username: string | undefined;
  /** The path of a private key. Default: the agent's keys, or one of the user's own files. */
  readonly privateKeyFile: string | undefined;
  readonly passphrase: string | undefined;
  /** The server's public key, `ssh-ed25519 AAAA…`, instead of the one in the user's known_hosts. */
  readonly hostKey: string | undefined;
}

/** The credentials that the client offers to the server, and their origin. */
export interface SftpCredentials {
  readonly offered: { readonly privateKey?: string; readonly passphrase?: string; readonly agent?: string };
  /** The file with the private key. */
  readonly keyFile?: string;
}

/** @throws {@link StoreAccessError} if a file of the user cannot be read. */
export function knownHostsFor({ url, hostKey, host, port }: SftpServer): KnownHosts {
  if (hostKey !== undefined) {
    const name = port === 22 ? host : `[${host}]:${port}`;
    return new KnownHosts(`${name} ${hostKey}`, host, port);
  }
  const files = [join(homedir(), ".ssh", "known_hosts"), "/etc/ssh/ssh_known_hosts"].filter((file) => existsSync(file));
  const texts = files.map((file) => readUserFile(url, file, "the file of known servers"));
  return new KnownHosts(texts.join("\n"), host, port);
}

/** @throws {@link StoreAccessError} if the private key cannot be read. */
export function credentialsFor({ url, privateKeyFile, passphrase }: SftpServer): SftpCredentials {
  const agent = process.env.SSH_AUTH_SOCK;
  if (privateKeyFile === undefined && agent !== undefined && agent !== "") return { offered: { agent } };
  const keyFile =
    privateKeyFile ??
    ["id_ed25519", "id_ecdsa", "id_rsa"].map((name) => join(homedir(), ".ssh", name)).find((path) => existsSync(path));
  if (keyFile === undefined) return { offered: {} };
  const privateKey = readUserFile(url, keyFile, "the private key");
  // The client would ignore an empty key, and would then offer nothing to the server.
  if (privateKey.trim() === "") throw new StoreAccessError(reading(url), `the private key ${keyFile} is empty`);
  return { offered: { privateKey, ...(passphrase === undefined ? {} : { passphrase }) }, keyFile };
}

function readUserFile(url: string, file: string, what: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const systemCode = codeOf(cause);
    const problem = systemCode === "ENOENT" ? "is not there" : "cannot be read";
    throw new StoreAccessError({ ...reading(url, cause), systemCode }, `${what} ${file} ${problem}`);
  }
}

/** Explains a refused connection to a person who can do something about it. */
export function refusal(
  { url, host }: SftpServer,
  keyStatus: HostKeyStatus,
  credentials: SftpCredentials,
  cause: unknown,
): Error {
  const problem = describeHostKey(host, keyStatus) ?? describeCredentials(host, credentials, cause);
  if (problem !== undefined) return new StoreAccessError(reading(url, cause), problem);
  return new StoreIoError({ ...reading(url, cause), systemCode: codeOf(cause) });
}

function describeHostKey(host: string, keyStatus: HostKeyStatus): string | undefined {
  if (keyStatus === "unknown")
    return `the key of ${host} is not known, so another machine may pose as the server: compare it with the key that its administrator names, and add it to known_hosts (ssh ${host} asks), or give it as hostKey`;
  if (keyStatus === "changed" || keyStatus === "revoked")
    return `${host} shows a key that differs from the known one, or that was revoked: another machine may intercept the connection. Ask its administrator before anything else`;
  return undefined;
}

function describeCredentials(host: string, credentials: SftpCredentials, cause: unknown): string | undefined {
  const message = isError(cause) ? cause.message : "";
  const { agent, privateKey, passphrase } = credentials.offered;
  if (agent !== undefined && /\bagent\b/i.test(message))
    return `ssh-agent does not answer at ${agent} (SSH_AUTH_SOCK): start it again, or give a privateKeyFile`;
  if (/authentication/i.test(message))
    return `${host} does not let this user in: no key that it knows was offered (ssh-agent, privateKeyFile, or a file in ~/.ssh)`;
  if (privateKey === undefined || !isAboutKey(message)) return undefined;
  const key = `the private key ${credentials.keyFile}`;
  if (/no passphrase/i.test(message))
    return `${key} has a passphrase, and none was given: give it as passphrase, or let ssh-agent hold the key`;
  // Depending on the kind of file, a wrong passphrase looks like a failed decryption or like a
  // malformed key.
  return passphrase === undefined
    ? `${key} is damaged, or is not a private key of a kind that this client knows (${message})`
    : `the passphrase does not open ${key}, or the key is damaged (${message})`;
}

/**
 * Returns whether the client failed while it parsed the key, which it does before it contacts the
 * server. Its later messages begin with words of its own.
 */
function isAboutKey(message: string): boolean {
  return !/^(getConnection|sftp|connect)\b/.test(message) && !/algorithm/i.test(message);
}

function reading(path: string, cause?: unknown) {
  return { operation: "read", path, ...(cause === undefined ? {} : { cause }) } as const;
}

function codeOf(error: unknown): string | undefined {
  const { code } = fieldsOf(error);
  return typeof code === "string" ? code : undefined;
}
