import type { RecipeNode } from "../../address/recipe-node.ts";
import { InvalidTableError } from "../../errors/pipeline-errors.ts";
import { Secret } from "../../params/secret.ts";
import { Untracked } from "../../params/untracked.ts";
import { isPlainObject } from "../plain-object.ts";

/** A params tree that is wider than this is no table. */
const MAX_COLUMNS = 2000;
/** What stands before everything that is no parameter. */
const RESERVED = /^(artifact|summary|metrics|cost)\./;

/** Params trees as columns: own params under their keys, those of a dependency under its role. A shared dependency is taken apart once. */
export class ParamsFlattener {
  readonly #known = new Map<RecipeNode, readonly (readonly [column: string, value: unknown])[]>();

  /** @throws {@link InvalidTableError} where a parameter would take the name of another column, or there are too many. */
  flatten(node: RecipeNode): readonly (readonly [column: string, value: unknown])[] {
    const stack = Object.values(node.dependencies);
    for (let next = stack.at(-1); next !== undefined; next = stack.at(-1)) {
      const waiting = Object.values(next.dependencies).filter((dependency) => !this.#known.has(dependency));
      if (waiting.length > 0) stack.push(...waiting);
      else {
        this.#known.set(next, this.#columnsOf(next));
        stack.pop();
      }
    }
    // Not kept: of a hundred thousand targets, few are made from each other.
    const columns = this.#columnsOf(node);
    const taken = columns.find(([column]) => RESERVED.test(column));
    if (taken !== undefined)
      throw new InvalidTableError(
        `${node.name} has the parameter ${taken[0]}, and what begins with artifact., summary., metrics. or cost. is something else in a table.`,
      );
    const twice = firstTwice(columns);
    if (twice !== undefined)
      throw new InvalidTableError(
        `${node.name} has two parameters that would both be the column ${twice}. Rename one of them.`,
      );
    return columns;
  }

  #columnsOf(node: RecipeNode): readonly (readonly [column: string, value: unknown])[] {
    const known = this.#known.get(node);
    if (known !== undefined) return known;
    const columns: (readonly [string, unknown])[] = [];
    for (const { key, value } of node.recipeParams) addValue(columns, key, value);
    for (const [role, dependency] of Object.entries(node.dependencies))
      for (const [column, value] of this.#known.get(dependency) ?? []) columns.push([`${role}.${column}`, value]);
    if (columns.length > MAX_COLUMNS)
      throw new InvalidTableError(
        `${node.name} has ${columns.length} params with all that it is made from, more than the ${MAX_COLUMNS} columns of a table.`,
      );
    return columns;
  }
}

function firstTwice(columns: readonly (readonly [column: string, value: unknown])[]): string | undefined {
  const seen = new Set<string>();
  return columns.find(([column]) => seen.size === seen.add(column).size)?.[0];
}

function addValue(columns: (readonly [string, unknown])[], column: string, given: unknown): void {
  const value = given instanceof Untracked ? given.value : given;
  if (value instanceof Secret) return;
  const inner = isPlainObject(value) ? Object.entries(value) : [];
  if (inner.length === 0) columns.push([column, value]);
  else for (const [key, part] of inner) columns.push([`${column}.${key}`, part]);
}
