import { NewerPayloadError } from "../../errors/format-errors.ts";
import { isStorePath } from "../../store/store-path.ts";
import { type Digest, isNewerDigest, parseDigest } from "../../util/digest/digest.ts";

/** One of several files of a payload, as their list names it. */
export interface ListedFile {
  /** Relative, `/`-separated. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly digest: Digest;
}

/** A list that says nothing of its version is of this one. */
const LIST_VERSION = 1;

/** The bytes of a list of files, for people to read as well. */
export function encodeFileList(files: readonly ListedFile[]): Uint8Array {
  return Buffer.from(`${JSON.stringify({ files }, undefined, 2)}\n`);
}

/**
 * The files that a list names, or what is wrong with it. The bytes were verified: this is for lists
 * that somebody else wrote.
 *
 * @param where - for messages
 * @throws {@link NewerPayloadError} where a newer release wrote it.
 */
export function parseFileList(bytes: Uint8Array, where: string): readonly ListedFile[] | string {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return "is no JSON";
  }
  const { files, list } = Object(json) as { readonly files?: unknown; readonly list?: unknown };
  if (typeof list === "number" && list > LIST_VERSION)
    throw NewerPayloadError.ofRelease("directory", `with version ${list} of the list of its files (${where})`);
  if (!Array.isArray(files)) return "has no list of files";
  const listed: ListedFile[] = [];
  const seen = new Set<string>();
  for (const file of files as readonly unknown[]) {
    const { path, sizeBytes, digest } = Object(file) as Record<string, unknown>;
    if (typeof path !== "string" || !isStorePath(path) || seen.has(path.toLowerCase()))
      return `names a file that leads elsewhere, or twice: ${JSON.stringify(path)}`;
    seen.add(path.toLowerCase());
    if (!Number.isSafeInteger(sizeBytes) || (sizeBytes as number) < 0 || typeof digest !== "string")
      return `lacks size or digest of ${JSON.stringify(path)}`;
    if (isNewerDigest(digest))
      throw NewerPayloadError.ofRelease("directory", `with the digest ${digest.slice(0, 40)}… in ${where}`);
    try {
      listed.push({ path, sizeBytes: sizeBytes as number, digest: parseDigest(digest) });
    } catch {
      return `lacks the digest of ${JSON.stringify(path)}`;
    }
  }
  return listed;
}
