import { sha256Hex } from "./digest/sha256.ts";

/** What maps to itself: the usual name of a payload. No dot, so that no folder can be called like the log file of another name. */
const plain = /^[a-z0-9_][a-z0-9_-]{0,99}$/;
/** Names of devices, which Windows opens in the place of files in whatever folder, case and extension. */
const device = /^(?:con|prn|aux|nul|conin|conout|clock|com[0-9]|lpt[0-9])(?![a-z0-9_-])/i;
/** Between the readable part and the hash: no plain name contains it, so no plain name equals an escaped one. */
const SEPARATOR = "~";
const HASH_DIGITS = 12;
const MAX_READABLE_BYTES = 80;

/**
 * The name of the folder that holds a payload's artifacts, and of its log file: safe on Linux, macOS and Windows, and distinct for
 * distinct names even where the file system ignores case or normalizes Unicode.
 *
 * A plain name (lower-case letters, digits, `_`, `-`, at most 100) maps to itself. Any other keeps what is readable of it and gets a hash
 * of the exact name.
 *
 * @example
 * ```ts
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
  // UTF-8 cannot tell lone surrogates apart, so such a name is hashed as JSON, and marked: its JSON may be a name, too.
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
 * Letters that no normalization changes. A fixed list, since what Unicode calls a letter grows with every release, and a name must
 * lead to the same folder for ever.
 */
const stable = /^[\w.\-Α-Ωα-ωА-Яа-яぁ-ゖァ-ヺ一-鿿]$/;

function isStable(character: string): boolean {
  return stable.test(character) && character.normalize("NFD") === character;
}

/** `e` for `é`, `_` for whatever has no such letter. */
function fold(character: string): string {
  const base = character.normalize("NFKD").charAt(0);
  return isStable(base) ? base : "_";
}
