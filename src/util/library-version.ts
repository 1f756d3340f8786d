/** The name under which this library is published. */
export const LIBRARY_NAME = "persistable-ts";
/** The version that records name; a test holds it against package.json. */
export const LIBRARY_VERSION = "0.0.0";
