import { UnsupportedPayloadError } from "../../errors/format-errors.ts";
import type { Format } from "../format.ts";
import { notInMemory } from "./not-in-memory.ts";
import { lookAt, readFilePieces } from "./user-files.ts";

/** Options of {@link file}. */
export interface FileOptions {
  /** The extension of the file in the store, with its dot: `.mp4`, `.tar.gz`. Default `.bin`. */
  readonly extension?: string | undefined;
}

/**
 * A file that the generator writes: the payload is its absolute path. The file is copied into the
 * store.
 *
 * Loading gives the path of a file that was verified. If the store is a folder on this machine,
 * that is the stored file itself, else a copy that is removed when the process exits. The caller
 * may read it, and must not change it.
 *
 * @throws TypeError if the extension is not valid.
 *
 * @example
 * ```ts
 * import { execFileSync } from "node:child_process";
 * import { join } from "node:path";
 * import { definePersistable } from "persistable-ts";
 * import { file } from "persistable-ts/formats/file";
 *
 * const film = definePersistable({
 *   name: "film",
 *   format: file({ extension: ".mp4" }),
 *   generate: ({ workDir }) => {
 *     execFileSync("ffmpeg", ["-i", "raw.mov", join(workDir, "film.mp4")]);
 *     return join(workDir, "film.mp4");
 *   },
 * });
 * await film().payload; // the path
 * ```
 */
export function file({ extension = ".bin" }: FileOptions = {}): Format<string> {
  if (!/^(\.[a-z0-9]{1,20}){1,4}$/.test(extension))
    throw new TypeError(
      `${JSON.stringify(extension)} is not an extension: write it with its dot and in lower case, ".mp4".`,
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
      if (typeof payload !== "string") refuse("is not a path");
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
