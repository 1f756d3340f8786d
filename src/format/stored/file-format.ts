import { UnsupportedPayloadError } from "../../errors/format-errors.ts";
import type { Format } from "../format.ts";
import { notInMemory } from "./not-in-memory.ts";
import { lookAt, readFilePieces } from "./user-files.ts";

/** How {@link file} names what it stores. */
export interface FileOptions {
  /** Of the file in the store, with its dot: `.mp4`, `.tar.gz`. Default `.bin`. */
  readonly extension?: string | undefined;
}

/**
 * A file that the generator writes: the payload is its absolute path. The file is copied into the store, and what is loaded is the path of a file that was verified: the stored
 * one where the store is a folder on this machine, else a copy that goes when the process exits. Read it, and leave it as it is.
 *
 * @throws TypeError when the extension is none.
 *
 * @example
 * ```ts
 * const film = definePersistable({
 *   name: "film",
 *   format: file({ extension: ".mp4" }),
 *   generate: async ({ workDir }) => {
 *     await execa("ffmpeg", ["-i", input, join(workDir, "film.mp4")]);
 *     return join(workDir, "film.mp4");
 *   },
 * });
 * await film().payload; // the path
 * ```
 */
export function file({ extension = ".bin" }: FileOptions = {}): Format<string> {
  if (!/^(\.[a-z0-9]{1,20}){1,4}$/.test(extension))
    throw new TypeError(
      `${JSON.stringify(extension)} is no extension: write it with its dot and in lower case, ".mp4".`,
    );
  const refuse = (what: string): never => {
    throw new UnsupportedPayloadError(
      "file",
      [],
      what,
      "Give the path of a regular file, or use directory() for a folder.",
    );
  };
  return {
    id: "file",
    extension,
    inline: false,
    ...notInMemory("file"),
    async check(payload) {
      if (typeof payload !== "string") refuse("is no path");
      const kind = await lookAt(payload);
      if (kind !== "file") refuse(`(${JSON.stringify(payload)}) is ${kind}`);
    },
    stored: {
      kind: "stream",
      write: (payload) => readFilePieces(payload),
      isRepeatable: true,
      open: (source) => source.localFile(),
    },
  };
}
