import { UnsupportedPayloadError } from "../../errors/format-errors.ts";
import { InvalidStorePathError } from "../../errors/store-errors.ts";
import { FormatFailedError } from "../../errors/user-code-errors.ts";
import { checkPayload } from "../../format/encode-payload.ts";
import {
  type DecodeLimits,
  FILES_EXTENSION,
  type FilesCodec,
  type Format,
  type PayloadFile,
  type StreamCodec,
} from "../../format/format.ts";
import { encodeInline } from "../../record/encode-inline.ts";
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
import { removeWorkFolder } from "../../util/work-folder.ts";
import { payloadPath } from "../layout/artifact-paths.ts";
import { encodeFileList, type ListedFile } from "../layout/file-list.ts";
import { filesFolder } from "../layout/payload-objects.ts";
import type { StreamSpool } from "./stream-spool.ts";

/** The file that a payload is written to. */
export interface Target {
  readonly store: Store;
  readonly name: string;
  readonly file: string;
  readonly signal: AbortSignal | undefined;
}

/** A payload that is written, under a name that no record names yet. */
export type StagedPayload = RecordedPayload & { readonly file: string };

/** The source of a payload that is to be published. */
export interface PayloadOrigin {
  /** The extension of the payload's file. */
  readonly extension: string;
  /** Present if the payload lies inside its record: then nothing is written before the record. */
  readonly inline?: { readonly payload: RecordedPayload; readonly text: string } | undefined;
  /** Writes all of the payload, each time it is called. */
  write(target: Target): Promise<StagedPayload>;
  /** Returns the payload from outside the store. */
  open?(): unknown;
  /**
   * Removes what is kept outside the store. This function must refer to nothing but what it
   * removes, since everything that it refers to stays in memory until it was called.
   */
  readonly discard?: () => Promise<void>;
}

/**
 * A payload that is in memory.
 *
 * @throws {@link FormatFailedError} if the bytes are not the kind of text that the format promises
 */
export function bytesOrigin(format: Format, encoded: readonly Uint8Array[], inlineBytes: number): PayloadOrigin {
  const sizeBytes = encoded.reduce((sum, chunk) => sum + chunk.length, 0);
  return {
    extension: format.extension,
    inline: sizeBytes > inlineBytes ? undefined : inlineOf(format, encoded, sizeBytes),
    write: (target) => writeBytes(target, format, encoded, sizeBytes),
  };
}

/**
 * A file or a folder outside the store.
 *
 * @param folder - the work folder of its generator, which is removed with it
 */
export function filesOrigin(format: Format, given: unknown, folder: string | undefined): PayloadOrigin {
  const { stored: codec } = format;
  return {
    extension: codec?.kind === "files" ? FILES_EXTENSION : format.extension,
    async write(target) {
      await checkPayload(format, given);
      if (codec?.kind === "files") return writeFiles(target, format, codec, given);
      if (codec?.kind === "stream") return writeStream(target, format, codec.write(given));
      throw new TypeError(`The format ${format.id} does not store files.`);
    },
    open: () => given,
    discard: removerOf(folder),
  };
}

/** A stream that is generated only once, while it is written. */
export function streamOrigin(
  format: Format,
  codec: StreamCodec<unknown>,
  spool: StreamSpool,
  limits: DecodeLimits,
): PayloadOrigin {
  return {
    extension: format.extension,
    write: (target) => writeStream(target, format, spool.isComplete ? spool.replay() : spool.pieces()),
    open: () => codec.open(spool.source(), limits),
    discard: discarderOf(spool),
  };
}

function removerOf(folder: string | undefined): () => Promise<void> {
  return async () => (folder === undefined ? undefined : removeWorkFolder(folder));
}

function discarderOf(spool: StreamSpool): () => Promise<void> {
  return () => spool.discard();
}

function inlineOf(format: Format, encoded: readonly Uint8Array[], sizeBytes: number): PayloadOrigin["inline"] {
  if (format.inline === false) return undefined;
  const [only] = encoded;
  const bytes = encoded.length === 1 && only !== undefined ? only : Buffer.concat(encoded);
  const text = encodeInline(format.inline, bytes);
  if (text !== undefined) return { payload: { format: format.id, sizeBytes, digest: digestOf(encoded) }, text };
  throw new FormatFailedError(
    format.id,
    "encode",
    `gave bytes that are not ${format.inline === "json" ? "one line of JSON" : "UTF-8 text"}, as its inline: ${JSON.stringify(format.inline)} promises`,
  );
}

async function writeBytes(
  { store, name, file, signal }: Target,
  format: Format,
  encoded: readonly Uint8Array[],
  sizeBytes: number,
): Promise<StagedPayload> {
  const digesting = digestBytes(encoded, sizeBytes, format.selectColumns !== undefined, signal);
  const [what] = await settleBoth(digesting, store.writeFresh(payloadPath(name, file), encoded, { signal }));
  return { format: format.id, sizeBytes, ...what, file };
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

async function writeStream(
  { store, name, file, signal }: Target,
  { id }: Pick<Format, "id">,
  pieces: AsyncIterable<Uint8Array>,
): Promise<StagedPayload> {
  const { hashes, ...written } = await writeDigested(pieces, (digested) =>
    store.writeFresh(payloadPath(name, file), digested, { signal }),
  );
  return { format: id, ...written, file, ...(hashes.length > 1 ? { chunks: Buffer.concat(hashes) } : {}) };
}

/** Writes each of the files, and then the list of them. */
async function writeFiles(
  target: Target,
  { id }: Pick<Format, "id">,
  codec: FilesCodec<unknown>,
  payload: unknown,
): Promise<StagedPayload> {
  const { store, name, file, signal } = target;
  const listed = await writeEachFile(target, id, filesFolder(name, file), codec.files(payload));
  const list = encodeFileList(listed);
  await store.writeFresh(payloadPath(name, file), [list], { signal });
  const contents = { files: listed.length, sizeBytes: listed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
  return { format: id, sizeBytes: list.length, digest: digestOf([list]), file, contents };
}

async function writeEachFile(
  { store, signal }: Target,
  format: string,
  folder: StorePath,
  files: AsyncIterable<PayloadFile>,
): Promise<ListedFile[]> {
  const listed: ListedFile[] = [];
  const seen = new Map<string, string>();
  /**
   * The newest file of each folder, which is held back: the file that is written last in a folder
   * is written in a way that makes all files of the folder survive a power cut.
   */
  const held = new Map<string, { readonly file: PayloadFile; readonly path: StorePath }>();
  const write = async (file: PayloadFile, path: StorePath, isLast: boolean): Promise<void> => {
    const { sizeBytes, digest } = await writeDigested(file.read(), async (pieces) => {
      // Only `createIfAbsent` promises that earlier files of the folder survive a power cut.
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
  // On file systems that ignore case, two names that differ only in case are the same name.
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

/**
 * Waits for both even if one fails: a write that goes on after the failure was reported would leave
 * its file behind.
 */
async function settleBoth<A, B>(a: A | Promise<A>, b: Promise<B>): Promise<[A, B]> {
  const [first, second] = await Promise.allSettled([a, b]);
  if (first.status === "rejected") throw first.reason;
  if (second.status === "rejected") throw second.reason;
  return [first.value, second.value];
}
