import { artifactFolder, recordPath } from "../artifact/artifact-paths.ts";
import type { State } from "../persistable/state.ts";
import { variantsOf } from "../persistable/variant-addresses.ts";
import type { Store, StorePath, SyncStore } from "../store/store.ts";
import type { Breather } from "./breather.ts";

const CONCURRENT_STATS = 32;
/** From so many in one folder on, it is worth listing: one request of a bucket names a thousand. */
const LISTED_FROM = 100;
/** A folder of many others is given up after so many names for each that was sought. */
const LISTED_PER_SOUGHT = 16;

/**
 * For each state 1 where its record is there, under its name or an earlier one. Records are not read: a damaged one is found when it is loaded.
 *
 * @throws a StoreError where a store cannot tell.
 */
export async function findExisting(
  states: readonly State[],
  breather: Breather,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const found = new Uint8Array(states.length);
  const asked = new Map<Store, Sought[]>();
  for (let node = 0; node < states.length; node++) {
    const state = states[node] as State;
    const { store } = state.surroundings;
    const { sync } = store;
    if (sync?.exists !== undefined) {
      found[node] = existsNow(state, sync as Door) ? 1 : 0;
    } else {
      const { name, address } = state.node;
      add(asked, store, { node, name, path: recordPath(name, address) });
    }
    if (breather.isDue()) await breather.pause();
  }
  for (const [store, sought] of asked) await ask(store, sought, found, signal);
  const renamed = new Map<Store, Sought[]>();
  for (const [store, sought] of asked) {
    for (const { node } of sought) {
      if (found[node] === 1) continue;
      for (const { name, address } of variantsOf(states[node] as State))
        add(renamed, store, { node, name, path: recordPath(name, address) });
    }
  }
  for (const [store, sought] of renamed) await ask(store, sought, found, signal);
  return found;
}

interface Sought {
  readonly node: number;
  readonly name: string;
  readonly path: StorePath;
}

type Door = Required<Pick<SyncStore, "exists">>;

function existsNow(state: State, door: Door): boolean {
  const { name, address } = state.node;
  if (door.exists(recordPath(name, address))) return true;
  return state.hasAliases && variantsOf(state).some((known) => door.exists(recordPath(known.name, known.address)));
}

function add<Key, Value>(lists: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

async function ask(
  store: Store,
  sought: readonly Sought[],
  found: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  const byName = new Map<string, Sought[]>();
  for (const one of sought) add(byName, one.name, one);
  const single: Sought[] = [];
  for (const [name, ofName] of byName) {
    const isListed = ofName.length >= LISTED_FROM && (await tryList(store, name, ofName, found, signal));
    if (!isListed) for (const one of ofName) if (found[one.node] === 0) single.push(one);
  }
  let next = 0;
  const work = async (): Promise<void> => {
    try {
      for (let one = single[next++]; one !== undefined; one = single[next++])
        if ((await store.stat(one.path, { signal })) !== undefined) found[one.node] = 1;
    } catch (error) {
      next = single.length;
      throw error;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT_STATS }, work));
}

/** `false` where the folder holds so much else that asking for each is quicker. */
async function tryList(
  store: Store,
  name: string,
  sought: readonly Sought[],
  found: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const nodes = new Map<StorePath, number[]>();
  for (const { path, node } of sought) add(nodes, path, node);
  let patience = LISTED_PER_SOUGHT * sought.length;
  for await (const { path } of store.list(`${artifactFolder(name)}/`, { signal })) {
    for (const node of nodes.get(path) ?? []) found[node] = 1;
    if (patience-- === 0) return false;
  }
  return true;
}
