import { describeKind } from "../../store/folder/calls/check-folders.ts";
import { type Entry, listEntries, removeEntry } from "../../store/folder/calls/list-entries.ts";
import type { ListedFile } from "../layout/file-list.ts";

/** Files that systems put by themselves into folders that people look at. */
const IGNORED = new Set([".ds_store", "thumbs.db", "desktop.ini"]);

/**
 * What a folder on this machine's disk holds besides its listed files and the folders that lead to them, in words; `undefined`
 * where there is nothing else. A reader who walks the folder finds whatever is in it: a link leads elsewhere, a pipe never ends.
 *
 * @throws a StoreError where the folder cannot be read.
 */
export async function findStranger(folder: string, files: readonly ListedFile[]): Promise<string | undefined> {
  for await (const { path, kind } of strangersIn(folder, files)) {
    if (path === "") return `is ${describeKind(kind)}, not a folder`;
    return `holds ${describeKind(kind)} that is not in the list of files of its payload: ${JSON.stringify(path)}`;
  }
  return undefined;
}

/** Leave nothing but the listed files in a copy: an earlier reader may have left something there. */
export async function removeStrangers(folder: string, files: readonly ListedFile[]): Promise<void> {
  for await (const stranger of strangersIn(folder, files)) await removeEntry(folder, stranger);
}

async function* strangersIn(folder: string, files: readonly ListedFile[]): AsyncGenerator<Entry> {
  const listed = new Set(files.map(({ path }) => path));
  const folders = new Set(files.flatMap(({ path }) => foldersAbove(path)));
  for await (const entry of listEntries(folder)) {
    const { path, kind } = entry;
    const isKnown = kind === "file" ? listed.has(path) || isIgnored(path) : kind === "folder" && folders.has(path);
    if (!isKnown) yield entry;
  }
}

function isIgnored(path: string): boolean {
  return IGNORED.has(path.slice(path.lastIndexOf("/") + 1).toLowerCase());
}

/** `a` and `a/b` for `a/b/c`. */
function foldersAbove(path: string): string[] {
  const folders: string[] = [];
  for (let end = path.indexOf("/"); end !== -1; end = path.indexOf("/", end + 1)) folders.push(path.slice(0, end));
  return folders;
}
