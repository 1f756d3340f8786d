import type { Address } from "../address/address.ts";
import { addressOf } from "../address/address-of.ts";
import type { RecipeNode } from "../address/recipe-node.ts";
import { recordPath } from "../artifact/layout/record-path.ts";
import { StoreError } from "../errors/store-errors.ts";
import type { ReadableStore } from "../store/store.ts";
import { listNames } from "./list-names.ts";

/** Each name costs a look at the store. */
const MAX_NAMES = 256;

const namesOf = new WeakMap<ReadableStore, { readonly names: Promise<readonly string[]>; readonly readAtMs: number }>();

/**
 * The other name under which the same params were generated: the definition was renamed, and an
 * alias finds its artifacts again. Only stores on this machine are asked, since each name costs a
 * look, and only about the first 256 names.
 *
 * @param maxAgeMs - how long ago the names may have been listed: many misses in a row share them
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
    // Only a hint is lost.
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
