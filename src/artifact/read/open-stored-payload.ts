import { CorruptArtifactError } from "../../errors/artifact-errors.ts";
import { NewerPayloadError } from "../../errors/format-errors.ts";
import type { DecodeLimits, FilesCodec, Format, StoredCodec } from "../../format/format.ts";
import type { RecordedPayload } from "../../record/record.ts";
import type { ReadableStore, StorePath } from "../../store/store.ts";
import { storePath } from "../../store/store-path.ts";
import { mapConcurrently } from "../../util/concurrency/map-concurrently.ts";
import { payloadPath } from "../layout/artifact-paths.ts";
import { type ListedFile, parseFileList } from "../layout/file-list.ts";
import { filesFolder } from "../layout/payload-objects.ts";
import { describeSize } from "./describe-size.ts";
import { findStranger, removeStrangers } from "./listed-folder.ts";
import { readFileList } from "./read-file-list.ts";
import { localStoreOf, makeLocal, type StoredObject, type StoredPayload, StoredSource } from "./stored-source.ts";

/** A payload that was written, and all that is needed to read it. */
export interface StoredArtifact extends Pick<StoredPayload, "name" | "address" | "heal" | "onDamage" | "successor"> {
  readonly store: ReadableStore;
  readonly payload: RecordedPayload & { readonly file: string };
  readonly format: Pick<Format, "stored">;
  readonly limits: DecodeLimits;
}

/**
 * Opens the handle on a payload that is never in memory as a whole. If the payload is one object,
 * only its size is checked here: the bytes are verified as they are read. If it is a folder of
 * files, all of them are verified now, because the reader opens them without asking us.
 *
 * @throws {@link CorruptArtifactError} if the payload is damaged
 */
export async function openStoredPayload(artifact: StoredArtifact): Promise<unknown> {
  const { store, name, payload, format, limits } = artifact;
  const codec = format.stored as StoredCodec<unknown>;
  const path = payloadPath(name, payload.file);
  if (codec.kind === "files") return openFiles(artifact, codec);
  const source = openSource(artifact);
  const entry = await store.stat(path);
  if (entry === undefined) throw damaged(artifact, path, "is missing");
  if (entry.sizeBytes !== payload.sizeBytes)
    throw damaged(artifact, path, await describeSize(store, path, payload, entry.sizeBytes));
  const opened = await codec.open(source, limits);
  source.handOut();
  return opened;
}

/** Opens the bytes of a payload, so that they can be read in parts. */
export function openSource(artifact: Omit<StoredArtifact, "format" | "limits">): StoredSource {
  const { payload, ...others } = artifact;
  const { file, sizeBytes, digest, chunks } = payload;
  return new StoredSource({ ...others, path: payloadPath(others.name, file), sizeBytes, digest, chunks });
}

async function openFiles(artifact: StoredArtifact, codec: FilesCodec<unknown>): Promise<unknown> {
  const { store, name, payload } = artifact;
  const path = payloadPath(name, payload.file);
  const list = await readFileList(store, path, payload);
  const parsed = typeof list === "string" ? list : parseFileList(list);
  if (typeof parsed === "string") throw damaged(artifact, path, parsed);
  const { files, newer } = parsed;
  if (files === undefined || newer !== undefined)
    throw NewerPayloadError.ofRelease("directory", `with ${newer} (${path})`);
  const folder = filesFolder(name, payload.file);
  const local = localStoreOf(store).localPath(folder);
  const isCopied = store.localPath === undefined;
  // The search for strangers comes before any file is read, so that no link in the folder is
  // followed.
  const stranger = isCopied ? undefined : await findStranger(local, files);
  if (stranger !== undefined) throw damaged(artifact, folder, stranger);
  const copy = async (file: ListedFile): Promise<void> => {
    const object = objectOf(store, folder, file);
    const problem = await makeLocal(object);
    if (problem !== undefined) throw damaged(artifact, object.path, problem);
  };
  await mapConcurrently(files, copy, { concurrency: PARALLEL_FILES });
  if (isCopied) await removeStrangers(local, files);
  return codec.open(local);
}

function objectOf(store: ReadableStore, folder: StorePath, { path, sizeBytes, digest }: ListedFile): StoredObject {
  return { store, path: storePath(...folder.split("/"), ...path.split("/")), sizeBytes, digest };
}

/** Most files are small, and each is one request if the store is remote. */
const PARALLEL_FILES = 8;

function damaged({ name, address }: StoredArtifact, path: string, problem: string): CorruptArtifactError {
  return new CorruptArtifactError(name, address, path, problem);
}
