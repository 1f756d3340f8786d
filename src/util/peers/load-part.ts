import { TooManyOpenFilesError } from "../../errors/store-errors.ts";
import { systemCodeOf } from "../system-failure.ts";

/**
 * Loads a part of the library on its first use.
 *
 * @throws {@link TooManyOpenFilesError}, if no file descriptor is left to read it with. Node 20
 * remembers that failure: only a new process can load the part.
 */
export async function loadPart<Part>(load: () => Promise<Part>): Promise<Part> {
  try {
    return await load();
  } catch (error) {
    throw partFailure(error);
  }
}

/**
 * Returns a function that loads a part of the library on its first call and gives the same part to
 * every later call. A call of `import()` takes 20 us even for a module that is loaded,
 * and 400 us under a loader of TypeScript on Node 20.
 *
 * @throws {@link TooManyOpenFilesError}, from the returned function, like {@link loadPart}
 */
export function lazyPart<Part>(load: () => Promise<Part>): () => Promise<Part> {
  let part: Promise<Part> | undefined;
  return () => {
    part ??= loadPart(load).catch((error: unknown) => {
      part = undefined;
      throw error;
    });
    return part;
  };
}

/** Returns the error to throw when a part could not be loaded. */
export function partFailure(error: unknown): unknown {
  const systemCode = systemCodeOf(error);
  if (systemCode !== "EMFILE" && systemCode !== "ENFILE") return error;
  return new TooManyOpenFilesError({ operation: "read", path: "a part of persistable-ts", systemCode, cause: error });
}
