import type { JsonObject, JsonValue } from "../../canonical/tagged-json.ts";

/** A tree while it is put together. */
export interface Branch extends Map<string, JsonValue | Branch> {}

/** Puts a value at the end of a path of keys. */
export function put(tree: Branch, keys: readonly string[], value: JsonValue): void {
  let branch = tree;
  for (const key of keys.slice(0, -1)) {
    const known = branch.get(key);
    const next: Branch = known instanceof Map ? known : new Map();
    branch.set(key, next);
    branch = next;
  }
  branch.set(keys.at(-1) ?? "", value);
}

export function treeOf(branch: Branch): JsonObject {
  return Object.fromEntries([...branch].map(([key, value]) => [key, value instanceof Map ? treeOf(value) : value]));
}
