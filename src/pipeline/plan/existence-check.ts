import { artifactFolder, recordPath } from "../../artifact/layout/record-path.ts";
import type { State } from "../../persistable/declare/state.ts";
import { variantsOf } from "../../persistable/declare/variant-addresses.ts";
import type { ReadableStore, StorePath, SyncStore } from "../../store/store.ts";
import { mapConcurrently } from "../../util/concurrency/map-concurrently.ts";

/** So many are looked for in a row. */
const PENDING = 512;
const CONCURRENT_STATS = 32;
/** From so many in one folder on, it is worth listing: one request of a bucket names a thousand. */
const LISTED_FROM = 100;
/** A folder of many others is given up after so many names for each that was sought. */
const LISTED_PER_SOUGHT = 16;

/**
 * Whether the records of nodes are there, under their names or earlier ones. They are not read: a damaged one is found when it is loaded.
 */
export class ExistenceCheck {
  /** By node; where a store has to be waited for, not before {@link settle} is done. */
  readonly found: boolean[] = [];
  readonly #pending: State[] = [];
  /** What is to be asked of stores that have to be waited for. */
  readonly #asked: Question[] = [];
  readonly #signal: AbortSignal | undefined;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /** The next node. It is looked for when many have come together, which the caches of a processor like better. */
  add(state: State): void {
    if (this.#pending.push(state) >= PENDING) this.#lookForPending();
  }

  /** @throws a StoreError where a store cannot tell. */
  #lookForPending(): void {
    for (const state of this.#pending) {
      const { store } = state.surroundings;
      const door = store.sync;
      const node = this.found.length;
      if (door?.exists !== undefined) {
        this.found.push(existsNow(state, door as Door));
        continue;
      }
      const { name, address } = state.recipe;
      this.found.push(false);
      this.#asked.push({ state, node, store, name, path: recordPath(name, address) });
    }
    this.#pending.length = 0;
  }

  /** @throws a StoreError where a store cannot tell; the signal's reason */
  async settle(): Promise<void> {
    this.#lookForPending();
    await this.#ask(this.#asked);
    const renamed = this.#asked
      .filter(({ node, state }) => state.hasAliases && !this.found[node])
      .flatMap(({ state, node, store }) =>
        variantsOf(state).map(({ name, address }) => ({ state, node, store, name, path: recordPath(name, address) })),
      );
    await this.#ask(renamed);
  }

  async #ask(questions: readonly Question[]): Promise<void> {
    const folders = new Map<ReadableStore, Map<string, Question[]>>();
    for (const question of questions) {
      const ofStore = folders.get(question.store) ?? new Map<string, Question[]>();
      folders.set(question.store, ofStore);
      const inFolder = ofStore.get(question.name);
      if (inFolder === undefined) ofStore.set(question.name, [question]);
      else inFolder.push(question);
    }
    for (const [store, ofStore] of folders) {
      for (const [name, inFolder] of ofStore)
        if (inFolder.length >= LISTED_FROM && (await this.#tryList(store, name, inFolder))) ofStore.delete(name);
      await this.#askSingly([...ofStore.values()].flat());
    }
  }

  async #askSingly(questions: readonly Question[]): Promise<void> {
    const ask = async ({ store, path, node }: Question): Promise<void> => {
      if ((await store.stat(path, { signal: this.#signal })) !== undefined) this.found[node] = true;
    };
    await mapConcurrently(questions, ask, { concurrency: CONCURRENT_STATS });
  }

  /** `false` where the folder holds so much else that asking for each is quicker. */
  async #tryList(store: ReadableStore, name: string, questions: readonly Question[]): Promise<boolean> {
    const nodes = new Map<StorePath, number[]>();
    for (const { path, node } of questions) nodes.set(path, [...(nodes.get(path) ?? []), node]);
    let patience = LISTED_PER_SOUGHT * questions.length;
    for await (const { path } of store.list(`${artifactFolder(name)}/`, { signal: this.#signal })) {
      for (const node of nodes.get(path) ?? []) this.found[node] = true;
      if (patience-- === 0) return false;
    }
    return true;
  }
}

interface Question {
  readonly state: State;
  readonly node: number;
  readonly store: ReadableStore;
  readonly name: string;
  readonly path: StorePath;
}

type Door = Required<Pick<SyncStore, "exists">>;

function existsNow(state: State, door: Door): boolean {
  const { name, address } = state.recipe;
  if (door.exists(recordPath(name, address))) return true;
  return state.hasAliases && variantsOf(state).some((known) => door.exists(recordPath(known.name, known.address)));
}
