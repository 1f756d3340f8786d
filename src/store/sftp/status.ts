import { messageOf } from "../../errors/error-kind.ts";
import { fieldsOf } from "../../util/fields-of.ts";
import type { Done, SftpDiskSpace, SftpRequests } from "./protocol.ts";

const FAILURE = 4;

/**
 * Maps status codes of the protocol to the codes of systems. Version 3, which nearly all servers
 * speak, ends with 8; some servers send the later codes as well. Source:
 * draft-ietf-secsh-filexfer-02, section 7, and -13, section 9.1.
 */
const SYSTEM_CODES = new Map([
  [1, "EOF"],
  [2, "ENOENT"],
  [3, "EACCES"],
  [FAILURE, "EIO"],
  [5, "EINVAL"],
  [6, "ECONNRESET"],
  [7, "ECONNRESET"],
  [8, "ENOTSUP"],
  [10, "ENOENT"],
  [11, "EEXIST"],
  [12, "EROFS"],
  [14, "ENOSPC"],
  [15, "EDQUOT"],
  [19, "ENOTDIR"],
  [21, "ELOOP"],
  [24, "EISDIR"],
]);

/** Servers write these texts beside a mere "failure", if they pass on their system's message. */
const SYSTEM_TEXTS: readonly (readonly [RegExp, string])[] = [
  [/no space left|disk (is )?full|not enough space/i, "ENOSPC"],
  [/quota/i, "EDQUOT"],
  [/read-only file ?system/i, "EROFS"],
];

/** Adds the system's code to an error of the client. */
export function named(error: Error): Error {
  const { code } = fieldsOf(error);
  if (typeof code === "string") return error;
  // An error without a code is about the connection: "No response from server".
  if (typeof code !== "number") return failed("ECONNRESET", error.message);
  const byText = code === FAILURE ? SYSTEM_TEXTS.find(([text]) => text.test(error.message))?.[1] : undefined;
  return failed(byText ?? SYSTEM_CODES.get(code) ?? "EIO", error.message);
}

/**
 * Explains a mere "failure" by the state of the server's disk; returns undefined if that explains
 * nothing.
 */
export function explainBySpace(space: SftpDiskSpace, wantedBytes: number): Error | undefined {
  const isReadOnly = (space.f_flag & 1) !== 0;
  if (isReadOnly) return failed("EROFS", "the server's disk is read-only");
  const hasRoom = space.f_bavail * space.f_frsize >= wantedBytes && (space.f_files === 0 || space.f_favail > 0);
  return hasRoom ? undefined : failed("ENOSPC", "the server's disk is full");
}

export function failed(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

export function codeOf(error: unknown): unknown {
  return fieldsOf(error).code;
}

/** Sends one request, and returns its answer. */
export function request<Value>(
  sftp: SftpRequests,
  start: (sftp: SftpRequests, done: Done<Value>) => unknown,
): Promise<Value | undefined> {
  return new Promise((resolve, reject) => {
    try {
      start(sftp, (error, value) => (error ? reject(named(error)) : resolve(value)));
    } catch (error) {
      // The server does not offer this extension.
      reject(failed("ENOTSUP", messageOf(error)));
    }
  });
}

/** Returns whether servers use this code, among other things, for a name that is in use. */
export function mayMeanTaken(error: unknown): boolean {
  return ["EIO", "EPERM", "EACCES", "EEXIST"].includes(String(codeOf(error)));
}
