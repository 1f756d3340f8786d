import { TooManyOpenFilesError } from "../errors/store-errors.ts";

/**
 * Load a part of the library on its first use.
 *
 * @throws {@link TooManyOpenFilesError} where there is no file descriptor left to read it with. Node 20 remembers that and does not try again before it is started anew.
 */
export async function loadPart<Part>(load: () => Promise<Part>): Promise<Part> {
  try {
    return await load();
  } catch (error) {
    const systemCode = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
    if (systemCode !== "EMFILE" && systemCode !== "ENFILE") throw error;
    throw new TooManyOpenFilesError({ operation: "read", path: "a part of persistable-ts", systemCode, cause: error });
  }
}
