import { Untracked } from "../../params/untracked.ts";
import { canonicalText } from "../../persistable/declare/declaration.ts";

const objectKeys = new WeakMap<object, string>();
let objectCount = 0;

/** A text that equal values share. A value that a recipe cannot hold is equal only to itself. */
export function valueKey(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (value === null || (typeof value !== "object" && typeof value !== "function"))
    return `${typeof value} ${String(value)}`;
  let key = objectKeys.get(value);
  if (key === undefined) {
    key = keyOfObject(value);
    // An object that is not frozen may be changed before the next call.
    if (!key.startsWith("value ") || Object.isFrozen(value)) objectKeys.set(value, key);
  }
  return key;
}

function keyOfObject(value: object): string {
  if (value instanceof Untracked) return `untracked ${valueKey(value.value)}`;
  try {
    return `value ${canonicalText(value, [], "")}`;
  } catch {
    return `object ${objectCount++}`;
  }
}
