import { fileURLToPath } from "node:url";
import { UnknownStoreError } from "../../errors/store-errors.ts";
import { fileStore } from "../folder/file-store.ts";
import { assertNoCredentials, describeLocation } from "../location/location-credentials.ts";
import { memoryStore } from "../memory-store.ts";
import type { Store } from "../store.ts";
import { openRemotePlace } from "./open-remote.ts";

/** Options of {@link openStore}. */
export interface OpenStoreOptions {
  /**
   * Acknowledges a write only when it would survive a power cut. Default `true`. Ignored if a store
   * is given, which decides itself.
   */
  readonly durable?: boolean | undefined;
}

const opened = new Map<string, Store>();

/**
 * Maps the given texts to folders: computing the path and the URL again would double the cost of a
 * hit.
 */
const openedFolders = new Map<string, Store>();
const MAX_FOLDER_TEXTS = 1000;

/** The stores that were opened by a path or a URL, by durability and URL. */
export const openedStores: ReadonlyMap<string, Store> = opened;

/**
 * Opens the store for a `dataDir`: a path (`~/data` lies in the user's home), a `file:` URL,
 * `memory:name`, the URL of a bucket or a server (`s3://bucket/prefix`, `az://container/prefix`,
 * `gs://bucket/prefix`, `sftp://user@host/path`), or a store, which is returned as it is. One
 * location gives one object for the whole process.
 *
 * @throws {@link UnknownStoreError} for a URL of another kind, and for a text with credentials,
 * which it does not repeat.
 *
 * @example
 * ```ts
 * import { openStore } from "persistable-ts";
 * import { gaussianPoints } from "./pipeline.ts";
 *
 * const store = openStore("example-data");
 * const points = gaussianPoints({ n: 100 }, { dataDir: store });
 * ```
 */
export function openStore(dataDir: string | URL | Store, options: OpenStoreOptions = {}): Store {
  if (isStore(dataDir)) return dataDir;
  const { durable = true } = options;
  // A relative path depends on the working directory, which a program may change.
  const text = typeof dataDir === "string" ? `${durable} ${process.cwd()} ${dataDir}` : undefined;
  const seen = text === undefined ? undefined : openedFolders.get(text);
  if (seen !== undefined) return seen;
  const location = parseLocation(dataDir);
  const store = openLocation(location, durable);
  const key = `${durable} ${store.url}`;
  const known = opened.get(key) ?? store;
  if (known === store) opened.set(key, store);
  if (text !== undefined && location.kind === "folder" && openedFolders.size < MAX_FOLDER_TEXTS) {
    openedFolders.set(text, known);
  }
  return known;
}

function openLocation(location: ParsedLocation, durable: boolean): Store {
  if (location.kind === "memory") return memoryStore({ name: location.name });
  return location.kind === "remote" ? location.store : fileStore(location.dir, { durable });
}

function isStore(dataDir: string | URL | Store): dataDir is Store {
  return typeof dataDir === "object" && dataDir !== null && "createIfAbsent" in dataDir && "capabilities" in dataDir;
}

type ParsedLocation =
  | { readonly kind: "memory"; readonly name: string }
  | { readonly kind: "remote"; readonly store: Store }
  | { readonly kind: "folder"; readonly dir: string };

function parseLocation(dataDir: unknown): ParsedLocation {
  const given = dataDir instanceof URL ? dataDir.href : dataDir;
  if (typeof given !== "string") throw new UnknownStoreError(describeOther(given));
  if (given === "") throw new UnknownStoreError('""');
  if (given.includes("\0")) throw new UnknownStoreError("A path with a NUL character in it");
  assertNoCredentials(given);
  // Messages name a layered store in this form, and people copy it.
  if (given.startsWith("layered:"))
    throw new UnknownStoreError(
      "The name of a layered store",
      "Build it with layeredStore({ local, remote }); for the command, export a persistable or a sweep that has it",
    );
  if (given.startsWith("memory:")) return { kind: "memory", name: given.slice("memory:".length) };
  if (/^file:/i.test(given)) return { kind: "folder", dir: pathOfUrl(given) };
  // Two letters at least: `C:` is a drive.
  if (dataDir instanceof URL || /^[a-z][a-z0-9+.-]+:\/\//i.test(given)) {
    const store = openRemotePlace(given);
    return store === undefined ? fail(given) : { kind: "remote", store };
  }
  return { kind: "folder", dir: expandHome(given) };
}

/** A host, an encoded slash, a NUL or half a character has no path on this machine. */
function pathOfUrl(given: string): string {
  try {
    const path = fileURLToPath(given);
    return path.includes("\0") ? fail(given) : path;
  } catch {
    return fail(given);
  }
}

/** Only a shell knows `~`: otherwise a folder of that name would appear where the program runs. */
function expandHome(dir: string): string {
  if (!/^~(?:[/\\]|$)/.test(dir)) return dir;
  return process.getBuiltinModule("node:os").homedir() + dir.slice(1);
}

function fail(given: string): never {
  throw new UnknownStoreError(describeLocation(given));
}

/** Only the kind of the object is shown, since it may hold secrets. */
function describeOther(given: unknown): string {
  if (given === null || typeof given !== "object") return typeof given === "function" ? "A function" : String(given);
  return Array.isArray(given) ? "A list" : "An object that is not a Store";
}
