import type { Address } from "../../address/address.ts";
import { UnsupportedPayloadError } from "../../errors/format-errors.ts";
import { InvalidStorePathError } from "../../errors/store-errors.ts";
import { FILES_EXTENSION, type FilesCodec, type Format, type PayloadFile } from "../../format/format.ts";
import type { RecordedPayload } from "../../record/record.ts";
import type { Store, StorePath } from "../../store/store.ts";
import { storePath } from "../../store/store-path.ts";
import {
  DIGEST_CHUNK_BYTES,
  digestInParallel,
  digestOf,
  digestOfHashes,
  hashChunks,
} from "../../util/digest/digest.ts";
import { DigestWriter, type Written } from "../../util/digest/digest-writer.ts";
import { newPayloadFile, payloadPath } from "../layout/artifact-paths.ts";
import { encodeFileList, type ListedFile } from "../layout/file-list.ts";
import { filesFolder, removePayload } from "../layout/payload-objects.ts";

/** Where a payload is to be written. */
export interface Stage {
  readonly store: Store;
  readonly name: string;
  readonly address: Address;
  readonly signal: AbortSignal | undefined;
}

/** A payload that is written, under a name that no record names yet. */
export type StagedPayload = RecordedPayload & { readonly file: string };

/**
 * Write a payload that is in memory.
 *
 * @throws a StoreError; then nothing of it is left, as far as the store let itself be cleaned.
 */
export async function stageBytes(stage: Stage, format: Format, encoded: readonly Uint8Array[]): Promise<StagedPayload> {
  const { store, name, address, signal } = stage;
  const sizeBytes = encoded.reduce((sum, chunk) => sum + chunk.length, 0);
  const file = newPayloadFile(address, format.extension);
  return staged(stage, file, async () => {
    const digesting = digestBytes(encoded, sizeBytes, format.selectColumns !== undefined, signal);
    const [what] = await settleBoth(digesting, store.writeFresh(payloadPath(name, file), encoded, { signal }));
    return { format: format.id, sizeBytes, ...what, file };
  });
}

async function digestBytes(
  encoded: readonly Uint8Array[],
  sizeBytes: number,
  isReadInParts: boolean,
  signal: AbortSignal | undefined,
): Promise<Pick<RecordedPayload, "digest" | "chunks">> {
  if (sizeBytes <= DIGEST_CHUNK_BYTES) return { digest: digestOf(encoded) };
  if (!isReadInParts) return { digest: await digestInParallel(encoded, { signal }) };
  const hashes = await hashChunks(encoded, { signal });
  return { digest: digestOfHashes(hashes), chunks: Buffer.concat(hashes) };
}

/** Write a stream of bytes while it is consumed. */
export function stageStream(
  stage: Stage,
  { id, extension }: Pick<Format, "id" | "extension">,
  pieces: AsyncIterable<Uint8Array>,
): Promise<StagedPayload> {
  const { store, name, address, signal } = stage;
  const file = newPayloadFile(address, extension);
  return staged(stage, file, async () => {
    const { hashes, ...written } = await writeDigested(pieces, (digested) =>
      store.writeFresh(payloadPath(name, file), digested, { signal }),
    );
    return { format: id, ...written, file, ...(hashes.length > 1 ? { chunks: Buffer.concat(hashes) } : {}) };
  });
}

/** Write a payload of several files: each of them, and then the list of them. */
export function stageFiles(
  stage: Stage,
  { id }: Pick<Format, "id">,
  codec: FilesCodec<unknown>,
  payload: unknown,
): Promise<StagedPayload> {
  const { store, name, address, signal } = stage;
  const file = newPayloadFile(address, FILES_EXTENSION);
  return staged(stage, file, async () => {
    const listed = await writeFiles(stage, id, filesFolder(name, file), codec.files(payload));
    const list = encodeFileList(listed);
    await store.writeFresh(payloadPath(name, file), [list], { signal });
    const contents = { files: listed.length, sizeBytes: listed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
    return { format: id, sizeBytes: list.length, digest: digestOf([list]), file, contents };
  });
}

async function writeFiles(
  stage: Stage,
  format: string,
  folder: StorePath,
  files: AsyncIterable<PayloadFile>,
): Promise<ListedFile[]> {
  const { store, signal } = stage;
  const listed: ListedFile[] = [];
  const seen = new Map<string, string>();
  /** The newest file of each folder: it waits for the others, since it makes them last. */
  const held = new Map<string, { readonly file: PayloadFile; readonly path: StorePath }>();
  const write = async (file: PayloadFile, path: StorePath, isLast: boolean): Promise<void> => {
    const { sizeBytes, digest } = await writeDigested(file.read(), async (pieces) => {
      // Of the ways to write, only this one promises that the folder's earlier files survive a power cut.
      if (isLast) await store.createIfAbsent(path, pieces, { signal });
      else await store.writeFresh(path, pieces, { signal });
    });
    listed.push({ path: file.path, sizeBytes, digest });
  };
  for await (const file of files) {
    signal?.throwIfAborted();
    const path = pathOf(format, folder, file.path, seen);
    const parent = path.slice(0, path.lastIndexOf("/"));
    const earlier = held.get(parent);
    held.set(parent, { file, path });
    if (earlier !== undefined) await write(earlier.file, earlier.path, false);
  }
  for (const { file, path } of held.values()) await write(file, path, true);
  return listed.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function pathOf(format: string, folder: StorePath, path: string, seen: Map<string, string>): StorePath {
  const refuse = (what: string): never => {
    throw new UnsupportedPayloadError(format, [path], what, "Give it another name.");
  };
  // A folder and a file, or two files, of one name to file systems that ignore case.
  const parts = path.split("/");
  for (let depth = 1; depth <= parts.length; depth++) {
    const part = parts.slice(0, depth).join("/");
    const folded = part.toLowerCase();
    const known = seen.get(folded);
    if (known !== undefined && (known !== part || depth === parts.length))
      refuse(`has the same name as ${JSON.stringify(known)} on a file system that ignores case`);
    seen.set(folded, part);
  }
  try {
    return storePath(...folder.split("/"), ...parts);
  } catch (error) {
    if (error instanceof InvalidStorePathError)
      return refuse(`has a name that not every file system takes (${error.problem})`);
    throw error;
  }
}

async function writeDigested(
  pieces: AsyncIterable<Uint8Array>,
  write: (pieces: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<Written> {
  const writer = new DigestWriter();
  await write(writer.through(pieces));
  return writer.finish();
}

async function staged(stage: Stage, file: string, write: () => Promise<StagedPayload>): Promise<StagedPayload> {
  try {
    return await write();
  } catch (error) {
    await discardStaged(stage, file);
    throw error;
  }
}

/** Remove a payload that is not going to be published; what cannot be removed now is collected later. */
export async function discardStaged({ store, name }: Pick<Stage, "store" | "name">, file: string): Promise<void> {
  try {
    await removePayload(store, name, file);
  } catch {
    // Nobody refers to it.
  }
}

/** Waits for both even when one fails: a write that goes on after the failure was reported would leave its file behind. */
async function settleBoth<A, B>(a: A | Promise<A>, b: Promise<B>): Promise<[A, B]> {
  const [first, second] = await Promise.allSettled([a, b]);
  if (first.status === "rejected") throw first.reason;
  if (second.status === "rejected") throw second.reason;
  return [first.value, second.value];
}
