import { MissingPeerError } from "../errors/peer-errors.ts";
import { loadPart } from "./load-part.ts";

/**
 * Load an optional peer on its first use.
 *
 * @param purpose - what needs it, as the beginning of a sentence: "Parquet"
 * @throws {@link MissingPeerError} with the npm command where it is not installed.
 */
export async function loadPeer<Peer>(purpose: string, packageName: string, load: () => Promise<Peer>): Promise<Peer> {
  try {
    return await loadPart(load);
  } catch (cause) {
    if (isAbsent(cause, packageName)) throw new MissingPeerError(purpose, packageName, { cause });
    throw cause;
  }
}

/** A peer that is there and fails while it loads, for want of one of its own dependencies for instance, is not absent. */
function isAbsent(cause: unknown, packageName: string): boolean {
  if (!(cause instanceof Error)) return false;
  const { code } = cause as NodeJS.ErrnoException;
  return code === "ERR_MODULE_NOT_FOUND" && cause.message.includes(`'${packageName}'`);
}
