import type { EntryColumns } from "../columns/entry-columns.ts";
import type { ValueColumn } from "../columns/value-column.ts";
import { type Cell, type CellValue, numberOfCell } from "../recipe-cells.ts";
import { AllButTable } from "./all-but-table.ts";
import { ClosestRows } from "./closest-rows.ts";
import { hashOfNumber, NumberSet, scramble } from "./number-set.ts";
import { numericDistance } from "./numeric-distance.ts";

/** A row that was found, and how much it differs. */
export interface RankedRow {
  readonly row: number;
  /** How many cells differ. */
  readonly differences: number;
}

/** Says which rows {@link RecipeTable.nearest} considers. */
export interface NearestQuery {
  readonly cells: readonly Cell[];
  readonly limit: number;
  /** Whether a row is left out: its artifact is gone, or the caller does not want it. */
  readonly isExcluded: (row: number) => boolean;
}

/** The rows that {@link RecipeTable.nearest} found. */
export interface NearestRows {
  readonly rows: readonly RankedRow[];
  /** How many rows were compared: all of them, unless the budget for scans was used up. */
  readonly compared: number;
}

/** A row without a text has this code. */
const NO_CODE = 0;
/** A text that no row has. */
const UNKNOWN = -1;
/**
 * If more rows than this differ in the same columns, only the latest of them are compared further.
 */
const MAX_TIES = 1024;
/** If at least this many rows differ in one column only, they are sorted by that column. */
const MANY_TIES = 32;
/** All hash tables together hold at most this many rows, each of about 9 bytes. */
const MAX_TABLED_ROWS = 10_000_000;
/**
 * After scans have compared this many cells of one table, which takes a few seconds, only the
 * latest rows are scanned.
 */
const MAX_SCANNED_CELLS = 2_000_000_000;
const FALLBACK_ROWS = 256;
/** Scanning up to this many cells is faster than building tables. */
const SMALL_CELLS = 10_000;
/** After scans of this many cells in all, tables pay off even for few rows. */
const MANY_SCANNED_CELLS = 100_000;

/**
 * Finds the rows whose recipes are nearest to one, without comparing all of them: for a set of
 * columns, a hash table finds the rows that are equal everywhere else. If every row differs in more
 * columns than there are tables for, all rows are scanned.
 */
export class RecipeTable {
  readonly #rows: EntryColumns;
  readonly #columns: RecipeColumn[] = [];
  readonly #columnOf = new Map<string, RecipeColumn>();
  /** For each row the sum of the hashes of its cells. */
  #hashes = new Int32Array(0);
  #hashed = 0;
  readonly #tables = new Map<string, TableBut>();
  #tabledRows = 0;
  #scannedCells = 0;

  /** @param rows - whose cells are in columns of the kind `recipe` */
  constructor(rows: EntryColumns) {
    this.#rows = rows;
  }

  /**
   * Returns the rows that differ in the fewest cells. Among them, rows with closer numbers come
   * first, and then newer rows.
   */
  nearest({ cells, limit, isExcluded }: NearestQuery): NearestRows {
    this.#update();
    const target = this.#targetOf(cells);
    const isSmall = this.#hashed * this.#columns.length <= SMALL_CELLS && this.#scannedCells < MANY_SCANNED_CELLS;
    // Tables only find rows that have all optional values, or none of them.
    if (limit === 1 && !isSmall && target.optional <= 1) {
      const found = this.#lookUp(target, isExcluded);
      if (found !== undefined) return { rows: [found], compared: this.#hashed };
    }
    return this.#scan(target, limit, isExcluded);
  }

  /** Adds the rows that are new since the last call. */
  #update(): void {
    const { count } = this.#rows.addresses;
    if (count === this.#hashed) return;
    for (const { keys, values } of this.#rows.recipeColumns().slice(this.#columns.length)) {
      const column: RecipeColumn = new RecipeColumn(values, this.#columns.length);
      this.#columns.push(column);
      this.#columnOf.set(keys[0] ?? "", column);
    }
    if (count > this.#hashes.length) {
      const larger = new Int32Array(Math.ceil(count * 1.125) + 64);
      larger.set(this.#hashes);
      this.#hashes = larger;
    }
    // A cell that is absent adds nothing, so that new columns change no hash.
    for (const column of this.#columns)
      for (let row = this.#hashed; row < count; row++)
        this.#hashes[row] = ((this.#hashes[row] ?? 0) + column.hashAt(row)) | 0;
    this.#hashed = count;
  }

  #targetOf(cells: readonly Cell[]): Target {
    const wanted: Wanted[] = this.#columns.map(() => ABSENT);
    let foreign = 0;
    for (const { column: name, value, isOptional } of cells) {
      const column = this.#columnOf.get(name);
      if (column !== undefined) wanted[column.index] = column.wanted(value, isOptional);
      else if (!isOptional) foreign += 1;
    }
    return { wanted, optional: wanted.filter(({ isOptional }) => isOptional).length, foreign };
  }

  /** Asks tables for rows that differ in as few columns as possible. */
  #lookUp(target: Target, isExcluded: (row: number) => boolean): RankedRow | undefined {
    const indexes = target.wanted.map((_, index) => index);
    // No row has these values, so every row differs there. An optional value may be absent.
    const forced = indexes.filter((index) => {
      const wanted = target.wanted[index] ?? ABSENT;
      return !wanted.isOptional && this.#columns[index]?.isKnown(wanted, this.#hashed) === false;
    });
    const others = indexes.filter((index) => !forced.includes(index));
    for (const sets of setsAround(forced, others)) {
      const hasRoomForAll = sets.length * this.#hashed <= MAX_TABLED_ROWS;
      const found: number[] = [];
      for (const free of sets) {
        const table = this.#tableBut(free);
        if (table === undefined) return undefined;
        const row = this.#closest(this.#rowsBut(table, target, isExcluded), target);
        if (row === undefined) continue;
        found.push(row);
        if (!hasRoomForAll) break;
      }
      const row = this.#closest(found, target);
      if (row !== undefined) return { row, differences: this.#differences(row, target) };
    }
    return undefined;
  }

  #tableBut(free: readonly number[]): TableBut | undefined {
    const key = free.join();
    const known: TableBut | undefined = this.#tables.get(key);
    const more = this.#hashed - (known?.rows.count ?? 0);
    if (this.#tabledRows + more > MAX_TABLED_ROWS) return undefined;
    this.#tabledRows += more;
    const columns = free.flatMap((index) => this.#columns[index] ?? []);
    const hashOf = (row: number): number =>
      columns.reduce((hash, column) => (hash - column.hashAt(row)) | 0, this.#hashes[row] ?? 0);
    const table = known ?? { free, rows: new AllButTable(hashOf), groups: new Map() };
    this.#tables.set(key, table);
    table.rows.addUntil(this.#hashed);
    return table;
  }

  /** Yields rows that differ in the free columns only. The closest row is among them. */
  *#rowsBut(table: TableBut, target: Target, isExcluded: (row: number) => boolean): Generator<number> {
    for (const hash of hashesOf(target, table.free)) {
      const group = this.#groupOf(table, hash, target);
      let found = 0;
      for (const row of table.rows.rowsOf(hash)) {
        if (group !== undefined && row < group.count) break;
        if (!this.#equalsBut(row, target, table.free) || isExcluded(row)) continue;
        yield row;
        if (++found === MAX_TIES) break;
      }
      if (group !== undefined)
        yield* group.candidates(target.wanted[table.free[0] ?? 0]?.distanceFrom ?? Number.NaN, isExcluded);
    }
  }

  /** Returns the rows that differ in one column only, if there are many of them. */
  #groupOf({ free, rows, groups }: TableBut, hash: number, target: Target): ClosestRows | undefined {
    const [only = 0, another] = free;
    if (another !== undefined || free.length === 0) return undefined;
    const known = groups.get(hash);
    if (known !== undefined && !this.#equalsBut(known.first, target, free)) return undefined;
    const isStale = known === undefined || rows.count - known.count > MANY_TIES + known.size / 8;
    if (!isStale) return known;
    const equal: number[] = [];
    for (const row of rows.rowsOf(hash)) {
      if (this.#equalsBut(row, target, free)) equal.push(row);
    }
    if (equal.length < MANY_TIES) return undefined;
    const column = this.#columns[only];
    const numberOf = (row: number): number => column?.numberAt(row) ?? Number.NaN;
    const group = new ClosestRows(equal, rows.count, numberOf, (one, other) => this.#rows.compareAges(one, other));
    groups.set(hash, group);
    return group;
  }

  #equalsBut(row: number, { wanted }: Target, free: readonly number[]): boolean {
    for (let index = 0; index < wanted.length; index++)
      if (this.#columns[index]?.isEqual(row, wanted[index] ?? ABSENT) === false && !free.includes(index)) return false;
    return true;
  }

  #differences(row: number, { wanted, foreign }: Target): number {
    let differences = foreign;
    for (const [index, each] of wanted.entries())
      if (this.#columns[index]?.isEqual(row, each) === false) differences += 1;
    return differences;
  }

  #scan(target: Target, limit: number, isExcluded: (row: number) => boolean): NearestRows {
    const count = this.#hashed;
    const cells = count * this.#columns.length;
    const isTooMuch = limit === 1 && cells > SMALL_CELLS && this.#scannedCells + cells > MAX_SCANNED_CELLS;
    const start = isTooMuch ? Math.max(0, count - FALLBACK_ROWS) : 0;
    if (!isTooMuch) this.#scannedCells += cells;
    const scores = this.#scores(target, start);
    const ties: number[][] = [];
    for (let row = count - 1; row >= start; row--) {
      if (isExcluded(row)) continue;
      const score = scores[row - start] ?? 0;
      const rows = ties[score] ?? [];
      ties[score] = rows;
      rows.push(row);
    }
    const rows: RankedRow[] = [];
    for (const [differences, tied = []] of ties.entries()) {
      if (rows.length >= limit) break;
      for (const row of this.#ranked(tied, target, limit - rows.length)) rows.push({ row, differences });
    }
    return { rows, compared: count - start };
  }

  /** How many cells of each row differ, column by column, which is the order in memory. */
  #scores({ wanted, foreign }: Target, start: number): Int32Array {
    const scores = new Int32Array(this.#hashed - start).fill(foreign);
    for (const [index, each] of wanted.entries()) {
      const column = this.#columns[index];
      for (let row = start; row < this.#hashed; row++)
        if (column?.isEqual(row, each) === false) scores[row - start] = (scores[row - start] ?? 0) + 1;
    }
    return scores;
  }

  #ranked(rows: readonly number[], target: Target, limit: number): readonly number[] {
    if (rows.length <= 1) return rows;
    const ranked = rows.map((row) => ({ row, distance: this.#distance(row, target) }));
    ranked.sort((one, other) => one.distance - other.distance || this.#rows.compareAges(one.row, other.row));
    return ranked.slice(0, limit).map(({ row }) => row);
  }

  #closest(rows: Iterable<number>, target: Target): number | undefined {
    let closest: { readonly row: number; readonly distance: number } | undefined;
    for (const row of rows) {
      const distance = this.#distance(row, target);
      const order =
        closest === undefined ? -1 : distance - closest.distance || this.#rows.compareAges(row, closest.row);
      if (order < 0) closest = { row, distance };
    }
    return closest?.row;
  }

  #distance(row: number, { wanted }: Target): number {
    let distance = 0;
    for (const [index, each] of wanted.entries()) {
      const column = this.#columns[index];
      if (column === undefined || column.isSame(row, each)) continue;
      const [mine, theirs] = [each.distanceFrom, column.numberAt(row)];
      distance += Number.isNaN(mine) || Number.isNaN(theirs) ? 1 : numericDistance(mine, theirs);
    }
    return distance;
  }
}

/**
 * A hash table of all rows by every column except the free ones. It finds the rows that may differ
 * in the free columns only.
 */
interface TableBut {
  readonly free: readonly number[];
  readonly rows: AllButTable;
  readonly groups: Map<number, ClosestRows>;
}

/** A cell of the recipe to find, in the form in which its column compares it. */
interface Wanted {
  /** NaN if the value is not a number. */
  readonly number: number;
  readonly code: number;
  readonly hash: number;
  readonly isOptional: boolean;
  /**
   * The number that the value stands for, even if it is written as a text; NaN for any other value.
   */
  readonly distanceFrom: number;
}

const ABSENT: Wanted = {
  number: Number.NaN,
  code: NO_CODE,
  hash: 0,
  isOptional: false,
  distanceFrom: Number.NaN,
};

/** The recipe to find. */
interface Target {
  readonly wanted: readonly Wanted[];
  readonly optional: number;
  /** How many of its parts no row of the table has. */
  readonly foreign: number;
}

/** One part of the recipes of all rows. */
class RecipeColumn {
  readonly index: number;
  readonly #values: ValueColumn;
  readonly #numbers = new NumberSet();
  #numbered = 0;

  constructor(values: ValueColumn, index: number) {
    this.#values = values;
    this.index = index;
  }

  hashAt(row: number): number {
    return this.#hash(this.#values.numberAt(row), this.#values.codeAt(row));
  }

  wanted(value: CellValue, isOptional: boolean): Wanted {
    const isNumber = typeof value === "number";
    const number = isNumber ? value : Number.NaN;
    const code = isNumber ? NO_CODE : (this.#values.codeOf(value) ?? UNKNOWN);
    return { number, code, hash: this.#hash(number, code), isOptional, distanceFrom: numberOfCell(value) };
  }

  /** Whether one of the first rows has this value. */
  isKnown({ number, code }: Wanted, count: number): boolean {
    if (Number.isNaN(number)) return code !== UNKNOWN;
    for (; this.#numbered < count; this.#numbered += 1) {
      const own = this.#values.numberAt(this.#numbered);
      if (!Number.isNaN(own)) this.#numbers.add(own);
    }
    return this.#numbers.has(number);
  }

  /** Whether a row has the value, or lacks one that is optional. */
  isEqual(row: number, wanted: Wanted): boolean {
    return this.isSame(row, wanted) || (wanted.isOptional && this.isSame(row, ABSENT));
  }

  isSame(row: number, { number, code }: Wanted): boolean {
    const own = this.#values.numberAt(row);
    return (own === number || (Number.isNaN(own) && Number.isNaN(number))) && this.#values.codeAt(row) === code;
  }

  /** The number of a row for a distance; NaN where it has none. */
  numberAt(row: number): number {
    const number = this.#values.numberAt(row);
    const value = Number.isNaN(number) ? this.#values.get(row) : undefined;
    return typeof value === "string" ? numberOfCell(value) : number;
  }

  #hash(number: number, code: number): number {
    if (!Number.isNaN(number)) return scramble(hashOfNumber(number) + Math.imul(this.index + 1, 0x9e3779b1));
    return code === NO_CODE ? 0 : scramble(code ^ Math.imul(this.index + 1, 0x9e3779b1));
  }
}

/** Yields the forced columns alone, then all sets with one more column, then all with two more. */
function* setsAround(forced: readonly number[], others: readonly number[]): Generator<readonly (readonly number[])[]> {
  const withMore = (...more: readonly number[]) => [...forced, ...more].sort(byNumber);
  yield [forced];
  yield others.map((one) => withMore(one));
  yield others.flatMap((one, place) => others.slice(place + 1).map((other) => withMore(one, other)));
}

function byNumber(one: number, other: number): number {
  return one - other;
}

/**
 * Returns the hash of a row that equals the target in all but the free columns. If cells are
 * optional, a second hash is that of a row without them.
 */
function hashesOf({ wanted }: Target, free: readonly number[]): readonly number[] {
  let all = 0;
  let withoutOptional = 0;
  for (const [index, { hash, isOptional }] of wanted.entries()) {
    if (free.includes(index)) continue;
    all = (all + hash) | 0;
    if (!isOptional) withoutOptional = (withoutOptional + hash) | 0;
  }
  return all === withoutOptional ? [all] : [all, withoutOptional];
}
