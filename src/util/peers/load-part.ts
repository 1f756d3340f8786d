import { TooManyOpenFilesError } from "../../errors/store-errors.ts";
import { systemCodeOf } from "../system-failure.ts";

/**
 * Load a part of the library on its first use.
 *
 * @throws {@link TooManyOpenFilesError} where there is no file descriptor left to read it with. Node 20 remembers that and does not try again before it is started anew.
 */
export async function loadPart<Part>(load: () => Promise<Part>): Promise<Part> {
  try {
    return await load();
  } catch (error) {
    throw partFailure(error);
  }
}

/** What to throw where a part could not be loaded. */
export function partFailure(error: unknown): unknown {
  const systemCode = systemCodeOf(error);
  if (systemCode !== "EMFILE" && systemCode !== "ENFILE") return error;
  return new TooManyOpenFilesError({ operation: "read", path: "a part of persistable-ts", systemCode, cause: error });
}
