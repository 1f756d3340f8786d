import { VersionSkewError } from "../errors/worker-errors.ts";
import type { State } from "../persistable/declare/state.ts";
import { visitFirst, visitUpstreamFirst } from "../persistable/declare/upstream-first.ts";
import { internalPath, RECIPES_FOLDER } from "../store/internal-folder.ts";
import type { Store, StorePath } from "../store/store.ts";
import { mapConcurrently } from "../util/concurrency/map-concurrently.ts";
import { parseRow } from "./job-message.ts";
import { describeRow, type RecipeRow } from "./recipe-row.ts";

/** How many rows are written or read at a time. */
const AT_ONCE = 32;

/** Writes rows that are too long for a message into the store, where all runs share them. */
export class RowWriter {
  readonly #store: Store;
  /** The addresses whose rows are written, or are being written. */
  readonly #begun = new Set<string>();
  readonly #pending = new Set<Promise<unknown>>();

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Writes the rows of a persistable and of everything upstream that were not written yet. When it
   * returns, those that other calls have begun are written, too: a job must not begin before.
   */
  async write(state: State): Promise<void> {
    const rows: RecipeRow[] = [];
    const isWanted = ({ recipe }: State): boolean => !this.#begun.has(recipe.address);
    visitUpstreamFirst(state, isWanted, (upstream) => {
      rows.push(describeRow(upstream));
      this.#begun.add(upstream.recipe.address);
    });
    const writing = mapConcurrently(rows, (row) => this.#writeRow(row), { concurrency: AT_ONCE });
    this.#pending.add(writing);
    writing.then(
      () => this.#pending.delete(writing),
      () => {
        this.#pending.delete(writing);
        for (const { address } of rows) this.#begun.delete(address);
      },
    );
    await Promise.all(this.#pending);
  }

  async #writeRow(row: RecipeRow): Promise<void> {
    // An existing row is replaced: untracked params are not part of the address and may have
    // changed.
    await this.#store.replace(rowPath(row.address), [Buffer.from(JSON.stringify(row))], { durable: false });
  }
}

/** At most this many rows are kept in memory. */
const MAX_ROWS = 20_000;

/** Reads rows that a run has left in the store. */
export class RowReader {
  readonly #store: Store;
  readonly #rows = new Map<string, RecipeRow>();

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Reads the rows of an address and of everything upstream, upstream first.
   *
   * @throws {@link VersionSkewError} if one is missing or damaged; TypeError if they form a circle
   */
  async read(address: string): Promise<readonly RecipeRow[]> {
    const found = new Map<string, RecipeRow>();
    let wanted = [address];
    while (wanted.length > 0) {
      const rows = await mapConcurrently(wanted, (each) => this.#readRow(each), { concurrency: AT_ONCE });
      for (const row of rows) found.set(row.address, row);
      const upstream = new Set(rows.flatMap(({ roles }) => Object.values(roles ?? {})));
      wanted = [...upstream].filter((other) => !found.has(other));
    }
    if (this.#rows.size > MAX_ROWS) this.#rows.clear();
    return upstreamFirst(address, found);
  }

  async #readRow(address: string): Promise<RecipeRow> {
    const known = this.#rows.get(address);
    if (known !== undefined) return known;
    const bytes = await this.#store.read(rowPath(address));
    const row = bytes && parseRow(JSON.parse(Buffer.from(bytes).toString()));
    if (row?.address !== address)
      throw new VersionSkewError(`The recipe of ${address} is not in ${this.#store.url}. Run the pipeline again.`);
    this.#rows.set(address, row);
    return row;
  }
}

/** No run writes rows that form a circle, but another program may have written into the store. */
function upstreamFirst(address: string, rows: ReadonlyMap<string, RecipeRow>): readonly RecipeRow[] {
  const ordered: RecipeRow[] = [];
  const left = new Map(rows);
  /** Rows that wait for what is upstream of them. */
  const waiting = new Set<string>();
  visitFirst(address, {
    upstreamOf: (each) => {
      const upstream = Object.values(left.get(each)?.roles ?? {}).filter((other) => left.has(other));
      // A row is asked a second time once everything upstream of it was visited.
      if (upstream.length > 0 && waiting.has(each))
        throw new TypeError(
          `The recipe of ${each} in ${RECIPES_FOLDER} of the store is upstream of itself, so no run has written it. ` +
            "Remove that folder while nothing runs, and run the pipeline again.",
        );
      waiting.add(each);
      return upstream;
    },
    needs: (each) => left.has(each),
    visit: (each) => {
      const row = left.get(each);
      if (row !== undefined) ordered.push(row);
      left.delete(each);
    },
  });
  return ordered;
}

function rowPath(address: string): StorePath {
  return internalPath(RECIPES_FOLDER, `${address}.json`);
}
