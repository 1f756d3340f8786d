import { describeKind } from "../../store/folder/calls/check-folders.ts";
import { type Entry, listEntries, removeEntry } from "../../store/folder/calls/list-entries.ts";
import { foldersAbove } from "../../store/store-path.ts";
import type { ListedFile } from "../layout/file-list.ts";

/** Files that operating systems put into folders when people open them. */
const IGNORED = new Set([".ds_store", "thumbs.db", "desktop.ini"]);

/**
 * Looks in a folder on this machine's disk for anything besides the listed files and the folders
 * that lead to them. Such a stranger is damage, because a reader that walks the folder comes upon
 * it: a link leads elsewhere, and a pipe never ends.
 *
 * @returns the first stranger in words, `undefined` if there is none
 * @throws a StoreError if the folder cannot be read
 */
export async function findStranger(folder: string, files: readonly ListedFile[]): Promise<string | undefined> {
  for await (const { path, kind } of strangersIn(folder, files)) {
    if (path === "") return `is ${describeKind(kind)}, not a folder`;
    return `holds ${describeKind(kind)} that is not in the list of files of its payload: ${JSON.stringify(path)}`;
  }
  return undefined;
}

/**
 * Removes from a copy all but the listed files: an earlier reader may have left something there.
 */
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
