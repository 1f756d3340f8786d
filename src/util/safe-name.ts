import { sha256Hex } from "./digest/sha256.ts";

/**
 * These names map to themselves. They have no dot, so that no folder has the name of another
 * payload's log file.
 */
const plain = /^[a-z0-9_][a-z0-9_-]{0,99}$/;
/** Windows opens these names as devices instead of files, in any folder, case and extension. */
const device = /^(?:con|prn|aux|nul|conin|conout|clock|com[0-9]|lpt[0-9])(?![a-z0-9_-])/i;
/**
 * Separates the readable part from the hash: no plain name contains it, so no plain name equals an
 * escaped one.
 */
const SEPARATOR = "~";
const HASH_DIGITS = 12;
const MAX_READABLE_BYTES = 80;

/**
 * Returns the name of the folder that holds a payload's artifacts, and of its log file: safe on
 * Linux, macOS and Windows, and distinct for distinct names even where the file system ignores case
 * or normalizes Unicode.
 *
 * A plain name (lower-case letters, digits, `_`, `-`, at most 100) maps to itself. For any other
 * name, the readable characters are kept and a hash of the exact name is added.
 *
 * @example
 * ```ts
 * import { safeName } from "persistable-ts/store";
 *
 * safeName("outlier_estimator"); // "outlier_estimator"
 * safeName("GaussianPoints");    // "GaussianPoints~b1c9…", 12 digits
 * ```
 */
export function safeName(name: string): string {
  if (plain.test(name) && !device.test(name)) return name;
  return `${readablePart(name)}${SEPARATOR}${hashOf(name)}`;
}

function hashOf(name: string): string {
  const digits = (text: string): string => sha256Hex(text).slice(0, HASH_DIGITS);
  // UTF-8 cannot distinguish lone surrogates, so such a name is hashed as JSON. The mark `u` keeps
  // it apart from a name that equals this JSON.
  return name.isWellFormed() ? digits(name) : `u${digits(JSON.stringify(name))}`;
}

const encoder = new TextEncoder();

function readablePart(name: string): string {
  let readable = "";
  let bytes = 0;
  for (const character of name) {
    const kept = isStable(character) ? character : fold(character);
    if (kept === "_" && readable.endsWith("_")) continue;
    bytes += encoder.encode(kept).length;
    if (bytes > MAX_READABLE_BYTES) break;
    readable += kept;
  }
  readable = readable.replace(/^[.-]+/, "").replace(/\.+$/, "");
  if (device.test(readable)) readable = `_${readable}`;
  return readable === "" ? "_" : readable;
}

/**
 * Letters that no normalization changes. A fixed list, since the letters of Unicode grow with
 * every release, and a name must lead to the same folder forever.
 */
const stable = /^[\w.\-Α-Ωα-ωА-Яа-яぁ-ゖァ-ヺ一-鿿]$/;

function isStable(character: string): boolean {
  return stable.test(character) && character.normalize("NFD") === character;
}

/** Returns `e` for `é`, and `_` for a character without such a base letter. */
function fold(character: string): string {
  const base = character.normalize("NFKD").charAt(0);
  return isStable(base) ? base : "_";
}
