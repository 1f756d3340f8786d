import { join } from "node:path";
import { UnsupportedPayloadError } from "../../errors/format-errors.ts";
import { FILES_EXTENSION, type Format, type PayloadFile } from "../format.ts";
import { notInMemory } from "./not-in-memory.ts";
import { lookAt, namesIn, readFilePieces } from "./user-files.ts";

/**
 * A folder that the generator fills: the payload is its absolute path. Every file in it, at any
 * depth, is copied into the store and digested, and all are published at once. Only the names and
 * the bytes of the files are kept.
 *
 * Loading gives the path of a folder with these files and no others, all verified. If the store is
 * a folder on this machine, that is the stored folder itself, else a copy that is removed when the
 * process exits. The caller may read it, and must not change it.
 *
 * The format refuses symbolic links, devices, empty folders, and names that some file system does
 * not take or cannot tell apart.
 *
 * @example
 * ```ts
 * import { writeFile } from "node:fs/promises";
 * import { join } from "node:path";
 * import { definePersistable } from "persistable-ts";
 * import { directory } from "persistable-ts/formats/directory";
 *
 * const letters = definePersistable({
 *   name: "letters",
 *   format: directory(),
 *   generate: async ({ workDir }) => {
 *     for (const name of ["Ada", "Grace"]) await writeFile(join(workDir, `${name}.txt`), `Dear ${name}, …`);
 *     return workDir;
 *   },
 * });
 * const folder = await letters().payload; // the path
 * ```
 */
export function directory(): Format<string> {
  return {
    id: "directory",
    extension: FILES_EXTENSION,
    inline: false,
    ...notInMemory("directory"),
    async check(payload) {
      if (typeof payload !== "string") return refuse([], "is not a path");
      const kind = await lookAt(payload);
      if (kind !== "a folder") refuse([], `(${JSON.stringify(payload)}) is ${kind === "file" ? "a file" : kind}`);
    },
    stored: {
      kind: "files",
      files: (payload) => filesIn(payload, ""),
      open: (folder) => folder,
    },
  };
}

async function* filesIn(root: string, folder: string): AsyncGenerator<PayloadFile> {
  const names = await namesIn(join(root, folder));
  if (names.length === 0)
    refuse(
      folder === "" ? [] : [folder],
      "is an empty folder, which no bucket can keep",
      "Remove it, or put a file into it.",
    );
  for (const name of names) {
    const path = folder === "" ? name : `${folder}/${name}`;
    const absolute = join(root, path);
    const kind = await lookAt(absolute);
    if (kind === "a folder") yield* filesIn(root, path);
    else if (kind === "file") yield { path, read: () => readFilePieces(absolute) };
    else refuse([path], `is ${kind}`, "Put the file itself there, or remove it.");
  }
}

function refuse(
  path: string[],
  what: string,
  suggestion = "Give the path of the folder that you have filled, workDir for instance.",
): never {
  throw new UnsupportedPayloadError("directory", path, what, suggestion);
}
