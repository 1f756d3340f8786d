import { describeAddress } from "../../util/describe-address.ts";

/** The value that a parameter has for a file. */
interface File {
  readonly file: string;
  readonly sha256: string;
}

/** The value that a parameter has for a folder, with the fields that explain a miss. */
interface Folder {
  readonly folder: string;
  readonly sha256: string;
  readonly fileCount: number;
  readonly files: readonly (readonly [path: string, sha256: string])[];
}

/** The value that a parameter has for the content of a URL. */
interface Url {
  readonly url: string;
  readonly etag: string;
}

const MAX_NAMED = 3;

/** Whether the value of a parameter describes a file, a folder or the content of a URL. */
export function isInput(value: unknown): value is File | Folder | Url {
  return isFile(value) || isFolder(value) || isUrl(value);
}

/**
 * Puts an input into words: `rates.csv (4e074085…)`. Returns `undefined` for any other value. The
 * start of the digest tells contents apart.
 */
export function describeInput(value: unknown): string | undefined {
  if (isFile(value)) return `${value.file} (${describeAddress(value.sha256)})`;
  if (isFolder(value)) return `${value.folder} (${countFiles(value)}, ${describeAddress(value.sha256)})`;
  return isUrl(value) ? `${value.url} (ETag ${value.etag})` : undefined;
}

/**
 * Puts the difference of two inputs into words if only the content differs. Of a folder, it names
 * the files that were added, changed and removed, or says how many there are where the params do
 * not list them. Returns `undefined` for anything else.
 */
export function describeInputChange(value: unknown, nearest: unknown): string | undefined {
  if (isFolder(value) && isFolder(nearest)) return describeFolders(value, nearest);
  if (isFile(value) && isFile(nearest)) return value.file === nearest.file ? `${value.file} has changed` : undefined;
  if (!isUrl(value) || !isUrl(nearest) || value.url !== nearest.url) return undefined;
  return `${value.url} has changed (ETag ${value.etag}, was ${nearest.etag})`;
}

function describeFolders(value: Folder, nearest: Folder): string | undefined {
  if (value.files.length !== value.fileCount || nearest.files.length !== nearest.fileCount)
    return `some of its ${value.fileCount} files (${nearest.fileCount} before) were added, changed or removed; more than 500 are not named`;
  const [mine, theirs] = [new Map(value.files), new Map(nearest.files)];
  const told = [
    list(
      "added",
      [...mine.keys()].filter((path) => !theirs.has(path)),
    ),
    list(
      "changed",
      [...mine].filter(([path, sha256]) => theirs.has(path) && theirs.get(path) !== sha256).map(([path]) => path),
    ),
    list(
      "removed",
      [...theirs.keys()].filter((path) => !mine.has(path)),
    ),
  ].filter((part) => part !== "");
  return told.length === 0 ? undefined : told.join("; ");
}

function list(what: string, paths: readonly string[]): string {
  if (paths.length === 0) return "";
  const more = paths.length - MAX_NAMED;
  return `${what} ${paths.slice(0, MAX_NAMED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

function countFiles({ fileCount }: Folder): string {
  return `${fileCount} file${fileCount === 1 ? "" : "s"}`;
}

function isFile(value: unknown): value is File {
  return hasTexts(value, ["file", "sha256"]) && Object.keys(value).length === 2;
}

function isFolder(value: unknown): value is Folder {
  if (!hasTexts(value, ["folder", "sha256"])) return false;
  return "fileCount" in value && "files" in value && Array.isArray(value.files);
}

function isUrl(value: unknown): value is Url {
  return hasTexts(value, ["url", "etag"]) && Object.keys(value).length === 2;
}

function hasTexts(value: unknown, keys: readonly string[]): value is object {
  if (typeof value !== "object" || value === null) return false;
  return keys.every((key) => typeof Reflect.get(value, key) === "string");
}
