import { StoreError } from "../../errors/store-errors.ts";
import { CallerFailure } from "../caller-failure.ts";
import type { SftpConnection } from "./connection.ts";
import type { SftpPatience } from "./patience.ts";
import type { Done, SftpRequests } from "./protocol.ts";
import { codeOf, request } from "./status.ts";

/** The abilities of a server beyond the protocol. */
export interface SftpAbilities {
  /** Whether the server can give a file a second name. Its disk may still refuse it. */
  readonly hardLinks: boolean;
  /** Whether the server can rename a file onto an existing one. */
  readonly renamesOnto: boolean;
}

/**
 * Returns the folder of a store on the server: absolute, or below the user's home, without a slash
 * at its end.
 */
export async function rootOf(sftp: SftpRequests, path: string): Promise<string> {
  const clean = path.replace(/\/+$/, "");
  // The server's root (or the part of it that this user sees) gets a name of its own, so that there
  // is a folder above it.
  const named = (folder: string): string => folder.replace(/\/+$/, "") || "/.";
  if (path.startsWith("/")) return named(clean);
  const home = (await request<string>(sftp, (asked, done) => asked.realpath(".", done))) ?? "";
  return named(clean === "" ? home : `${home.replace(/\/+$/, "")}/${clean}`);
}

/** Sends requests with names that do not exist: a server that supports the request says so. */
export async function readAbilities(sftp: SftpRequests): Promise<SftpAbilities> {
  const nowhere = `/${crypto.randomUUID()}/nothing`;
  const [hardLinks, renamesOnto] = await Promise.all([
    isKnown(sftp, (asked, done) => asked.ext_openssh_hardlink(nowhere, `${nowhere}~`, done)),
    isKnown(sftp, (asked, done) => asked.ext_openssh_rename(nowhere, `${nowhere}~`, done)),
  ]);
  return { hardLinks, renamesOnto };
}

async function isKnown(
  sftp: SftpRequests,
  ask: (sftp: SftpRequests, done: Done<unknown>) => unknown,
): Promise<boolean> {
  try {
    await request(sftp, ask);
    return true;
  } catch (error) {
    // A server may announce a request and forbid it all the same. It then answers "not permitted",
    // and would do so each time.
    if (codeOf(error) === "ECONNRESET") throw error;
    return codeOf(error) !== "ENOTSUP" && codeOf(error) !== "EACCES";
  }
}

/**
 * Returns whether the disk of a server that supports hard links has them.
 *
 * @param file - on the server; it stays
 */
export async function probeHardLinks(
  connection: SftpConnection,
  file: string,
  patience: SftpPatience,
): Promise<boolean> {
  const second = `${file}~link`;
  const ask = (start: (sftp: SftpRequests, done: Done<unknown>) => unknown): Promise<unknown> =>
    connection.use((sftp) => request(sftp, start), patience);
  try {
    await ask((sftp, done) => sftp.ext_openssh_hardlink(file, second, done));
  } catch (error) {
    if (error instanceof StoreError || error instanceof CallerFailure || codeOf(error) === "ECONNRESET") throw error;
    return false;
  }
  await ask((sftp, done) => sftp.unlink(second, done)).catch(() => {});
  return true;
}
