import { isStorePath } from "../../store/store-path.ts";
import { type Digest, isDigest, isNewerDigest } from "../../util/digest/digest.ts";

/** One of several files of a payload, as their list names it. */
export interface ListedFile {
  /** Relative, `/`-separated. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly digest: Digest;
}

/** A parsed list of files. */
export interface FileList {
  /** Missing if only a newer release understands them. */
  readonly files: readonly ListedFile[] | undefined;
  /**
   * Says what in the list only a newer release understands; `undefined` if there is no such thing.
   */
  readonly newer: string | undefined;
}

/**
 * The newest version of the list that this release reads. A list that states no version has version
 * 1.
 */
const LIST_VERSION = 1;

/** Returns the bytes of a list of files, as text that people can read as well. */
export function encodeFileList(files: readonly ListedFile[]): Uint8Array {
  return Buffer.from(`${JSON.stringify({ files }, undefined, 2)}\n`);
}

/**
 * Parses a list of files. If the bytes are not such a list, it returns a text that says what is
 * wrong: even bytes that match their digest may have been written by another program.
 */
export function parseFileList(bytes: Uint8Array): FileList | string {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return "is not JSON";
  }
  const { files, list } = Object(json) as Record<string, unknown>;
  const entries = Array.isArray(files) ? files.map((file): Entry => Object(file)) : undefined;
  const newer = findNewer(list, entries ?? []);
  const listed = entries === undefined ? "has no list of files" : parseEntries(entries);
  if (typeof listed !== "string") return { files: listed, newer };
  return newer === undefined ? listed : { files: undefined, newer };
}

type Entry = { readonly path?: unknown; readonly sizeBytes?: unknown; readonly digest?: unknown };

function findNewer(list: unknown, entries: readonly Entry[]): string | undefined {
  if (typeof list === "number" && list > LIST_VERSION) return `version ${list} of the list of its files`;
  for (const { digest } of entries)
    if (typeof digest === "string" && isNewerDigest(digest)) return `the digest ${digest.slice(0, 40)}…`;
  return undefined;
}

function parseEntries(entries: readonly Entry[]): readonly ListedFile[] | string {
  const listed: ListedFile[] = [];
  const seen = new Set<string>();
  for (const { path, sizeBytes, digest } of entries) {
    if (typeof path !== "string" || !isStorePath(path) || seen.has(path.toLowerCase()))
      return `names a file that leads elsewhere, or twice: ${JSON.stringify(path)}`;
    seen.add(path.toLowerCase());
    if (typeof sizeBytes !== "number" || !Number.isSafeInteger(sizeBytes) || sizeBytes < 0)
      return `lacks the size of ${JSON.stringify(path)}`;
    if (typeof digest !== "string" || !isDigest(digest)) return `lacks the digest of ${JSON.stringify(path)}`;
    listed.push({ path, sizeBytes, digest });
  }
  return listed;
}
