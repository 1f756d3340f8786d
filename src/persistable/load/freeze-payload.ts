/**
 * Freeze a payload through and through, where that is possible: primitives, plain objects and arrays of such.
 *
 * @returns whether it is now safe to hand the same value to everybody; `false` leaves the payload untouched.
 */
export function tryFreezePayload(payload: unknown): boolean {
  if (typeof payload !== "object") return typeof payload !== "function";
  if (payload === null) return true;
  const objects = collectFew(payload) ?? collectAll(payload);
  if (objects === NOT_FREEZABLE) return false;
  for (const object of objects) Object.freeze(object);
  return true;
}

type Collected = readonly object[] | ReadonlySet<object>;

const NOT_FREEZABLE: Collected = Object.freeze([]);
/** A small payload is most of what a hit costs; one with a cycle seems endless, and is left to the other way. */
const FEW = 500;

/** Every object of a payload of few of them, some perhaps twice: remembering which were seen would cost more than to freeze them again. */
function collectFew(payload: object): Collected | undefined {
  const objects = [payload];
  for (const object of objects) {
    if (objects.length > FEW) return undefined;
    if (!isFreezable(object)) return NOT_FREEZABLE;
    for (const value of Array.isArray(object) ? object : Object.values(object)) {
      if (typeof value === "function") return NOT_FREEZABLE;
      if (typeof value === "object" && value !== null) objects.push(value);
    }
  }
  return objects;
}

function collectAll(payload: object): Collected {
  const objects = new Set<object>([payload]);
  for (const object of objects) {
    if (!isFreezable(object)) return NOT_FREEZABLE;
    for (const value of Array.isArray(object) ? object : Object.values(object)) {
      if (typeof value === "function") return NOT_FREEZABLE;
      if (typeof value === "object" && value !== null) objects.add(value);
    }
  }
  return objects;
}

function isFreezable(object: object): boolean {
  if (Array.isArray(object)) return true;
  const prototype: unknown = Object.getPrototypeOf(object);
  return prototype === null || prototype === Object.prototype;
}
