import { constants } from "node:fs";
import { type FileHandle, lstat, open, opendir } from "node:fs/promises";
import { codeOf } from "../../errors/error-kind.ts";
import { NotAFileError, type StoreOperation } from "../../errors/store-errors.ts";
import { openBusy, patiently } from "../../util/patiently.ts";
import { systemFailure } from "../../util/system-failure.ts";

/*
 * Files and folders that a generator has made, anywhere on this machine's disk. What the system says of them is told as it is told of
 * a store's files; where too many files are open, it is tried again for a while.
 */

const PIECE_BYTES = 1024 * 1024;

/** What stands at a path, in words; `"file"` for a regular file. Links are not followed. @throws a StoreError */
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

/** The names in a folder, sorted. @throws a StoreError */
export function namesIn(path: string): Promise<string[]> {
  return told("list", path, async () => {
    const names: string[] = [];
    for await (const { name } of await patiently(openBusy, () => opendir(path))) names.push(name);
    return names.sort();
  });
}

/** The bytes of a file, at the reader's pace; never those of a file that a link leads to. @throws a StoreError */
export async function* readFilePieces(path: string): AsyncGenerator<Uint8Array> {
  // Windows knows no such flags, and the file was looked at before. A pipe would be waited for.
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
