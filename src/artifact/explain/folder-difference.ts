/** The value that a parameter has for a folder, with the fields that explain a miss. */
interface Folder {
  readonly folder: string;
  readonly fileCount: number;
  readonly files: readonly (readonly [path: string, sha256: string])[];
}

const MAX_NAMED = 3;

/**
 * Puts the difference of two folders that are params into words: the files that were added, changed
 * and removed, or how many there are where the params do not list them. Returns `undefined` for
 * anything else.
 */
export function describeFolders(value: unknown, nearest: unknown): string | undefined {
  if (!isFolder(value) || !isFolder(nearest)) return undefined;
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

/** Whether the value of a parameter describes a folder. */
export function isFolder(value: unknown): value is Folder {
  if (typeof value !== "object" || value === null) return false;
  return "folder" in value && "fileCount" in value && "files" in value && Array.isArray(value.files);
}
