/** Leases, quarantine and other things that may all be deleted: each store's own business. */
export const INTERNAL_PREFIX = ".persistable/";

/** Streams on their way to two stores; never listed. */
export const SPOOL_FOLDER = ".persistable/spool";
