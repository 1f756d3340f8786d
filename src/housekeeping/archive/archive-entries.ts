import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { TarEntry } from "tar-stream";
import { InvalidArchiveError } from "../../errors/archive-errors.ts";
import type { StorePath } from "../../store/store.ts";
import { isStorePath } from "../../store/store-path.ts";
import { collected } from "../../util/concurrency/collected.ts";
import { DigestWriter } from "../../util/digest/digest-writer.ts";
import { loadTar } from "../../util/peers/peers.ts";

/** A regular file in an archive, which has to be read before the next one. */
export interface ArchiveEntry {
  readonly path: StorePath;
  readonly sizeBytes: number;
  readonly pieces: AsyncIterable<Uint8Array>;
}

/**
 * Yields the entries of a tar file, one after the other. Throws an {@link InvalidArchiveError} at a
 * link, a device, or a path that would lead out of a store.
 */
export async function* archiveEntries(file: string, signal: AbortSignal | undefined): AsyncGenerator<ArchiveEntry> {
  const { extract } = await loadTar();
  const tar = extract();
  const reading = pipeline(createReadStream(file), tar, { signal });
  // The error is ignored here, since the loop below fails with the same one.
  reading.catch(() => {});
  const asOurs = (error: unknown): unknown => {
    signal?.throwIfAborted();
    return isOfDisk(error) || error instanceof InvalidArchiveError ? error : notTar(file, error);
  };
  try {
    for await (const entry of tar) yield { ...checkEntry(file, entry), pieces: piecesOf(entry, asOurs) };
    await reading;
  } catch (error) {
    throw asOurs(error);
  } finally {
    tar.destroy();
  }
}

/**
 * If the file breaks off, the reader of an entry is the first to get an error, so the error is
 * converted here, too.
 */
async function* piecesOf(entry: TarEntry, asOurs: (error: unknown) => unknown): AsyncGenerator<Uint8Array> {
  try {
    yield* entry;
  } catch (error) {
    throw asOurs(error);
  }
}

function checkEntry(file: string, { header }: TarEntry): Omit<ArchiveEntry, "pieces"> {
  const { name, size, type } = header;
  if (type !== "file") throw new InvalidArchiveError(file, name, `is not a regular file, but ${type ?? "unknown"}`);
  if (!isStorePath(name)) throw new InvalidArchiveError(file, name, "is not a path inside a data directory");
  if (!Number.isSafeInteger(size)) throw new InvalidArchiveError(file, name, "has a size that is not a number");
  return { path: name, sizeBytes: size };
}

function isOfDisk(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}

function notTar(file: string, cause: unknown): InvalidArchiveError {
  const problem = cause instanceof Error ? cause.message : String(cause);
  return new InvalidArchiveError(file, undefined, `is not a whole tar file (${problem})`, { cause });
}

/** Reads all bytes of a small entry. */
export async function readEntryBytes(file: string, entry: ArchiveEntry, maxBytes: number): Promise<Uint8Array> {
  if (entry.sizeBytes > maxBytes)
    throw new InvalidArchiveError(
      file,
      entry.path,
      `has ${entry.sizeBytes} bytes, and at most ${maxBytes} are allowed`,
    );
  return Buffer.concat(await collected(entry.pieces));
}

/** Yields the pieces of an entry, and throws after the last one if they do not match the digest. */
export async function* verifiedEntry(file: string, entry: ArchiveEntry, digest: string): AsyncGenerator<Uint8Array> {
  const writer = new DigestWriter();
  yield* writer.through(entry.pieces);
  if (writer.finish().digest !== digest)
    throw new InvalidArchiveError(file, entry.path, "does not match the digest in its record");
}
