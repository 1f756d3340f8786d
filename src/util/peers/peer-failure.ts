import { MissingPeerError } from "../../errors/peer-errors.ts";
import { partFailure } from "./load-part.ts";

/**
 * Returns the error to throw when an optional peer could not be loaded. The caller imports the peer
 * inside a `try` of its own, with the name of the package written out: bundlers then see that it
 * may be absent, and can bundle a program without it.
 *
 * @param purpose - the feature that needs it, as the beginning of a sentence: "Parquet"
 * @returns a {@link MissingPeerError} with the npm command if it is not installed; otherwise the
 * failure itself, since a peer that is installed and fails while it loads is not absent.
 *
 * ```ts
 * try {
 *   return await import("hyparquet");
 * } catch (cause) {
 *   throw peerFailure("Parquet", "hyparquet", cause);
 * }
 * ```
 */
export function peerFailure(purpose: string, packageName: string, cause: unknown): unknown {
  return isAbsent(cause, packageName) ? new MissingPeerError(purpose, packageName, { cause }) : partFailure(cause);
}

/**
 * Recognizes the messages of Node, its require, bundlers, Bun, Deno and test runners. Errors of
 * other realms are not instances of our `Error`.
 */
function isAbsent(cause: unknown, packageName: string): boolean {
  if (typeof cause !== "object" || cause === null) return false;
  const { code, message } = cause as { readonly code?: unknown; readonly message?: unknown };
  if (
    typeof message !== "string" ||
    !NAMES_OF_QUOTES.some((quote) => message.includes(`${quote}${packageName}${quote}`))
  )
    return false;
  return (
    code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND" || /could not resolve|cannot find/i.test(message)
  );
}

const NAMES_OF_QUOTES = ["'", '"', "`"];
