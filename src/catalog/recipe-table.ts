import { AllButTable } from "./all-but-table.ts";
import type { Cell, CellValue } from "./recipe-cells.ts";

/** A row that was found, and how far it is away. */
export interface RankedRow {
  readonly row: number;
  /** How many cells differ. */
  readonly differences: number;
}

/** Says which rows {@link RecipeTable.nearest} considers. */
export interface NearestQuery {
  readonly cells: readonly Cell[];
  readonly limit: number;
  /** Rows that are gone, or that the caller does not want. */
  readonly isExcluded: (row: number) => boolean;
}

/** The rows that {@link RecipeTable.nearest} found. */
export interface NearestRows {
  readonly rows: readonly RankedRow[];
  /** How many rows were compared: all of them, unless the budget for scans was used up. */
  readonly compared: number;
}

/** No part of this name; equals what another row lacks as well. */
const ABSENT = 0;
/** A value that no row has. */
const UNKNOWN = -1;
/** Rows that are equally near and are compared further: the latest ones. */
const MAX_TIES = 1024;
/** Hash tables hold at most this number of rows together, about 12 bytes each. */
const MAX_TABLED_ROWS = 20_000_000;
/** Cells that scans of one table may compare before only the latest rows are: a few seconds. */
const MAX_SCANNED_CELLS = 2_000_000_000;
const FALLBACK_ROWS = 256;
/** A scan of this number of cells takes less time than tables of them take to build. */
const SMALL_CELLS = 10_000;

/**
 * Recipes of one name as columns of numbers, equal numbers for equal values. The nearest row is
 * found without comparing all of them: for a set of columns, a hash table finds the rows that are
 * equal everywhere else. Where no row differs in so few columns that there are tables for it, all
 * rows are scanned.
 */
export class RecipeTable {
  #count = 0;
  readonly #createdMs: number[] = [];
  readonly #columnOf = new Map<string, number>();
  readonly #columns: Int32Array[] = [];
  readonly #codes = new Map<CellValue, number>();
  /** The value of each code; code 0 has none. */
  readonly #values: (CellValue | undefined)[] = [undefined];
  readonly #hashes: number[] = [];
  readonly #tables = new Map<string, AllButTable>();
  #tabledRows = 0;
  #scannedCells = 0;

  get count(): number {
    return this.#count;
  }

  /** Returns the number of the new row. Rows that were created later are best added later. */
  add(cells: readonly Cell[], createdMs: number): number {
    const row = this.#count;
    this.#count += 1;
    let hash = 0;
    for (const { column, value } of cells) {
      const index = this.#indexOf(column);
      const code = this.#codeOf(value);
      this.#roomFor(index, row)[row] = code;
      hash = (hash + mix(index, code)) | 0;
    }
    this.#hashes.push(hash);
    this.#createdMs.push(createdMs);
    return row;
  }

  /** The rows that differ in the fewest cells; among them the closest numbers, then the latest. */
  nearest({ cells, limit, isExcluded }: NearestQuery): NearestRows {
    const target = this.#targetOf(cells);
    const isSmall = this.#count * this.#columns.length <= SMALL_CELLS;
    // Tables know a row with every optional value, and one without any.
    if (limit === 1 && !isSmall && target.optional.size <= 1) {
      const found = this.#lookUp(target, isExcluded);
      if (found !== undefined) return { rows: [found], compared: this.#count };
    }
    return this.#scan(target, limit, isExcluded);
  }

  #targetOf(cells: readonly Cell[]): Target {
    const codes = new Int32Array(this.#columns.length);
    const values: (CellValue | undefined)[] = [];
    const optional = new Set<number>();
    let foreign = 0;
    for (const { column, value, isOptional } of cells) {
      const index = this.#columnOf.get(column);
      if (index === undefined) {
        if (!isOptional) foreign += 1;
        continue;
      }
      codes[index] = this.#codes.get(value) ?? UNKNOWN;
      values[index] = value;
      if (isOptional) optional.add(index);
    }
    return { codes, values, optional, foreign };
  }

  /** Asks tables for rows that differ in as few columns as possible. */
  #lookUp(target: Target, isExcluded: (row: number) => boolean): RankedRow | undefined {
    const { codes, optional } = target;
    // No row has these values, so every row differs there. An optional value may be absent.
    const forced = indexesWhere(codes, (code, index) => code === UNKNOWN && !optional.has(index));
    const others = indexesWhere(codes, (_, index) => !forced.includes(index));
    for (const columns of setsAround(forced, others)) {
      const found = this.#lookUpAllBut(columns, target, isExcluded);
      if (found === "no room") return undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #lookUpAllBut(
    columns: readonly number[],
    target: Target,
    isExcluded: (row: number) => boolean,
  ): RankedRow | undefined | "no room" {
    const table = this.#tableOf(columns);
    if (table === undefined) return "no room";
    const free = new Set(columns);
    const ties: number[] = [];
    for (const hash of hashesOf(target, free)) {
      for (const row of table.rowsOf(hash)) {
        if (!this.#equalsBut(row, target, free) || isExcluded(row)) continue;
        if (ties.push(row) === MAX_TIES) break;
      }
    }
    const [row] = this.#ranked(ties, target, 1);
    return row === undefined ? undefined : { row, differences: this.#differences(row, target) };
  }

  #tableOf(columns: readonly number[]): AllButTable | undefined {
    const key = columns.join();
    let table = this.#tables.get(key);
    const rows = table?.count ?? 0;
    if (this.#tabledRows + this.#count - rows > MAX_TABLED_ROWS) return undefined;
    if (table === undefined) {
      table = new AllButTable();
      this.#tables.set(key, table);
    }
    for (let row = rows; row < this.#count; row++) {
      let hash = this.#hashes[row] ?? 0;
      for (const column of columns) hash = (hash - mix(column, this.#codeAt(column, row))) | 0;
      table.add(hash);
    }
    this.#tabledRows += this.#count - rows;
    return table;
  }

  #equalsBut(row: number, { codes, optional }: Target, free: ReadonlySet<number>): boolean {
    for (let column = 0; column < codes.length; column++) {
      if (free.has(column)) continue;
      const code = this.#codeAt(column, row);
      if (code !== codes[column] && !(code === ABSENT && optional.has(column))) return false;
    }
    return true;
  }

  #differences(row: number, { codes, optional, foreign }: Target): number {
    let differences = foreign;
    for (let column = 0; column < codes.length; column++) {
      const code = this.#codeAt(column, row);
      if (code !== codes[column] && !(code === ABSENT && optional.has(column))) differences += 1;
    }
    return differences;
  }

  #scan(target: Target, limit: number, isExcluded: (row: number) => boolean): NearestRows {
    const cells = this.#count * this.#columns.length;
    const isTooMuch = limit === 1 && cells > SMALL_CELLS && this.#scannedCells + cells > MAX_SCANNED_CELLS;
    const start = isTooMuch ? Math.max(0, this.#count - FALLBACK_ROWS) : 0;
    if (!isTooMuch) this.#scannedCells += cells;
    const scores = this.#scores(target, start);
    const sizes: number[] = [];
    for (let row = start; row < this.#count; row++) {
      if (isExcluded(row)) scores[row - start] = Number.MAX_SAFE_INTEGER;
      else sizes[scores[row - start] ?? 0] = (sizes[scores[row - start] ?? 0] ?? 0) + 1;
    }
    const rows: RankedRow[] = [];
    for (const [differences, size = 0] of sizes.entries()) {
      if (size === 0) continue;
      if (rows.length >= limit) break;
      const ties: number[] = [];
      for (let row = this.#count - 1; row >= start && (limit > 1 || ties.length < MAX_TIES); row--)
        if (scores[row - start] === differences) ties.push(row);
      for (const row of this.#ranked(ties, target, limit - rows.length)) rows.push({ row, differences });
    }
    return { rows, compared: this.#count - start };
  }

  /** How many cells of each row differ, column by column, which is the order in memory. */
  #scores({ codes, optional, foreign }: Target, start: number): Float64Array {
    const scores = new Float64Array(this.#count - start).fill(foreign);
    for (const [column, mine] of codes.entries()) {
      const theirs = this.#columns[column] ?? new Int32Array();
      const mayBeAbsent = optional.has(column);
      for (let row = start; row < this.#count; row++) {
        const code = theirs[row] ?? ABSENT;
        if (code !== mine && !(mayBeAbsent && code === ABSENT)) scores[row - start] = (scores[row - start] ?? 0) + 1;
      }
    }
    return scores;
  }

  #ranked(rows: readonly number[], target: Target, limit: number): readonly number[] {
    if (rows.length <= 1) return rows;
    const distances = new Map(rows.map((row) => [row, this.#distance(row, target)]));
    return [...rows]
      .sort(
        (one, other) =>
          (distances.get(one) ?? 0) - (distances.get(other) ?? 0) ||
          (this.#createdMs[other] ?? 0) - (this.#createdMs[one] ?? 0),
      )
      .slice(0, limit);
  }

  #distance(row: number, { codes, values }: Target): number {
    let distance = 0;
    for (const [column, mine] of codes.entries()) {
      const code = this.#codeAt(column, row);
      if (code !== mine) distance += distanceBetween(values[column], this.#values[code]);
    }
    return distance;
  }

  #codeAt(column: number, row: number): number {
    return this.#columns[column]?.[row] ?? ABSENT;
  }

  #indexOf(column: string): number {
    const known = this.#columnOf.get(column);
    if (known !== undefined) return known;
    this.#columnOf.set(column, this.#columns.length);
    return this.#columns.push(new Int32Array(16)) - 1;
  }

  #codeOf(value: CellValue): number {
    const known = this.#codes.get(value);
    if (known !== undefined) return known;
    this.#codes.set(value, this.#values.length);
    return this.#values.push(value) - 1;
  }

  #roomFor(index: number, row: number): Int32Array {
    const column = this.#columns[index] ?? new Int32Array();
    if (row < column.length) return column;
    const larger = new Int32Array(Math.max(row + 1, column.length * 2));
    larger.set(column);
    this.#columns[index] = larger;
    return larger;
  }
}

/** The recipe that is looked for, in the codes of a table. */
interface Target {
  readonly codes: Int32Array;
  readonly values: readonly (CellValue | undefined)[];
  readonly optional: ReadonlySet<number>;
  /** How many of its parts no row of the table has. */
  readonly foreign: number;
}

/** From 0 for the same number to 1 for numbers that are far apart, and for everything else. */
function distanceBetween(one: CellValue | undefined, other: CellValue | undefined): number {
  const [a, b] = [numberOf(one), numberOf(other)];
  return a === undefined || b === undefined ? 1 : numericDistance(a, b);
}

/** From 0 for the same number to 1 for numbers that are far apart. */
export function numericDistance(one: number, other: number): number {
  const scale = Math.max(Math.abs(one), Math.abs(other));
  const share = scale === 0 ? 0 : Math.abs(one - other) / scale;
  return Number.isFinite(share) ? Math.min(1, share) : 1;
}

const BIG_INTEGER = /^bigint (-?\d{1,300})$/;

/** Cells hold big integers as text. */
function numberOf(value: CellValue | undefined): number | undefined {
  if (typeof value === "number") return value;
  const [, digits] = typeof value === "string" ? (BIG_INTEGER.exec(value) ?? []) : [];
  return digits === undefined ? undefined : Number(digits);
}

/** The set alone, then with one more, then with two more. */
function* setsAround(forced: readonly number[], others: readonly number[]): Iterable<readonly number[]> {
  yield forced;
  for (const one of others) yield [...forced, one].sort(byNumber);
  for (const [place, one] of others.entries())
    for (const other of others.slice(place + 1)) yield [...forced, one, other].sort(byNumber);
}

function byNumber(one: number, other: number): number {
  return one - other;
}

/**
 * The hash of a row that equals the target outside these columns; a second one without what is
 * optional.
 */
function hashesOf({ codes, optional }: Target, free: ReadonlySet<number>): readonly number[] {
  let all = 0;
  let withoutOptional = 0;
  for (const [column, code] of codes.entries()) {
    if (free.has(column)) continue;
    all = (all + mix(column, code)) | 0;
    if (!optional.has(column)) withoutOptional = (withoutOptional + mix(column, code)) | 0;
  }
  return all === withoutOptional ? [all] : [all, withoutOptional];
}

function indexesWhere(codes: Int32Array, isWanted: (code: number, index: number) => boolean): number[] {
  const indexes: number[] = [];
  for (const [index, code] of codes.entries()) if (isWanted(code, index)) indexes.push(index);
  return indexes;
}

/**
 * Returns what a cell adds to the hash of its row: nothing where it is absent, so that new columns
 * change no hash.
 */
function mix(column: number, code: number): number {
  if (code === ABSENT) return 0;
  let bits = Math.imul(code ^ Math.imul(column + 1, 0x9e3779b1), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 15), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
