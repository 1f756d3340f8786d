/** Leases, quarantine and other things that may all be deleted: each store's own business. */
export const INTERNAL_PREFIX = ".persistable/";

/** Streams on their way to two stores; never listed. */
export const SPOOL_FOLDER = ".persistable/spool";

/** What this machine does not use of the remote store; never listed. */
export const DISMISSED_FOLDER = ".persistable/dismissed";

/** Whether an object is the layered store's own, which its callers do not see. */
export function isOwnObject(path: string): boolean {
  return path.startsWith(`${SPOOL_FOLDER}/`) || path.startsWith(`${DISMISSED_FOLDER}/`);
}
