import { constants, createReadStream } from "node:fs";
import { lstat } from "node:fs/promises";

const PIECE_BYTES = 1024 * 1024;

/** What stands at a path, in words; `"file"` for a regular file. Links are not followed. */
export async function lookAt(
  path: string,
): Promise<"file" | "a folder" | "a symbolic link" | "missing" | "a device or a pipe"> {
  try {
    const stat = await lstat(path);
    if (stat.isFile()) return "file";
    if (stat.isDirectory()) return "a folder";
    return stat.isSymbolicLink() ? "a symbolic link" : "a device or a pipe";
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "missing";
    throw error;
  }
}

/** The bytes of a file, at the reader's pace; never those of a file that a link leads to. */
export async function* readFilePieces(path: string): AsyncGenerator<Uint8Array> {
  // Windows knows no such flag, and the file was looked at before.
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0);
  yield* createReadStream(path, { flags: flags as unknown as string, highWaterMark: PIECE_BYTES });
}
