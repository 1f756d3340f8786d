import type { Address } from "../../address/address.ts";
import { ObjectExistsError } from "../../errors/store-errors.ts";
import { FILES_EXTENSION } from "../../format/format.ts";
import { findPayloadFile } from "../../record/record-text.ts";
import type { ReadableStore, Store, StorePath } from "../../store/store.ts";
import { storePath } from "../../store/store-path.ts";
import { safeName } from "../../util/safe-name.ts";
import { addressOfRecordPath, isPayloadFileOf, payloadPath } from "./artifact-paths.ts";
import { readRecordBytes } from "./read-record-bytes.ts";
import { recordPath } from "./record-path.ts";

/** Whether a payload file is a list of files. */
export function isFileList(file: string): boolean {
  return file.endsWith(FILES_EXTENSION);
}

/** The folder beside its record that holds the files of a payload. */
export function filesFolder(name: string, file: string): StorePath {
  return storePath(safeName(name), folderOfList(file));
}

function folderOfList(file: string): string {
  return file.slice(0, -".json".length);
}

/**
 * Returns the payload file that the record at this address names, if the record can be read that
 * far.
 */
export async function readPayloadFile(
  store: ReadableStore,
  name: string,
  address: Address,
): Promise<string | undefined> {
  const bytes = await readRecordBytes(store, recordPath(name, address));
  return bytes === undefined ? undefined : payloadFileIn(bytes, address);
}

/** Returns the payload file that a record names. The record may be damaged. */
export function payloadFileIn(record: Uint8Array, address: Address): string | undefined {
  const file = findPayloadFile(record)?.file;
  return file !== undefined && isPayloadFileOf(file, address) ? file : undefined;
}

/** The payload that lies beside a record. */
export interface PayloadBeside {
  readonly path: StorePath;
  readonly file: string;
  readonly sizeBytes: number;
  readonly digest: string;
  /** The folder of its files, ending in a slash, if it is a list of files. */
  readonly filesFolder: string | undefined;
}

/** Returns `undefined` if the payload is inside the record, or cannot be found from it. */
export function payloadBeside(recordFile: StorePath, record: Uint8Array): PayloadBeside | undefined {
  const address = addressOfRecordPath(recordFile);
  const { file, sizeBytes, digest } = findPayloadFile(record) ?? {};
  if (address === undefined || file === undefined || sizeBytes === undefined || digest === undefined) return undefined;
  if (!isPayloadFileOf(file, address)) return undefined;
  const folder = recordFile.slice(0, recordFile.lastIndexOf("/") + 1);
  const path = `${folder}${file}` as StorePath;
  return {
    ...{ path, file, sizeBytes, digest },
    filesFolder: isFileList(file) ? `${folder}${folderOfList(file)}/` : undefined,
  };
}

/**
 * Remove a payload that no record names any more. The file that the record named goes first, since
 * no reader believes the others without it. A folder loses its name in one step if the store can do
 * that: a reader may have its path and must not see a part of it.
 */
export async function removePayload(store: Store, name: string, file: string): Promise<void> {
  await store.remove(payloadPath(name, file));
  if (isFileList(file)) await removeFilesFolder(store, name, file);
}

/** Removes the files of a list, and everything else in their folder. */
export async function removeFilesFolder(store: Store, name: string, file: string): Promise<void> {
  const folder = filesFolder(name, file);
  if (store.removeTree !== undefined) {
    await store.removeTree(folder);
    return;
  }
  for await (const { path } of store.list(`${folder}/`)) await store.remove(path);
  await store.removeFolder?.(folder);
}

/**
 * Move a damaged payload to where `asideOf` says, in the same order and way as it would be removed.
 * A link that replaces its folder, or lies in it, is itself moved, and not followed.
 */
export async function movePayloadAside(
  store: Store,
  name: string,
  file: string,
  asideOf: (file: string) => StorePath,
): Promise<void> {
  await moveUnlessThere(store, payloadPath(name, file), asideOf(file));
  if (!isFileList(file)) return;
  const folder = filesFolder(name, file);
  if (store.moveFolder !== undefined) {
    await unlessThere(store.moveFolder(folder, asideOf(folderOfList(file))));
    return;
  }
  const start = folder.lastIndexOf("/") + 1;
  for await (const { path } of store.list(`${folder}/`)) await moveUnlessThere(store, path, asideOf(path.slice(start)));
  await store.removeFolder?.(folder);
}

/**
 * Moves an object, unless the target exists already. Then the object stays where it is: no list and
 * no record names it, so it is collected later.
 */
async function moveUnlessThere(store: Store, from: StorePath, to: StorePath): Promise<void> {
  if ((await store.stat(to)) === undefined) await unlessThere(store.move(from, to));
}

async function unlessThere(moving: Promise<boolean>): Promise<void> {
  try {
    await moving;
  } catch (error) {
    if (!(error instanceof ObjectExistsError)) throw error;
  }
}
