/**
 * Freeze a payload through and through, where that is possible: primitives, plain objects and arrays of such.
 *
 * @returns whether it is now safe to hand the same value to everybody; `false` leaves the payload untouched.
 */
export function tryFreezePayload(payload: unknown): boolean {
  if (typeof payload !== "object") return typeof payload !== "function";
  if (payload === null) return true;
  const objects = new Set<object>([payload]);
  for (const object of objects) {
    if (!isFreezable(object)) return false;
    for (const value of Array.isArray(object) ? object : Object.values(object)) {
      if (typeof value === "function") return false;
      if (typeof value === "object" && value !== null) objects.add(value);
    }
  }
  for (const object of objects) Object.freeze(object);
  return true;
}

function isFreezable(object: object): boolean {
  if (Array.isArray(object)) return true;
  const prototype: unknown = Object.getPrototypeOf(object);
  return prototype === null || prototype === Object.prototype;
}
