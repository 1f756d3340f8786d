import { isError } from "../../errors/error-kind.ts";
import { fieldsOf } from "../../util/fields-of.ts";
import type { ErrorClass } from "./bucket-driver.ts";

/** The server cannot be reached now; it may be the next time. */
const AWAY = new Set([
  "ECONNREFUSED",
  "ENETUNREACH",
  "ENETDOWN",
  "EHOSTUNREACH",
  "EHOSTDOWN",
  "EAI_AGAIN",
  "ENOTFOUND",
  "UND_ERR_CONNECT_TIMEOUT",
  "ERR_SOCKET_CONNECTION_TIMEOUT",
]);
/**
 * The codes that Node and the libraries below the clients use for a connection that broke off, at
 * any point of a request or an answer.
 */
const BROKEN = new Set([
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "ENETRESET",
  "ABORT_ERR",
  "ERR_STREAM_PREMATURE_CLOSE",
  "ERR_STREAM_DESTROYED",
  "ERR_STREAM_UNABLE_TO_PIPE",
  "ERR_HTTP2_STREAM_ERROR",
  "ERR_HTTP2_SESSION_ERROR",
  "ERR_CONTENT_LENGTH_MISMATCH",
  "UND_ERR_SOCKET",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
  // The clients of Azure and Google use these codes for an incomplete answer.
  "PARSE_ERROR",
  "REQUEST_SEND_ERROR",
]);
const BROKEN_NAMES = new Set(["TimeoutError", "AbortError"]);
const BROKEN_MESSAGE =
  /socket hang up|premature close|other side closed|^aborted$|^terminated$|unexpected end of (file|input|data)/i;
const MAX_CAUSES = 8;

/**
 * Classifies a failure of the network, wherever it is in the chain of causes; returns undefined for
 * other errors. It is called only if the caller has not aborted. So an error that says "aborted"
 * means that the connection broke.
 */
export function classifyNetworkError(error: unknown): ErrorClass | undefined {
  let cause = error;
  for (let depth = 0; depth < MAX_CAUSES && isError(cause); depth++) {
    const { code } = fieldsOf(cause);
    const systemCode = typeof code === "string" ? code : undefined;
    if (systemCode !== undefined && AWAY.has(systemCode)) return { kind: "passing", systemCode, isAway: true };
    if (isBroken(cause, systemCode)) return { kind: "passing", systemCode };
    cause = cause.cause;
  }
  return undefined;
}

function isBroken({ name, message }: Error, code: string | undefined): boolean {
  if (code !== undefined && (BROKEN.has(code) || code.startsWith("HPE_"))) return true;
  return BROKEN_NAMES.has(name) || BROKEN_MESSAGE.test(message);
}
