import type { Address } from "../address/address.ts";
import { addressOf } from "../address/address-of.ts";
import type { RecipeNode } from "../address/recipe-node.ts";
import { recordPath } from "../artifact/layout/record-path.ts";
import { StoreError } from "../errors/store-errors.ts";
import type { ReadableStore } from "../store/store.ts";
import { listNames } from "./list-names.ts";

/** Only this many names are tried, since each one costs a look at the store. */
const MAX_NAMES = 256;

const namesOf = new WeakMap<ReadableStore, { readonly names: Promise<readonly string[]>; readonly readAtMs: number }>();

/**
 * Finds another name under which an artifact of the same params exists: the definition was probably
 * renamed, and an alias would find its artifacts again. Only a store on this machine is searched,
 * and only its first 256 names, since each name costs a look.
 *
 * @param maxAgeMs - how long ago the names may have been listed: many misses in a row share one
 * list
 */
export async function findFormerName(
  store: ReadableStore,
  node: RecipeNode,
  maxAgeMs: number,
): Promise<string | undefined> {
  const exists = store.sync?.exists?.bind(store.sync);
  if (exists === undefined) return undefined;
  try {
    for (const name of await knownNames(store, maxAgeMs)) {
      if (name !== node.name && exists(recordPath(name, addressUnder(node, name)))) return name;
    }
  } catch (error) {
    // The name is only a hint, so the error of a store is ignored.
    if (!(error instanceof StoreError)) throw error;
  }
  return undefined;
}

function knownNames(store: ReadableStore, maxAgeMs: number): Promise<readonly string[]> {
  const known = namesOf.get(store);
  if (known !== undefined && performance.now() - known.readAtMs < maxAgeMs) return known.names;
  const names = firstNames(store);
  namesOf.set(store, { names, readAtMs: performance.now() });
  return names;
}

async function firstNames(store: ReadableStore): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const name of listNames(store)) if (names.push(name) === MAX_NAMES) break;
  return names;
}

function addressUnder({ version, draw, recipeParams, dependencies, classes }: RecipeNode, name: string): Address {
  const tracked = recipeParams.filter(({ kind }) => kind === "tracked");
  return addressOf(
    {
      name,
      version,
      draw,
      params: Object.fromEntries(tracked.map(({ key, value }) => [key, value])),
      dependencies: Object.fromEntries(Object.entries(dependencies).map(([role, { address }]) => [role, address])),
    },
    { classes },
  );
}
