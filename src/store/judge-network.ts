import type { DriverVerdict } from "./bucket-driver.ts";

/** What Node and the libraries below the clients call a connection that failed and may work the next time. */
const PASSING = new Set([
  "ECONNRESET",
  "ECONNREFUSED",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "ENETUNREACH",
  "EHOSTUNREACH",
  "EAI_AGAIN",
  "ENOTFOUND",
  "ERR_STREAM_PREMATURE_CLOSE",
  "ERR_SOCKET_CONNECTION_TIMEOUT",
  "UND_ERR_SOCKET",
  "UND_ERR_CONNECT_TIMEOUT",
  "HPE_INVALID_CONSTANT",
  "HPE_INVALID_EOF_STATE",
]);
const MAX_CAUSES = 5;

/** What to make of a failure of the network, wherever in the chain of causes it stands; `undefined` for any other. */
export function judgeNetwork(error: unknown): DriverVerdict | undefined {
  let cause = error;
  for (let depth = 0; depth < MAX_CAUSES && cause instanceof Error; depth++) {
    const { code } = cause as NodeJS.ErrnoException;
    if (typeof code === "string" && PASSING.has(code)) return { kind: "passing", systemCode: code };
    if (cause.name === "TimeoutError" || /socket hang up|premature close|other side closed/i.test(cause.message))
      return { kind: "passing", systemCode: typeof code === "string" ? code : undefined };
    cause = cause.cause;
  }
  return undefined;
}
