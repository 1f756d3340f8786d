import { readdir, readFile } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";

/** One file of the page, in memory. */
export interface PageFile {
  readonly bytes: Uint8Array;
  readonly type: string;
}

/** The files of the page by the path of their URL. No path of a request reaches the disk. */
export type PageFiles = ReadonlyMap<string, PageFile>;

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
};

const MAX_FILES = 500;
/** The page as one file, which `--export` fills: see `explorer-ui/build/one-file.ts`. */
export const TEMPLATE_FILE = "export.html";
const INDEX = "/index.html";
/** Every other path is a file, or nothing. */
const PAGE_PATH = /^\/(?:(?:compare|graph|runs|sweep|why|disk|trouble)?|(?:a|d|runs)\/[^/]+)$/;

/** Reads the built page; an empty map if it was not built. */
export async function readPageFiles(folder: string): Promise<PageFiles> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = new Map<string, PageFile>();
  for (const entry of found.slice(0, MAX_FILES)) {
    const type = TYPES[extname(entry.name)];
    if (!entry.isFile() || type === undefined || entry.name === TEMPLATE_FILE) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(`/${relative(folder, path).split(sep).join("/")}`, { bytes: await readFile(path), type });
  }
  return files.has(INDEX) ? files : new Map();
}

/** The file that a path means; `undefined` for none. All pages are one file. */
export function pageFileAt(files: PageFiles, path: string): PageFile | undefined {
  return files.get(PAGE_PATH.test(path) ? INDEX : path);
}
