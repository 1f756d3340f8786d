import { InvalidStorePathError } from "../errors/store-errors.ts";
import type { StorePath } from "./store.ts";

const MAX_SEGMENT_BYTES = 200;
/**
 * Matches a usual path at once: none of its characters is special on any file system, except for
 * the two cases that `isUsual` adds.
 */
const usual = /^[A-Za-z0-9_][A-Za-z0-9_.~-]{0,199}(?:\/[A-Za-z0-9_][A-Za-z0-9_.~-]{0,199})*$/;
const device = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:[ .]|$)/i;
const mayBeDevice = /(?:^|\/)(?:con|prn|aux|nul|com|lpt)/i;

/**
 * A path inside a store, made of its folders and its file name. Each segment must be safe on every
 * file system as it is: text from users goes through `safeName` first.
 *
 * @throws {@link InvalidStorePathError} if a segment is empty, `.` or `..`, longer than 200 bytes,
 * contains a separator, or contains a character or is a name that some file system refuses or
 * changes
 *
 * @example
 * ```ts
 * import { safeName, storePath } from "persistable-ts/store";
 *
 * const path = storePath(safeName("outlier_estimator"), "3f9a1c2e.json");
 * ```
 */
export function storePath(...segments: string[]): StorePath {
  for (const segment of segments) {
    if (typeof segment !== "string") throw new InvalidStorePathError(String(segment), "a segment is not a string");
    if (segment.includes("/")) throw new InvalidStorePathError(segment, 'a segment contains "/"');
  }
  const path = segments.join("/");
  assertStorePath(path);
  return path;
}

/**
 * Refuse every path that {@link storePath} could not have made. A store calls this first with each
 * path that it gets, since the type alone does not protect it from JavaScript and casts.
 *
 * @throws {@link InvalidStorePathError}
 *
 * @example
 * ```ts
 * import type { StorePath } from "persistable-ts";
 * import { assertStorePath } from "persistable-ts/store";
 *
 * const objects = new Map<string, Uint8Array>();
 * function read(path: StorePath): Uint8Array | undefined {
 *   assertStorePath(path); // JavaScript may give anything
 *   return objects.get(path);
 * }
 * ```
 */
export function assertStorePath(path: string): asserts path is StorePath {
  if (isUsual(path)) return;
  const problem = findProblem(path);
  if (problem !== undefined) throw new InvalidStorePathError(String(path), problem);
}

/**
 * Refuse every text that is not the prefix of a listing: empty, a folder that ends in `/`, or the
 * beginning of a path.
 *
 * @throws {@link InvalidStorePathError}
 *
 * @example
 * ```ts
 * import type { StorePath } from "persistable-ts";
 * import { assertStorePrefix } from "persistable-ts/store";
 *
 * const objects = new Map<StorePath, Uint8Array>();
 * async function* list(prefix: string) {
 *   assertStorePrefix(prefix);
 *   for (const path of objects.keys()) if (path.startsWith(prefix)) yield path;
 * }
 * ```
 */
export function assertStorePrefix(prefix: string): void {
  if (prefix !== "") assertStorePath(prefix.endsWith("/") ? prefix.slice(0, -1) : prefix);
}

/**
 * Whether a name that a store found could be that of an object. A listing leaves out all others.
 *
 * @example
 * ```ts
 * import { isStorePath } from "persistable-ts/store";
 *
 * isStorePath("points/3f9a1c2e.json"); // true
 * isStorePath("../passwd");            // false
 * ```
 */
export function isStorePath(path: string): path is StorePath {
  return isUsual(path) || findProblem(path) === undefined;
}

function isUsual(path: string): boolean {
  return (
    typeof path === "string" &&
    usual.test(path) &&
    !mayBeDevice.test(path) &&
    !path.includes("./") &&
    !path.endsWith(".")
  );
}

function findProblem(path: string): string | undefined {
  if (typeof path !== "string") return "it is not a string";
  if (path === "") return "it is empty";
  for (const segment of path.split("/")) {
    const problem = findSegmentProblem(segment);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function findSegmentProblem(segment: string): string | undefined {
  if (segment === "") return "it has an empty segment";
  if (segment === "." || segment === "..") return `${JSON.stringify(segment)} leads elsewhere`;
  if (Buffer.byteLength(segment) > MAX_SEGMENT_BYTES) return `a segment has more than ${MAX_SEGMENT_BYTES} bytes`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these characters are refused
  const bad = /[\u0000-\u001f\u007f<>:"|?*\\]/.exec(segment);
  if (bad !== null) return `it contains ${JSON.stringify(bad[0])}`;
  if (/[ .]$/.test(segment)) return "a segment ends in a dot or a space, which Windows drops";
  if (device.test(segment)) return `${JSON.stringify(segment)} is the name of a device on Windows`;
  if (!segment.isWellFormed() || segment.normalize("NFC") !== segment || segment.normalize("NFD") !== segment)
    return "it contains characters that some file systems change";
  return undefined;
}

/** Returns `a` and `a/b` for `a/b/c`. */
export function foldersAbove(path: string): string[] {
  const folders: string[] = [];
  for (let end = path.indexOf("/"); end !== -1; end = path.indexOf("/", end + 1)) folders.push(path.slice(0, end));
  return folders;
}
