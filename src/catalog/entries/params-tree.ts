import { isJsonObject, type JsonObject, type JsonValue } from "../../canonical/tagged-json.ts";

/**
 * A lineage that uses a part many times would have billions of values if each use were written out.
 */
const MAX_VALUES = 1000;

/**
 * Returns the params tree of a record in the form of an entry: roles first, without the marks of
 * untracked and implicit params. A part that a record refers to again is inserted, up to 1,000
 * values in all; after that, the `$ref` stays.
 */
export function paramsTreeOf(params: JsonObject, dependencies: JsonObject): JsonObject {
  return isFlat(params, dependencies) ? params : new ParamsTree().copy(params, dependencies).tree;
}

/**
 * Whether a params tree has neither dependencies nor values that are objects, lists or marks. Most
 * trees are flat: as they are in the record, they are those of the entry and of the recipe.
 */
function isFlat(params: JsonObject, dependencies: JsonObject): boolean {
  for (const _ in dependencies) return false;
  for (const key in params)
    if (key.startsWith("$") || (typeof params[key] === "object" && params[key] !== null)) return false;
  return true;
}

interface Copied {
  readonly tree: JsonObject;
  readonly values: number;
}

class ParamsTree {
  readonly #known = new Map<JsonValue, Copied>();
  #values = 0;

  copy(params: JsonObject, dependencies: JsonObject): Copied {
    const before = this.#values;
    const entries: [string, JsonValue][] = [];
    for (const [role, head] of Object.entries(dependencies)) {
      const subtree = Object.hasOwn(params, role) ? params[role] : undefined;
      if (isJsonObject(head) && isJsonObject(subtree)) entries.push([role, this.#copyRole(head, subtree)]);
    }
    for (const [key, value] of Object.entries(params)) {
      if (Object.hasOwn(dependencies, key) || hasMark(value, "$unrecorded")) continue;
      this.#values += 1;
      entries.push([key, unmarked(value)]);
    }
    return { tree: Object.fromEntries(entries), values: this.#values - before };
  }

  #copyRole(head: JsonObject, subtree: JsonObject): JsonObject {
    if (hasMark(subtree, "$cut")) return subtree;
    if (!hasMark(subtree, "$ref")) {
      const copied = this.copy(subtree, isJsonObject(head.dependencies) ? head.dependencies : {});
      if (head.address !== undefined) this.#known.set(head.address, copied);
      return copied.tree;
    }
    const known = head.address === undefined ? undefined : this.#known.get(head.address);
    if (known === undefined || this.#values + known.values > MAX_VALUES) return subtree;
    this.#values += known.values;
    return known.tree;
  }
}

function hasMark(value: JsonValue, mark: string): boolean {
  return isJsonObject(value) && Object.hasOwn(value, mark) && Object.keys(value).length === 1;
}

function unmarked(value: JsonValue): JsonValue {
  if (!isJsonObject(value)) return value;
  for (const mark of ["$untracked", "$implicit"]) if (hasMark(value, mark)) return value[mark] ?? null;
  return value;
}
