import type { RecipeNode } from "../address/recipe-node.ts";
import { encodeCanonical } from "../canonical/encode-canonical.ts";
import { UnsupportedValueError } from "../errors/params-errors.ts";
import { Untracked } from "../params/untracked.ts";
import { CutLineage } from "../record/cut-lineage.ts";
import type { RecordDependency } from "../record/record.ts";
import type { ClassCodec } from "../util/class-codec.ts";

/**
 * The value of a cell: a number as it is, or a text for any other value. Values that differ have
 * different texts.
 */
export type CellValue = number | string;

/** One part of a recipe: a parameter, a version, a draw, or the name of a dependency. */
export interface Cell {
  /** The place of the part: the roles that lead to it, its kind and its key. */
  readonly column: string;
  readonly value: CellValue;
  /** A recorded recipe that lacks this part counts as equal. */
  readonly isOptional: boolean;
}

/** A recipe with more parts is compared by the addresses of the dependencies beyond them. */
const MAX_CELLS = 256;

/** The part of a record that cells are made from. */
export type RecordedRecipe = Omit<RecordedNode, "name">;

/**
 * Returns the parts of a recipe and of everything upstream as one flat row of cells: two recipes
 * differ in as many cells as there are changes between them. If several paths lead to a dependency,
 * its cells are under the first path, and each further path has one cell that refers to them.
 */
export function cellsOfNode(node: RecipeNode): Cell[] {
  const cells: Cell[] = [];
  const pathOf = new Map<string, string>();
  const visit = (inner: RecipeNode, path: string): void => {
    addHead(cells, path, inner);
    for (const { key, value, kind } of inner.recipeParams) {
      if (kind === "untracked") continue;
      const cell = cellValue(value, inner.classes);
      cells.push({ column: `${path}p${key}`, value: cell, isOptional: kind === "implicit" });
    }
    for (const role of Object.keys(inner.dependencies).sort()) {
      const dependency = inner.dependencies[role];
      if (dependency === undefined) continue;
      const isEntered = enter(cells, pathOf, path, role, dependency);
      if (isEntered) visit(dependency, `${path}${role}/`);
    }
  };
  visit(node, "");
  return cells;
}

/**
 * Returns the cells of a recorded recipe, like {@link cellsOfNode}. An instance of a class is
 * compared in the form in which the record encodes it.
 */
export function cellsOfRecord(record: RecordedRecipe): Cell[] {
  const cells: Cell[] = [];
  const pathOf = new Map<string, string>();
  const visit = (recorded: RecordedNode, path: string): void => {
    const dependencies = recorded.dependencies ?? {};
    addHead(cells, path, recorded);
    for (const [key, value] of Object.entries(recorded.params)) {
      if (Object.hasOwn(dependencies, key) || value instanceof Untracked) continue;
      cells.push({ column: `${path}p${key}`, value: cellValue(value, []), isOptional: false });
    }
    for (const role of Object.keys(dependencies).sort()) {
      const dependency = dependencies[role];
      if (dependency === undefined) continue;
      const params = recorded.params[role];
      const isKnown = isParamsTree(params);
      if (!enter(cells, pathOf, path, role, dependency, isKnown) || !isKnown) continue;
      visit({ ...dependency, params }, `${path}${role}/`);
    }
  };
  visit({ ...record, name: undefined }, "");
  return cells;
}

interface RecordedNode {
  /** Undefined for the artifact itself, since only recipes of the same name are compared. */
  readonly name: string | undefined;
  readonly version?: string | number | undefined;
  readonly draw?: number | undefined;
  readonly params: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, RecordDependency>> | undefined;
}

function isParamsTree(params: unknown): params is Readonly<Record<string, unknown>> {
  return typeof params === "object" && params !== null && !(params instanceof CutLineage);
}

function addHead(cells: Cell[], path: string, head: Omit<RecordedNode, "params" | "dependencies">): void {
  const add = (kind: string, value: CellValue): void => {
    cells.push({ column: `${path}${kind}`, value, isOptional: false });
  };
  if (path !== "" && head.name !== undefined) add("name", `"${head.name}`);
  if (head.version !== undefined) add("version", cellValue(head.version, []));
  if (head.draw !== undefined && head.draw !== 0) add("draw", head.draw);
}

/** Whether the cells of a dependency follow; otherwise one cell stands for all of them. */
function enter(
  cells: Cell[],
  pathOf: Map<string, string>,
  path: string,
  role: string,
  { address }: { readonly address: string },
  isKnown = true,
): boolean {
  const column = `${path}d${role}`;
  const first = pathOf.get(address);
  if (first === undefined && isKnown && cells.length < MAX_CELLS) {
    pathOf.set(address, `${path}${role}`);
    return true;
  }
  cells.push({ column, value: first === undefined ? `@${address}` : `=${first}`, isOptional: false });
  return false;
}

function cellValue(value: unknown, classes: readonly ClassCodec[]): CellValue {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : Number.isNaN(value) ? "NaN" : value;
  if (typeof value === "string") return `"${value}`;
  if (typeof value !== "object" || value === null) return `${typeof value} ${String(value)}`;
  try {
    return `#${Buffer.from(encodeCanonical(value, { classes })).toString("latin1")}`;
  } catch (error) {
    // A codec of the user returned a value that a recipe cannot hold. It equals no other value.
    if (!(error instanceof UnsupportedValueError)) throw error;
    return `?${crypto.randomUUID()}`;
  }
}

/** How many parts of two recipes differ. */
export function countDifferences(wanted: readonly Cell[], recorded: readonly Cell[]): number {
  const values = new Map(recorded.map(({ column, value }) => [column, value]));
  let differences = 0;
  for (const { column, value, isOptional } of wanted) {
    const theirs = values.get(column);
    if (theirs === undefined ? !isOptional : theirs !== value) differences += 1;
    values.delete(column);
  }
  return differences + values.size;
}

const BIG_INTEGER = /^bigint (-?\d{1,300})$/;

/** Returns the number that a cell stands for, or NaN. Cells hold big integers as text. */
export function numberOfCell(value: CellValue): number {
  if (typeof value === "number") return value;
  return Number(BIG_INTEGER.exec(value)?.[1] ?? Number.NaN);
}
