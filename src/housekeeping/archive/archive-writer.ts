import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { TarPack } from "tar-stream";
import type { Chunks } from "../../store/store.ts";
import { loadTar } from "../../util/peers/peers.ts";
import { randomHex } from "../../util/random-hex.ts";

/** Adds an entry to the archive that is being written. */
export type AddEntry = (path: string, sizeBytes: number, pieces: Chunks, writtenAt: Date) => Promise<void>;

/**
 * Writes an archive. The file gets its name when it is complete; if `fill` fails, no file is left.
 */
export async function writeArchive(
  file: string,
  fill: (add: AddEntry) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { pack } = await loadTar();
  const archive = pack();
  const unfinished = `${file}.${randomHex(4)}.unfinished`;
  const writing = pipeline(archive, createWriteStream(unfinished, { flags: "wx", flush: true }), { signal });
  // The promise may fail before it is awaited below: without a handler, that would end the process.
  writing.catch(() => {});
  try {
    await fill((path, size, pieces, mtime) => addEntry(archive, { name: path, size, mtime }, pieces));
    archive.finalize();
    await writing;
    await rename(unfinished, file);
  } catch (error) {
    archive.destroy();
    await writing.catch(() => {});
    await rm(unfinished, { force: true });
    throw error;
  }
}

async function addEntry(archive: TarPack, header: Parameters<TarPack["entry"]>[0], pieces: Chunks): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const sink = archive.entry(header, (error) => (error ? reject(error) : resolve()));
    pipeline(Readable.from(pieces), sink).catch(reject);
  });
}
