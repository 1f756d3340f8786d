import { propertyOf } from "../own-keys.ts";

/** Whether V8's deserializer makes objects of another realm than this module's; determined once. */
let isForeign: boolean | undefined;

/**
 * Gives the objects that V8's deserializer has built the prototypes of this realm. In the VM
 * context of a test runner, V8 builds objects of the main realm: a Map would not be an instance of
 * the program's Map, and could not be persisted again. Elsewhere this costs one comparison.
 */
export function ofOwnRealm<Value>(value: Value, probe: () => object): Value {
  isForeign ??= Object.getPrototypeOf(probe()) !== Object.prototype;
  if (isForeign) adopt(value);
  return value;
}

function adopt(root: unknown): void {
  const seen = new Set<object>();
  const stack: unknown[] = [root];
  while (stack.length > 0) {
    const value = stack.pop();
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    const own = prototypeFor(value);
    // A codec has made this instance: its objects and all that they hold already have the program's
    // prototypes.
    if (own === undefined) continue;
    if (Object.getPrototypeOf(value) !== own) Object.setPrototypeOf(value, own);
    if (value instanceof Map) stack.push(...value.keys(), ...value.values());
    else if (value instanceof Set) stack.push(...value);
    else for (const key of Object.keys(value)) stack.push(propertyOf(value, key));
  }
}

function prototypeFor(value: object): object | undefined {
  switch (Object.prototype.toString.call(value)) {
    case "[object Array]":
      return Array.prototype;
    case "[object Map]":
      return Map.prototype;
    case "[object Set]":
      return Set.prototype;
    case "[object Date]":
      return Date.prototype;
    case "[object RegExp]":
      return RegExp.prototype;
    default:
      return isPlain(value) ? Object.prototype : undefined;
  }
}

/** Whether a value is a plain object of any realm: its prototype is the end of the chain. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype !== null && Object.getPrototypeOf(prototype) === null;
}
