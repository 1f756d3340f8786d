import { types } from "node:util";

/**
 * Whether two values are the same in value, type, aliasing, holes, -0 and prototypes: stricter than
 * any deep equality at hand.
 */
export function sameValue(a: unknown, b: unknown, pairs = new Map<object, object>()): boolean {
  if (typeof a !== "object" || a === null || typeof b !== "object" || b === null) return Object.is(a, b);
  const known = pairs.get(a);
  if (known !== undefined) return known === b;
  pairs.set(a, b);
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  const inner = (x: unknown, y: unknown): boolean => sameValue(x, y, pairs);
  if (a instanceof Map && b instanceof Map) return inner([...a].flat(1), [...b].flat(1));
  if (a instanceof Set && b instanceof Set) return inner([...a], [...b]);
  if (a instanceof Date && b instanceof Date) return Object.is(a.getTime(), b.getTime());
  if (a instanceof RegExp && b instanceof RegExp) return String(a) === String(b);
  if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) return Buffer.compare(bytesOf(a), bytesOf(b)) === 0;
  if (types.isArrayBuffer(a) && types.isArrayBuffer(b))
    return Buffer.compare(new Uint8Array(a), new Uint8Array(b)) === 0;
  const keys = Reflect.ownKeys(a);
  const others = Reflect.ownKeys(b);
  if (keys.length !== others.length || keys.some((key, i) => key !== others[i])) return false;
  return keys.every((key) => inner(Reflect.get(a, key), Reflect.get(b, key)));
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
