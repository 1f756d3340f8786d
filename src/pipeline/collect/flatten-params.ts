import type { RecipeNode } from "../../address/recipe-node.ts";
import { InvalidTableError } from "../../errors/pipeline-errors.ts";
import { Secret } from "../../params/secret.ts";
import { Untracked } from "../../params/untracked.ts";
import { isPlainObject } from "../../util/fields-of.ts";

/** A params tree with more columns than this is refused. */
const MAX_COLUMNS = 2000;
/** The prefixes of all columns other than params. */
const RESERVED = /^(artifact|summary|metrics|cost)\./;

/**
 * Turns params trees into columns. Own params have their keys as names, and the params of a
 * dependency its role before that (`points.n`). A dependency that several targets share is
 * flattened once.
 */
export class ParamsFlattener {
  readonly #known = new Map<RecipeNode, readonly (readonly [column: string, value: unknown])[]>();

  /**
   * @throws {@link InvalidTableError} if a parameter would have the name of another column, or if
   * there are too many params
   */
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
    // Not kept: there may be a hundred thousand targets, and few are dependencies of others.
    const columns = this.#columnsOf(node);
    const taken = columns.find(([column]) => RESERVED.test(column));
    if (taken !== undefined)
      throw new InvalidTableError(
        `${node.name} has the parameter ${taken[0]}, but column names that begin with artifact., summary., metrics. or cost. are reserved. Rename the parameter.`,
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
