import { addressOfRecordPath } from "../artifact/layout/artifact-paths.ts";
import { readRecordBytes } from "../artifact/layout/read-record-bytes.ts";
import { artifactFolder } from "../artifact/layout/record-path.ts";
import { CorruptArtifactError, UnresolvedArtifactError } from "../errors/artifact-errors.ts";
import { ClassCodecError } from "../errors/user-code-errors.ts";
import { isRecord, parseRecord } from "../record/parse-record.ts";
import type { ArtifactRecord } from "../record/record.ts";
import { folderNames } from "../store/folder-names.ts";
import { INTERNAL_FOLDER } from "../store/internal-folder.ts";
import type { Store, StorePath } from "../store/store.ts";
import { isStorePath, storePath } from "../store/store-path.ts";
import type { ClassCodec } from "../util/class-codec.ts";

/** A record with its bytes, which may hold the payload. */
export interface FoundRecord {
  readonly record: ArtifactRecord;
  readonly bytes: Uint8Array;
}

/** With fewer digits, the artifact would be a guess. */
const MIN_DIGITS = 4;
/** An error names a few of the artifacts that fit. */
const MOST_NAMED = 10;

/**
 * Finds the path of the only record that a text means: an address or its first digits, alone or
 * after the name and a slash.
 */
export async function findRecordPath(store: Store, text: string, signal: AbortSignal | undefined): Promise<StorePath> {
  const slash = text.lastIndexOf("/");
  const digits = text.slice(slash + 1).toLowerCase();
  if (!/^[0-9a-f]{1,64}$/.test(digits) || digits.length < MIN_DIGITS)
    throw new UnresolvedArtifactError(
      text,
      `is not an address: give at least ${MIN_DIGITS} of its 64 hexadecimal digits, after its name and "/" or alone`,
    );
  const folders = slash === -1 ? await foldersOf(store, signal) : [artifactFolder(text.slice(0, slash))];
  const found: StorePath[] = [];
  for (const folder of folders) {
    const { objects } = await folderNames(store, folder, { signal });
    for (const object of objects)
      if (addressOfRecordPath(object)?.startsWith(digits)) found.push(storePath(folder, object));
  }
  const [path] = found.sort();
  if (path === undefined) throw new UnresolvedArtifactError(text, `is not the address of an artifact in ${store.url}`);
  if (found.length > 1) throw new UnresolvedArtifactError(text, describeSeveral(found), found.slice(0, MOST_NAMED));
  return path;
}

/** Lists the folders that may hold artifacts. Foreign folders may be among them. */
async function foldersOf(store: Store, signal: AbortSignal | undefined): Promise<StorePath[]> {
  const { folders } = await folderNames(store, "", { signal });
  return folders.filter((folder) => folder !== INTERNAL_FOLDER && isStorePath(folder)).map((name) => storePath(name));
}

function describeSeveral(paths: readonly StorePath[]): string {
  const named = paths.slice(0, MOST_NAMED).map((path) => path.slice(0, -".json".length));
  const more = paths.length > named.length ? ` and ${paths.length - named.length} more` : "";
  return `fits ${paths.length} artifacts: ${named.join(", ")}${more}. Give more digits, or the name and "/" before them`;
}

/**
 * Reads the record at a path, and checks that it is intact and that the path is that of its
 * artifact.
 *
 * @throws {@link CorruptArtifactError}, {@link NewerRecordError}, a StoreError
 */
export async function readFoundRecord(
  store: Store,
  path: StorePath,
  classes: readonly ClassCodec[],
  signal: AbortSignal | undefined,
): Promise<FoundRecord> {
  const folder = path.slice(0, path.indexOf("/"));
  const address = addressOfRecordPath(path) ?? "";
  const bytes = await readRecordBytes(store, path, { signal });
  if (bytes === undefined) throw new UnresolvedArtifactError(`${folder}/${address}`, "was removed meanwhile");
  const found = judgeRecord(bytes, path, classes);
  if (typeof found === "string") throw new CorruptArtifactError(folder, address, path, found);
  return found;
}

/**
 * Returns a record that was read, or says what is wrong with it.
 *
 * @throws {@link NewerRecordError}
 */
export function judgeRecord(
  bytes: Uint8Array,
  path: StorePath,
  classes: readonly ClassCodec[] = [],
): FoundRecord | string {
  const record = parse(bytes, path, classes);
  if (!isRecord(record)) return record.problem;
  if (record.address !== addressOfRecordPath(path)) return `is the record of another address, ${record.address}`;
  if (artifactFolder(record.name) !== path.slice(0, path.indexOf("/")))
    return `is the record of another name, ${JSON.stringify(record.name)}`;
  return { record, bytes };
}

/** If a codec fails, the caller still gets the rest of the record. */
function parse(bytes: Uint8Array, path: StorePath, classes: readonly ClassCodec[]): ReturnType<typeof parseRecord> {
  try {
    return parseRecord(bytes, path, classes);
  } catch (error) {
    if (error instanceof ClassCodecError) return parseRecord(bytes, path, []);
    throw error;
  }
}
