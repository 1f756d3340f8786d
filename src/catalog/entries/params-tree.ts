import { isJsonObject, type JsonObject, type JsonValue } from "../../canonical/tagged-json.ts";

/** A lineage that shares its parts may have billions of values when it is written out. */
const MAX_VALUES = 1000;

/**
 * The params tree of a record as an entry has it: roles first, without the marks of untracked and
 * implicit params. A part that a record names twice is the same object, until that would make more
 * than 1,000 values; from then on it stays a `$ref`.
 */
export function paramsTreeOf(params: JsonObject, dependencies: JsonObject): JsonObject {
  return new ParamsTree().copy(params, dependencies).tree;
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
