export const LIBRARY_NAME = "persistable-ts";
/** Records contain this version; a test compares it with package.json. */
export const LIBRARY_VERSION = "0.1.0";
