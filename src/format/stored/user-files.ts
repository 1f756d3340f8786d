import { constants } from "node:fs";
import { type FileHandle, lstat, open, opendir } from "node:fs/promises";
import { codeOf } from "../../errors/error-kind.ts";
import { NotAFileError, type StoreOperation } from "../../errors/store-errors.ts";
import { collected } from "../../util/concurrency/collected.ts";
import { openBusy, patiently } from "../../util/patiently.ts";
import { systemFailure } from "../../util/system-failure.ts";

// Functions for files and folders that a generator has made, anywhere on this machine's disk.
// Errors of the system become the same errors as for a store's files. While too many files are
// open, a call is tried again for a while.

const PIECE_BYTES = 1024 * 1024;

/**
 * Says what is at a path; `"file"` is a regular file. A link is not followed.
 *
 * @throws a StoreError
 */
export async function lookAt(
  path: string,
): Promise<"file" | "a folder" | "a symbolic link" | "missing" | "a device or a pipe"> {
  try {
    const stat = await lstat(path);
    if (stat.isFile()) return "file";
    if (stat.isDirectory()) return "a folder";
    return stat.isSymbolicLink() ? "a symbolic link" : "a device or a pipe";
  } catch (error) {
    if (codeOf(error) === "ENOENT") return "missing";
    throw systemFailure(error, { operation: "stat", path });
  }
}

/**
 * Lists the names in a folder, sorted.
 *
 * @throws a StoreError
 */
export function namesIn(path: string): Promise<string[]> {
  return told("list", path, async () => {
    const entries = await collected(await patiently(openBusy, () => opendir(path)));
    return entries.map(({ name }) => name).sort();
  });
}

/**
 * Reads a file piece by piece, at the reader's pace. A symbolic link is refused, not followed.
 *
 * @throws a StoreError
 */
export async function* readFilePieces(path: string): AsyncGenerator<Uint8Array> {
  // O_NOFOLLOW refuses links, and O_NONBLOCK does not wait for the writer of a pipe. Windows lacks
  // both flags: there, only the caller's `lookAt` refuses such a path.
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  const file = await told("read", path, () =>
    patiently(openBusy, () => open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)),
  );
  try {
    await told("read", path, () => expectFile(file, path));
    for (;;) {
      const piece = await told("read", path, () => nextPiece(file));
      if (piece.length === 0) return;
      yield piece;
    }
  } finally {
    await file.close();
  }
}

async function expectFile(file: FileHandle, path: string): Promise<void> {
  if (!(await file.stat()).isFile())
    throw new NotAFileError({ operation: "read", path }, "there is a folder, a device or a pipe in its place");
}

async function nextPiece(file: FileHandle): Promise<Uint8Array> {
  const { bytesRead, buffer } = await file.read(Buffer.allocUnsafeSlow(PIECE_BYTES), 0, PIECE_BYTES);
  return buffer.subarray(0, bytesRead);
}

async function told<Value>(operation: StoreOperation, path: string, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    throw systemFailure(error, { operation, path });
  }
}
