import type { Address } from "../../address/address.ts";
import { parseAddress } from "../../address/address-of.ts";
import type { JsonObject, JsonValue } from "../../canonical/tagged-json.ts";
import type { FileStamp } from "../file-stamp.ts";
import type { CatalogEntry } from "../query/catalog-entry.ts";
import { isTree } from "../query/field.ts";
import { AddressRows } from "./address-rows.ts";
import { ValueColumn } from "./value-column.ts";

/** The part of an entry that the values of a column belong to. */
export type ColumnKind = "fact" | "params" | "summary" | "cost" | "dependencyName" | "dependencyAddress";

/** A column, with its place in an entry. */
export interface EntryColumn {
  readonly kind: ColumnKind;
  /** The keys that lead to the value, as they are written in a record. */
  readonly keys: readonly string[];
  /** The same keys as queries write them. */
  readonly path: string;
  readonly values: ValueColumn;
}

/**
 * Columns take memory for every row, also for those without a value. Params with more fields than
 * this are rather data than params.
 */
export const MAX_COLUMNS = 128;
/** The last time that a Date can be. */
export const MAX_TIME_MS = 8.64e15;

/** The artifacts of one name that are present, column by column. */
export class EntryColumns {
  readonly addresses = new AddressRows();
  readonly #name: string;
  readonly #columns = new Map<string, EntryColumn>();
  readonly #gone = new Set<number>();
  readonly #recordBytes = this.column("fact", ["recordBytes"]);
  readonly #recordMs = this.column("fact", ["recordMs"]);
  readonly #created = this.column("fact", ["created"]);
  #newestFirst: readonly number[] | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  get size(): number {
    return this.addresses.count - this.#gone.size;
  }

  columns(): Iterable<EntryColumn> {
    return this.#columns.values();
  }

  fact(name: string): ValueColumn | undefined {
    return this.#columns.get(columnId("fact", [name]))?.values;
  }

  /** The row of an address that is there. */
  rowOf(address: Address): number | undefined {
    const row = this.addresses.rowOf(address);
    return row === undefined || this.#gone.has(row) ? undefined : row;
  }

  /** The rows whose addresses begin with these digits, at least two. */
  rowsStartingWith(digits: string): number[] {
    return this.addresses.startingWith(digits).filter((row) => !this.#gone.has(row));
  }

  *rows(): Generator<number> {
    for (let row = 0; row < this.addresses.count; row++) if (!this.#gone.has(row)) yield row;
  }

  /** All rows, the newest first; rows of one time by their addresses. */
  newestFirst(): readonly number[] {
    this.#newestFirst ??= [...this.rows()].reverse().sort((one, other) => this.#compareAges(one, other));
    return this.#newestFirst;
  }

  /**
   * Adds the entry of an artifact that is present. Its earlier row is gone then.
   *
   * @returns its row; `undefined` where it has too many fields
   */
  add(entry: CatalogEntry, { sizeBytes, modifiedMs }: FileStamp): number | undefined {
    const cells = new Map<string, Cell>();
    for (const cell of cellsOf(entry)) cells.set(columnId(cell.kind, cell.keys), cell);
    let missing = 0;
    for (const id of cells.keys()) if (!this.#columns.has(id)) missing += 1;
    if (this.#columns.size + missing > MAX_COLUMNS) return undefined;
    const row = this.addRow(entry.address);
    this.#recordBytes.set(row, sizeBytes);
    this.#recordMs.set(row, modifiedMs);
    for (const [id, { kind, keys, value }] of cells)
      (this.#columns.get(id)?.values ?? this.column(kind, keys)).set(row, value);
    return row;
  }

  /** Adds an empty row. */
  addRow(address: Address): number {
    this.remove(address);
    this.#newestFirst = undefined;
    return this.addresses.add(address);
  }

  remove(address: Address): void {
    const row = this.rowOf(address);
    if (row === undefined) return;
    this.#gone.add(row);
    this.#newestFirst = undefined;
  }

  column(kind: ColumnKind, keys: readonly string[]): ValueColumn {
    const id = columnId(kind, keys);
    const known = this.#columns.get(id);
    if (known !== undefined) return known.values;
    const path = keys.map((key) => (key.startsWith("$$") ? key.slice(1) : key)).join(".");
    const column = { kind, keys, path, values: new ValueColumn() };
    this.#columns.set(id, column);
    return column.values;
  }

  stampOf(row: number): FileStamp {
    return { sizeBytes: this.#recordBytes.numberAt(row), modifiedMs: this.#recordMs.numberAt(row) };
  }

  createdAt(row: number): string | undefined {
    const created = this.#created.get(row);
    if (typeof created === "number") return new Date(created).toISOString();
    return typeof created === "string" ? created : undefined;
  }

  entryOf(row: number): CatalogEntry {
    const facts = new Map<string, JsonValue>();
    const trees = { params: new Map(), summary: new Map(), cost: new Map() } satisfies Record<string, Branch>;
    const dependencies: [string, { readonly name: string; readonly address: Address }][] = [];
    for (const { kind, keys, values } of this.#columns.values()) {
      const value = values.get(row);
      if (value === undefined) continue;
      const [role = ""] = keys;
      if (kind === "fact") facts.set(role, value);
      else if (kind === "dependencyAddress") dependencies.push([role, this.#headOf(row, role, value)]);
      else if (kind !== "dependencyName") put(trees[kind], keys, value);
    }
    const createdAt = this.createdAt(row);
    const cost = Object.fromEntries([...trees.cost].filter(isAmount));
    const number = (fact: string): number | undefined => numberIn(facts.get(fact));
    const [durationMs, sizeBytes, draw] = [number("took"), number("size"), number("draw")];
    const [format, version] = [facts.get("format"), facts.get("version")];
    return {
      address: this.addresses.addressOf(row),
      name: this.#name,
      state: "present",
      params: treeOf(trees.params),
      summary: treeOf(trees.summary),
      ...(createdAt === undefined ? {} : { createdAt }),
      ...(durationMs === undefined ? {} : { durationMs }),
      ...(facts.has("hasCost") ? { cost } : {}),
      ...(sizeBytes === undefined ? {} : { sizeBytes }),
      ...(typeof format === "string" ? { format } : {}),
      ...(typeof version === "string" || typeof version === "number" ? { version } : {}),
      ...(draw === undefined ? {} : { draw }),
      dependencies: Object.fromEntries(dependencies),
    };
  }

  #headOf(row: number, role: string, address: JsonValue): { readonly name: string; readonly address: Address } {
    const name = this.#columns.get(columnId("dependencyName", [role]))?.values.get(row);
    return { name: String(name), address: parseAddress(String(address)) };
  }

  #compareAges(one: number, other: number): number {
    const [a, b] = [this.#createdMs(one), this.#createdMs(other)];
    if (a !== b) return b - a;
    const [x, y] = [this.addresses.addressOf(one), this.addresses.addressOf(other)];
    return x < y ? -1 : Number(x > y);
  }

  #createdMs(row: number): number {
    const created = this.#created.get(row);
    if (typeof created === "number") return created;
    return typeof created === "string" ? Date.parse(created) : 0;
  }
}

interface Cell {
  readonly kind: ColumnKind;
  readonly keys: readonly string[];
  readonly value: JsonValue;
}

function* cellsOf(entry: CatalogEntry): Generator<Cell> {
  const { createdAt, durationMs, sizeBytes, format, version, draw, cost } = entry;
  const createdMs = createdAt === undefined ? undefined : exactMs(createdAt);
  const facts = { created: createdMs ?? createdAt, took: durationMs, size: sizeBytes, format, version, draw };
  for (const [fact, value] of Object.entries(facts))
    if (value !== undefined) yield { kind: "fact", keys: [fact], value };
  if (cost !== undefined) yield { kind: "fact", keys: ["hasCost"], value: true };
  for (const [role, { name, address }] of Object.entries(entry.dependencies)) {
    yield { kind: "dependencyName", keys: [role], value: name };
    yield { kind: "dependencyAddress", keys: [role], value: address };
  }
  for (const kind of ["params", "summary", "cost"] as const) yield* leavesIn(kind, entry[kind] ?? {}, []);
}

function* leavesIn(kind: ColumnKind, tree: JsonObject, outer: readonly string[]): Generator<Cell> {
  for (const [key, value] of Object.entries(tree)) {
    if (isTree(value)) yield* leavesIn(kind, value, [...outer, key]);
    else yield { kind, keys: [...outer, key], value };
  }
}

/** The milliseconds of a time that is written as JavaScript writes it. */
function exactMs(time: string): number | undefined {
  const ms = Date.parse(time);
  return Math.abs(ms) <= MAX_TIME_MS && new Date(ms).toISOString() === time ? ms : undefined;
}

interface Branch extends Map<string, JsonValue | Branch> {}

function put(tree: Branch, keys: readonly string[], value: JsonValue): void {
  let branch = tree;
  for (const key of keys.slice(0, -1)) {
    const known = branch.get(key);
    const next: Branch = known instanceof Map ? known : new Map();
    branch.set(key, next);
    branch = next;
  }
  branch.set(keys.at(-1) ?? "", value);
}

function treeOf(branch: Branch): JsonObject {
  return Object.fromEntries([...branch].map(([key, value]) => [key, value instanceof Map ? treeOf(value) : value]));
}

function isAmount(each: [string, unknown]): each is [string, number] {
  return typeof each[1] === "number";
}

function numberIn(value: JsonValue | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function columnId(kind: ColumnKind, keys: readonly string[]): string {
  return JSON.stringify([kind, ...keys]);
}
