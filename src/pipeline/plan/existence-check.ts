import type { MissReason, StaleReason } from "../../artifact/explain/miss.ts";
import { artifactFolder, recordPath } from "../../artifact/layout/record-path.ts";
import { refusesOtherSource } from "../../persistable/declare/source-policy.ts";
import type { State } from "../../persistable/declare/state.ts";
import { variantsOf } from "../../persistable/declare/variant-addresses.ts";
import { explain } from "../../persistable/load/explain.ts";
import type { ReadableStore, StorePath } from "../../store/store.ts";
import { mapConcurrently } from "../../util/concurrency/map-concurrently.ts";

/** Nodes are looked for in groups of this size. */
const PENDING = 512;
const CONCURRENT_STATS = 32;
/**
 * A folder in which this many nodes are looked for is listed: a bucket lists a thousand objects per
 * request.
 */
const LISTED_FROM = 100;
/** A listing stops after this many names per node: the folder holds mostly other artifacts. */
const LISTED_PER_SOUGHT = 16;

/**
 * Finds out whether the records of nodes exist, under their present or earlier names. Records are
 * not read, except those that may be stale: a damaged one is found when it is loaded.
 */
export class ExistenceCheck {
  /** By node. Complete when {@link settle} has resolved. */
  readonly found: boolean[] = [];
  /** Nodes with an artifact that is not fresh enough, with the reason. */
  readonly stale = new Map<State, StaleReason>();
  readonly #judged: Judged[] = [];
  readonly #pending: State[] = [];
  /** Questions to stores that only answer asynchronously. */
  readonly #asked: Question[] = [];
  readonly #signal: AbortSignal | undefined;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /** Adds the next node. Nodes are looked up in groups: that suits the caches of a processor. */
  add(state: State): void {
    if (this.#pending.push(state) >= PENDING) this.#lookForPending();
  }

  /** @throws a StoreError if a store cannot answer */
  #lookForPending(): void {
    for (const state of this.#pending) {
      const { store } = state.surroundings;
      const node = this.found.length;
      if (mayBeStale(state)) this.#judged.push({ state, node });
      const foundNow = existsNow(state);
      if (foundNow !== undefined) {
        this.found.push(foundNow);
        continue;
      }
      const { name, address } = state.recipe;
      this.found.push(false);
      this.#asked.push({ state, node, store, name, path: recordPath(name, address) });
    }
    this.#pending.length = 0;
  }

  /** @throws a StoreError if a store cannot answer; the signal's reason */
  async settle(): Promise<void> {
    this.#lookForPending();
    await this.#ask(this.#asked);
    const renamed = this.#asked
      .filter(({ node, state }) => state.hasAliases && !this.found[node])
      .flatMap(({ state, node, store }) =>
        variantsOf(state).map(({ name, address }) => ({ state, node, store, name, path: recordPath(name, address) })),
      );
    await this.#ask(renamed);
    await this.#judge();
  }

  /**
   * Reads the records of artifacts that may not be fresh enough. If one is not, its node is a miss.
   */
  async #judge(): Promise<void> {
    const questionable = this.#judged.filter(({ node }) => this.found[node] === true);
    const judge = async ({ state, node }: Judged): Promise<void> => {
      const explained = await explain(state, this.#signal);
      if (explained.state === "hit" || !isStale(explained.reason)) return;
      this.found[node] = false;
      this.stale.set(state, explained.reason);
    };
    await mapConcurrently(questionable, judge, { concurrency: CONCURRENT_STATS });
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

  /**
   * Returns `false` if the folder mostly holds other artifacts: single requests are quicker then.
   */
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

interface Judged {
  readonly state: State;
  readonly node: number;
}

function mayBeStale({ declaration }: State): boolean {
  return declaration.maxAge !== undefined || refusesOtherSource(declaration);
}

function isStale(reason: MissReason): reason is StaleReason {
  return reason.kind === "expired" || reason.kind === "source-changed";
}

interface Question {
  readonly state: State;
  readonly node: number;
  readonly store: ReadableStore;
  readonly name: string;
  readonly path: StorePath;
}

/** Returns `undefined` if the store only answers asynchronously. */
function existsNow(state: State): boolean | undefined {
  const { sync } = state.surroundings.store;
  if (sync?.exists === undefined) return undefined;
  const { name, address } = state.recipe;
  if (sync.exists(recordPath(name, address))) return true;
  return state.hasAliases && variantsOf(state).some((known) => sync.exists?.(recordPath(known.name, known.address)));
}
