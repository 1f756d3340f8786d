import { isPlainObject } from "../../util/fields-of.ts";
import { lazyPart } from "../../util/peers/load-part.ts";
import { NOTHING_HELD, type State } from "../declare/state.ts";

const decodeHeldPart = lazyPart(() => import("./decode-held.ts"));

/** Keeps a payload that is in the store, if one value may serve every caller. */
export function holdPersisted(state: State, payload: unknown): void {
  state.held = isShareable(state, payload) ? { kind: "value", value: payload } : { kind: "stored" };
}

/** Forgets the payload in memory, even one that could not be persisted. */
export function forgetPayload(state: State): Promise<void> | undefined {
  const { pending } = state;
  state.held = NOTHING_HELD;
  state.lastGenerated = undefined;
  state.pending = undefined;
  return pending?.drop();
}

/** Returns the payload that is held; `undefined` if it must be loaded. */
export function heldPayload(
  state: State,
): { readonly value: unknown } | Promise<{ readonly value: unknown }> | undefined {
  const { held } = state;
  if (held.kind === "value") return held;
  if (held.kind === "encoded") return decodeHeldPart().then(({ decodeHeld }) => decodeHeld(state, held));
  return undefined;
}

/**
 * Tells whether every caller may get the same value, because it is frozen now or is shared on
 * purpose.
 */
export function isShareable(state: State, payload: unknown): boolean {
  if (state.memory === "shared") return true;
  if (state.memory === "fresh") return typeof payload !== "object" || payload === null;
  return tryFreezePayload(payload);
}

/**
 * Freezes a payload with everything in it, if it consists of primitives, plain objects and arrays.
 *
 * @returns whether every caller may now get the same value; `false` leaves the payload untouched.
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
/**
 * Most payloads have fewer objects than this. A payload with a cycle never ends, and exceeds it.
 */
const FEW = 500;

/**
 * Returns the objects of a small payload, with shared ones more than once: to remember which were
 * seen would cost more than to freeze them again.
 */
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
  return Array.isArray(object) || isPlainObject(object);
}
