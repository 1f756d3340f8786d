import type { Address } from "../../address/address.ts";
import { parseAddress } from "../../address/address-of.ts";
import type { JsonObject, JsonValue } from "../../canonical/tagged-json.ts";
import type { Provenance } from "../../record/record.ts";
import type { FileStamp } from "../file-stamp.ts";
import type { CatalogEntry } from "../query/catalog-entry.ts";
import { isTree } from "../query/field.ts";
import type { Cell as RecipeCell } from "../recipe-cells.ts";
import { AddressRows } from "./address-rows.ts";
import { type Branch, put, treeOf } from "./branch.ts";
import { exactMs } from "./exact-time.ts";
import { RowOrder } from "./row-order.ts";
import { ValueColumn } from "./value-column.ts";

/** The part of an entry that the values of a column belong to. */
export type ColumnKind = "fact" | "params" | "summary" | "cost" | "dependencyName" | "dependencyAddress" | "recipe";

/** A column, with its place in an entry. */
export interface EntryColumn {
  readonly kind: ColumnKind;
  /** The keys that lead to the value, as they are written in a record. */
  readonly keys: readonly string[];
  /** The keys joined with dots, as queries write them. */
  readonly path: string;
  readonly values: ValueColumn;
}

/** One dependency of an artifact. */
export interface EntryEdge {
  readonly role: string;
  readonly name: string;
  readonly address: Address;
}

/**
 * Each column takes memory for every row, even for a row without a value. When a name has this many
 * columns, an artifact with further fields is kept outside of them.
 */
export const MAX_COLUMNS = 128;
/** The same limit for the columns of recipes. */
export const MAX_RECIPE_COLUMNS = 256;

/** The artifacts of one name that are present, column by column. */
export class EntryColumns {
  readonly addresses = new AddressRows();
  readonly #name: string;
  readonly #places = new Map<ColumnKind, ColumnPlace>();
  readonly #columns: EntryColumn[] = [];
  readonly #recipeColumns: EntryColumn[] = [];
  readonly #gone = new Set<number>();
  readonly #recordBytes = this.column("fact", ["recordBytes"]);
  readonly #recordMs = this.column("fact", ["recordMs"]);
  readonly #created = this.column("fact", ["created"]);
  readonly #order = new RowOrder((one, other) => this.compareAges(one, other));

  constructor(name: string) {
    this.#name = name;
  }

  get size(): number {
    return this.addresses.count - this.#gone.size;
  }

  /** A number that grows with every row that comes or goes. */
  get revision(): number {
    return this.addresses.count + this.#gone.size;
  }

  columns(): readonly EntryColumn[] {
    return this.#columns;
  }

  /** The parts of recipes, in the order in which they first appeared. */
  recipeColumns(): readonly EntryColumn[] {
    return this.#recipeColumns;
  }

  fact(name: string): ValueColumn | undefined {
    return this.#placeOf("fact", [name]).column?.values;
  }

  /** Returns the row of an artifact that is present; `undefined` if there is none. */
  rowOf(address: Address): number | undefined {
    return this.#present(this.addresses.rowOf(address));
  }

  isGone(row: number): boolean {
    return this.#gone.has(row);
  }

  /** The rows whose addresses begin with these digits. */
  rowsStartingWith(digits: string): number[] {
    return this.addresses.startingWith(digits).filter((row) => !this.#gone.has(row));
  }

  *rows(): Generator<number> {
    for (let row = 0; row < this.addresses.count; row++) if (!this.#gone.has(row)) yield row;
  }

  /** Sets the mark of each row: 1 if its artifact is present, 0 if it is gone. */
  markPresent(marks: Uint8Array): void {
    marks.fill(1);
    for (const row of this.#gone) marks[row] = 0;
  }

  /** The rows that are present, the oldest first; valid until the next call. */
  oldestFirst(): Int32Array {
    return this.#order.of(this.addresses.count);
  }

  /**
   * Compares two rows: the newer one comes first, and rows of the same time are ordered by address.
   */
  compareAges(one: number, other: number): number {
    return this.createdMs(other) - this.createdMs(one) || this.addresses.compare(one, other);
  }

  /**
   * Adds the entry of an artifact that is present. An earlier row of this artifact counts as gone.
   *
   * @returns its row; `undefined` if there is no room for its fields
   */
  add(entry: CatalogEntry, recipe: readonly RecipeCell[], { sizeBytes, modifiedMs }: FileStamp): number | undefined {
    const cells: Cell[] = [];
    this.#collect(cells, entry);
    this.#collectRecipe(cells, recipe);
    if (!this.#hasRoom(cells)) return undefined;
    const row = this.addRow(entry.address);
    this.#recordBytes.set(row, sizeBytes);
    this.#recordMs.set(row, modifiedMs);
    for (const { place, value } of cells) this.#columnAt(place).set(row, value);
    return row;
  }

  /**
   * Adds only the recipe and the generation of an artifact, which comparing needs, but no entry.
   */
  addRecipe(address: Address, recipe: readonly RecipeCell[], provenance: Provenance): number {
    const cells: Cell[] = [];
    this.#collectFacts(cells, provenance);
    collectLeaves(cells, this.#rootOf("cost"), provenance.cost ?? {});
    this.#collectRecipe(cells, recipe);
    const row = this.addRow(address);
    for (const { place, value } of cells) this.#columnAt(place).set(row, value);
    return row;
  }

  /** Adds an empty row. */
  addRow(address: Address): number {
    const earlier = this.addresses.rowOf(address);
    this.addresses.offer(address);
    if (earlier !== undefined) this.#leaveOut(earlier);
    return this.addresses.addOffered();
  }

  /**
   * Adds rows that another process has stored, except those whose artifact has a later record here.
   *
   * @param recordMs - the times of their records
   * @returns the row of each, -1 for one that was not added; `undefined` if they are the first rows
   */
  addStored(words: readonly Uint32Array[], recordMs: Float64Array): Int32Array | undefined {
    if (this.addresses.count === 0) {
      this.addresses.setFirst(words, recordMs.length);
      return undefined;
    }
    const rows = new Int32Array(recordMs.length);
    this.addresses.reserve(rows.length);
    for (let i = 0; i < rows.length; i++) rows[i] = this.#addStored(words, i, recordMs[i] ?? 0);
    return rows;
  }

  #addStored(words: readonly Uint32Array[], index: number, recordMs: number): number {
    this.addresses.offerWords(words, index);
    const known = this.#present(this.addresses.rowOfOffered());
    if (known !== undefined && this.#recordMs.numberAt(known) >= recordMs) return -1;
    if (known !== undefined) this.#leaveOut(known);
    return this.addresses.addOffered();
  }

  remove(address: Address): void {
    const row = this.rowOf(address);
    if (row !== undefined) this.#leaveOut(row);
  }

  #leaveOut(row: number): void {
    if (this.#gone.has(row)) return;
    this.#gone.add(row);
    this.#order.remove(row);
  }

  column(kind: ColumnKind, keys: readonly string[]): ValueColumn {
    return this.#columnAt(this.#placeOf(kind, keys));
  }

  stampOf(row: number): FileStamp {
    return { sizeBytes: this.#recordBytes.numberAt(row), modifiedMs: this.#recordMs.numberAt(row) };
  }

  /** The time in milliseconds, 0 where it is not known. */
  createdMs(row: number): number {
    const ms = this.#created.numberAt(row);
    return Number.isNaN(ms) ? Date.parse(this.createdAt(row) ?? "") || 0 : ms;
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
    for (const { kind, keys, values } of this.#columns) {
      const value = values.get(row);
      if (value === undefined) continue;
      const [role = ""] = keys;
      if (kind === "fact") facts.set(role, value);
      else if (kind === "dependencyAddress") dependencies.push([role, this.#headOf(row, role, value)]);
      else if (kind !== "dependencyName" && kind !== "recipe") put(trees[kind], keys, value);
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

  /** The roles of a row, with what it was made from. */
  dependenciesOf(row: number): readonly EntryEdge[] {
    const edges: EntryEdge[] = [];
    for (const { kind, keys, values } of this.#columns) {
      const value = kind === "dependencyAddress" ? values.get(row) : undefined;
      const [role = ""] = keys;
      if (value !== undefined) edges.push({ role, ...this.#headOf(row, role, value) });
    }
    return edges;
  }

  /** The rows that were made from one of these addresses, with the role and the address. */
  *dependentsOf(addresses: ReadonlySet<string>): Generator<{ row: number; role: string; of: Address }> {
    const marks = new Uint8Array(this.addresses.count);
    for (const { kind, keys, values } of this.#columns) {
      if (kind !== "dependencyAddress") continue;
      marks.fill(0);
      values.mark(marks, { fits: (value) => typeof value === "string" && addresses.has(value) });
      for (let row = marks.indexOf(1); row !== -1; row = marks.indexOf(1, row + 1)) {
        if (this.#gone.has(row)) continue;
        yield { row, role: keys[0] ?? "", of: parseAddress(String(values.get(row))) };
      }
    }
  }

  #headOf(row: number, role: string, address: JsonValue): { readonly name: string; readonly address: Address } {
    const name = this.#placeOf("dependencyName", [role]).column?.values.get(row);
    return { name: String(name), address: parseAddress(String(address)) };
  }

  #present(row: number | undefined): number | undefined {
    return row === undefined || this.#gone.has(row) ? undefined : row;
  }

  #rootOf(kind: ColumnKind): ColumnPlace {
    const known = this.#places.get(kind);
    if (known !== undefined) return known;
    const root = new ColumnPlace(kind, []);
    this.#places.set(kind, root);
    return root;
  }

  #placeOf(kind: ColumnKind, keys: readonly string[]): ColumnPlace {
    let place = this.#rootOf(kind);
    for (const key of keys) place = place.inner(key);
    return place;
  }

  #columnAt(place: ColumnPlace): ValueColumn {
    if (place.column === undefined) {
      place.column = newColumn(place);
      this.#columns.push(place.column);
      if (place.kind === "recipe") this.#recipeColumns.push(place.column);
    }
    return place.column.values;
  }

  #hasRoom(cells: readonly Cell[]): boolean {
    let [columns, recipeColumns] = [this.#columns.length - this.#recipeColumns.length, this.#recipeColumns.length];
    for (const { place } of cells) {
      if (place.column !== undefined) continue;
      if (place.kind === "recipe") recipeColumns += 1;
      else columns += 1;
    }
    return columns <= MAX_COLUMNS && recipeColumns <= MAX_RECIPE_COLUMNS;
  }

  #collect(cells: Cell[], entry: CatalogEntry): void {
    this.#collectFacts(cells, entry);
    for (const [role, { name, address }] of Object.entries(entry.dependencies)) {
      cells.push({ place: this.#rootOf("dependencyName").inner(role), value: name });
      cells.push({ place: this.#rootOf("dependencyAddress").inner(role), value: address });
    }
    for (const kind of ["params", "summary", "cost"] as const)
      collectLeaves(cells, this.#rootOf(kind), entry[kind] ?? {});
  }

  #collectRecipe(cells: Cell[], recipe: readonly RecipeCell[]): void {
    const root = this.#rootOf("recipe");
    for (const { column, value } of recipe) cells.push({ place: root.inner(column), value });
  }

  #collectFacts(cells: Cell[], facts: Facts): void {
    const { createdAt, durationMs, sizeBytes, format, version, draw, cost } = facts;
    const root = this.#rootOf("fact");
    const add = (fact: string, value: JsonValue | undefined): void => {
      if (value !== undefined) cells.push({ place: root.inner(fact), value });
    };
    if (createdAt !== undefined) add("created", exactMs(createdAt) ?? createdAt);
    add("took", durationMs);
    add("size", sizeBytes);
    add("format", format);
    add("version", version);
    add("draw", draw);
    if (cost !== undefined) add("hasCost", true);
  }
}

/** A place in the tree of keys: it may have a column, and further places below it. */
class ColumnPlace {
  readonly kind: ColumnKind;
  readonly keys: readonly string[];
  column: EntryColumn | undefined;
  readonly #inner = new Map<string, ColumnPlace>();

  constructor(kind: ColumnKind, keys: readonly string[]) {
    this.kind = kind;
    this.keys = keys;
  }

  inner(key: string): ColumnPlace {
    const known = this.#inner.get(key);
    if (known !== undefined) return known;
    const place = new ColumnPlace(this.kind, [...this.keys, key]);
    this.#inner.set(key, place);
    return place;
  }
}

type Facts = Partial<
  Pick<CatalogEntry, "createdAt" | "durationMs" | "sizeBytes" | "format" | "version" | "draw" | "cost">
>;

interface Cell {
  readonly place: ColumnPlace;
  readonly value: JsonValue;
}

function newColumn({ kind, keys }: ColumnPlace): EntryColumn {
  const path = keys.map((key) => (key.startsWith("$$") ? key.slice(1) : key)).join(".");
  return { kind, keys, path, values: new ValueColumn() };
}

function collectLeaves(cells: Cell[], place: ColumnPlace, tree: JsonObject): void {
  for (const [key, value] of Object.entries(tree)) {
    if (isTree(value)) collectLeaves(cells, place.inner(key), value);
    else cells.push({ place: place.inner(key), value });
  }
}

function isAmount(each: [string, unknown]): each is [string, number] {
  return typeof each[1] === "number";
}

function numberIn(value: JsonValue | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}
