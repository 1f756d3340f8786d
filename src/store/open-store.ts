import { UnknownStoreError } from "../errors/store-errors.ts";
import { fileStore } from "./file-store.ts";
import { memoryStore } from "./memory-store.ts";
import type { Store } from "./store.ts";

/** How a place is opened as a store. */
export interface OpenStoreOptions {
  /** Acknowledge a write only when it would survive a power cut. Default `true`. Ignored where a store is given, which knows itself. */
  readonly durable?: boolean | undefined;
}

const opened = new Map<string, Store>();

/**
 * The store for what a user calls a `dataDir`: a path, a `file:` URL, `memory:name`, or a store, which is returned as it is. One
 * place gives one object for the whole process.
 *
 * @throws {@link UnknownStoreError} for a URL of another kind.
 *
 * @example
 * ```ts
 * const store = openStore("example-data");
 * ```
 */
export function openStore(dataDir: string | URL | Store, options: OpenStoreOptions = {}): Store {
  if (isStore(dataDir)) return dataDir;
  const place = parsePlace(dataDir);
  const { durable = true } = options;
  const store = place.kind === "memory" ? memoryStore({ name: place.name }) : fileStore(place.dir, { durable });
  const key = `${durable} ${store.url}`;
  const known = opened.get(key);
  if (known !== undefined) return known;
  opened.set(key, store);
  return store;
}

function isStore(dataDir: string | URL | Store): dataDir is Store {
  return typeof dataDir === "object" && dataDir !== null && "createIfAbsent" in dataDir && "capabilities" in dataDir;
}

type ParsedPlace =
  | { readonly kind: "memory"; readonly name: string }
  | { readonly kind: "folder"; readonly dir: string | URL };

function parsePlace(dataDir: unknown): ParsedPlace {
  const given = dataDir instanceof URL ? dataDir.href : dataDir;
  if (typeof given !== "string" || given === "" || given.includes("\0"))
    throw new UnknownStoreError(JSON.stringify(given) ?? String(given));
  if (given.startsWith("memory:")) return { kind: "memory", name: given.slice("memory:".length) };
  if (/^file:/i.test(given)) return { kind: "folder", dir: URL.canParse(given) ? new URL(given) : fail(given) };
  // Two letters at least: `C:` is a drive.
  if (dataDir instanceof URL || /^[a-z][a-z0-9+.-]+:\/\//i.test(given)) return fail(given);
  return { kind: "folder", dir: given };
}

function fail(given: string): never {
  throw new UnknownStoreError(given);
}
