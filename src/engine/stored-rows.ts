import { VersionSkewError } from "../errors/worker-errors.ts";
import type { State } from "../persistable/declare/state.ts";
import { visitUpstreamFirst } from "../persistable/declare/upstream-first.ts";
import { internalPath, RECIPES_FOLDER } from "../store/internal-folder.ts";
import type { Store, StorePath } from "../store/store.ts";
import { parseRow } from "./job-message.ts";
import { describeRow, type RecipeRow } from "./recipe-row.ts";

/** How many rows are written or read at a time. */
const AT_ONCE = 32;

/** Writes rows that are too long for a message into the store, where all runs share them. */
export class RowWriter {
  readonly #store: Store;
  readonly #written = new Set<string>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Writes the rows of a persistable and of everything upstream that were not written yet. */
  async write(state: State): Promise<void> {
    const rows: RecipeRow[] = [];
    const isWanted = ({ recipe }: State): boolean => !this.#written.has(recipe.address);
    visitUpstreamFirst(state, isWanted, (upstream) => {
      this.#written.add(upstream.recipe.address);
      rows.push(describeRow(upstream));
    });
    for (let from = 0; from < rows.length; from += AT_ONCE)
      await Promise.all(rows.slice(from, from + AT_ONCE).map((row) => this.#writeRow(row)));
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
   * @throws {@link VersionSkewError} if one is missing or damaged
   */
  async read(address: string): Promise<readonly RecipeRow[]> {
    const found = new Map<string, RecipeRow>();
    let wanted = [address];
    while (wanted.length > 0) {
      const rows = await this.#readAll(wanted);
      for (const row of rows) found.set(row.address, row);
      const upstream = new Set(rows.flatMap(({ roles }) => Object.values(roles ?? {})));
      wanted = [...upstream].filter((other) => !found.has(other));
    }
    if (this.#rows.size > MAX_ROWS) this.#rows.clear();
    return upstreamFirst(address, found);
  }

  async #readAll(addresses: readonly string[]): Promise<readonly RecipeRow[]> {
    const rows: RecipeRow[] = [];
    for (let from = 0; from < addresses.length; from += AT_ONCE)
      rows.push(...(await Promise.all(addresses.slice(from, from + AT_ONCE).map((address) => this.#readRow(address)))));
    return rows;
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

function upstreamFirst(address: string, rows: ReadonlyMap<string, RecipeRow>): readonly RecipeRow[] {
  const ordered = new Map<string, RecipeRow>();
  const stack = [address];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const row = rows.get(top);
    const waitingFor = Object.values(row?.roles ?? {}).filter((other) => !ordered.has(other));
    if (row !== undefined && !ordered.has(top) && waitingFor.length > 0) {
      stack.push(...waitingFor);
      continue;
    }
    stack.pop();
    if (row !== undefined) ordered.set(top, row);
  }
  return [...ordered.values()];
}

function rowPath(address: string): StorePath {
  return internalPath(RECIPES_FOLDER, `${address}.json`);
}
