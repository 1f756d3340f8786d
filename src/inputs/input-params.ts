import nodePath from "node:path";
import { DefinitionError } from "../errors/persistable-errors.ts";
import { noteInput, placeOfInput } from "../util/digest/input-places.ts";
import { sha256Hex } from "../util/digest/sha256.ts";
import { sha256OfFile } from "./file-digest.ts";
import { listFolder } from "./list-folder.ts";

/** A file as a parameter: its name and the digest of its content, but not its folder. */
export type FileInput = { readonly file: string; readonly sha256: string };

/** A folder as a parameter. */
export type FolderInput = {
  readonly folder: string;
  /** The digest of the names and digests of all files. */
  readonly sha256: string;
  readonly fileCount: number;
  /** The sha256 of each file by its path in the folder; empty for more than 500 files. */
  readonly files: readonly (readonly [path: string, sha256: string])[];
};

/**
 * The content of a URL as a parameter: its server names the content by an ETag, or the caller by a
 * digest.
 */
export type UrlInput = { readonly url: string; readonly etag: string } | FileInput;

/**
 * A folder with more files is recorded with their common digest alone, so that the record stays
 * readable.
 */
const MAX_LISTED = 500;

/**
 * Makes a parameter of a file: its name and the sha256 of its content are in the recipe, and its
 * path is not. The digest is remembered as long as the file does not change.
 *
 * @throws the error of `node:fs` if the file cannot be read
 *
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import { definePersistable, typedParams } from "persistable-ts";
 * import { type FileInput, fileParam, inputPath } from "persistable-ts/inputs";
 *
 * const measured = definePersistable({
 *   name: "measured",
 *   params: typedParams<{ data: FileInput }>(),
 *   generate: async ({ params }) => (await readFile(await inputPath(params.data), "utf8")).split("\n"),
 * });
 * await measured({ data: await fileParam("data/measured.csv") }).payload;
 * ```
 */
export async function fileParam(path: string): Promise<FileInput> {
  const full = nodePath.resolve(path);
  const sha256 = await sha256OfFile(full);
  noteInput(sha256, { path: full });
  return { file: nodePath.basename(full), sha256 };
}

/**
 * Makes a parameter of a folder: its name, and the paths and digests of its files.
 *
 * @param options.include - patterns of the files that count, such as `**\/*.png`; all by default
 * @throws the error of `node:fs`; {@link DefinitionError} for a link to another folder
 *
 * @example
 * ```ts
 * import { readdir } from "node:fs/promises";
 * import { definePersistable, typedParams } from "persistable-ts";
 * import { type FolderInput, folderParam, inputPath } from "persistable-ts/inputs";
 *
 * const images = definePersistable({
 *   name: "images",
 *   params: typedParams<{ images: FolderInput }>(),
 *   generate: async ({ params }) => readdir(await inputPath(params.images)),
 * });
 * await images({ images: await folderParam("images", { include: ["**\/*.png"] }) }).payload;
 * ```
 */
export async function folderParam(
  path: string,
  options: { readonly include?: readonly string[] | undefined } = {},
): Promise<FolderInput> {
  const full = nodePath.resolve(path);
  const include = options.include ?? ["**"];
  const files = await readFolder(full, include);
  const sha256 = digestOfList(files);
  noteInput(sha256, { path: full, include });
  const listed = files.length > MAX_LISTED ? [] : files;
  return { folder: nodePath.basename(full), sha256, fileCount: files.length, files: listed };
}

/**
 * Makes a parameter of the content of a URL: the URL with the ETag that the server names, or a
 * digest that the caller knows. The content is not fetched. A persistable refuses a URL with
 * credentials.
 *
 * @param options.sha256 - the digest of the content. The server is not asked then, and the recipe
 * holds the digest and the last part of the path instead of the URL
 * @throws {@link DefinitionError} if the server names no ETag, or answers with an error
 *
 * @example
 * ```ts
 * import { definePersistable, typedParams } from "persistable-ts";
 * import { type UrlInput, urlParam } from "persistable-ts/inputs";
 *
 * const url = "https://example.com/weights.bin";
 * const weights = definePersistable({
 *   name: "weights",
 *   params: typedParams<{ source: UrlInput }>(),
 *   generate: async () => new Uint8Array(await (await fetch(url)).arrayBuffer()),
 * });
 * await weights({ source: await urlParam(url) }).payload;
 * ```
 */
export async function urlParam(
  url: string | URL,
  options: {
    readonly sha256?: string | undefined;
    readonly headers?: Readonly<Record<string, string>> | undefined;
    readonly signal?: AbortSignal | undefined;
  } = {},
): Promise<UrlInput> {
  const { sha256, headers, signal } = options;
  const asked = new URL(url);
  asked.hash = "";
  if (sha256 !== undefined) return { file: asked.pathname.split("/").at(-1) ?? "", sha256 };
  const response = await fetch(asked, { method: "HEAD", headers: { ...headers }, signal: signal ?? null });
  const etag = response.headers.get("etag");
  const where = `${asked.origin}${asked.pathname}`;
  if (!response.ok) throw new DefinitionError(`${where} answers with ${response.status}, so its content is not known.`);
  if (etag === null) throw new DefinitionError(`${where} names no ETag. Give the digest: urlParam(url, { sha256 }).`);
  return { url: asked.href, etag };
}

/**
 * Returns the path of a file or folder in this process, for a generator that has it as a parameter.
 *
 * @throws {@link DefinitionError} if this process did not make the file or folder a parameter, or
 * if its content has changed since and does not match the recipe any more
 *
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import { definePersistable, typedParams } from "persistable-ts";
 * import { type FileInput, inputPath } from "persistable-ts/inputs";
 *
 * definePersistable({
 *   name: "measured",
 *   params: typedParams<{ data: FileInput }>(),
 *   generate: async ({ params }) => readFile(await inputPath(params.data), "utf8"),
 * });
 * ```
 */
export async function inputPath(input: FileInput | FolderInput): Promise<string> {
  const name = "file" in input ? input.file : input.folder;
  const place = placeOfInput(input.sha256);
  if (place === undefined)
    throw new DefinitionError(
      `Where ${name} lies is not known in this process. Make the parameter here: await fileParam(path), or folderParam(path).`,
    );
  const { path, include } = place;
  const now = include === undefined ? await sha256OfFile(path) : digestOfList(await readFolder(path, include));
  if (now === input.sha256) return path;
  throw new DefinitionError(
    `${path} has changed since it was made a parameter. Make the parameter again, and build with it.`,
  );
}

async function readFolder(folder: string, include: readonly string[]): Promise<(readonly [string, string])[]> {
  const files: (readonly [string, string])[] = [];
  for (const path of await listFolder(folder, include))
    files.push([path, await sha256OfFile(nodePath.join(folder, path))]);
  return files;
}

function digestOfList(files: readonly (readonly [string, string])[]): string {
  return sha256Hex(JSON.stringify(files));
}
