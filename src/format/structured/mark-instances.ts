import { setOwn } from "../../util/fields-of.ts";
import { propertyOf } from "../own-keys.ts";
import type { PlannedInstance, PlannedView, StructuredPlan } from "./structured-plan.ts";

/**
 * The buffer of the markers that replace instances and whole buffers. A marker is a view, since V8
 * calls our code for views only.
 */
const NO_BYTES = new ArrayBuffer(0);

/**
 * Plans a copy of the payload's containers, in which markers replace instances and whole buffers.
 *
 * @param objects - all objects of the payload, and of the encodings of its instances
 * @param instances - in the order in which they can be made
 */
export function markInstances(
  payload: object,
  objects: Iterable<object>,
  instances: ReadonlyMap<object, PlannedInstance>,
  views: ReadonlyMap<object, PlannedView>,
): StructuredPlan {
  const copies = new Map<object, object>();
  const references = new Map<object, PlannedView | number>(views);
  let count = 0;
  const numbers = new Map<object, number>();
  for (const instance of instances.keys()) numbers.set(instance, count++);
  for (const object of objects) {
    const copy = emptyCopyOf(object, numbers.get(object) ?? views.get(object), references);
    if (copy !== undefined) copies.set(object, copy);
  }
  const replace = (value: unknown): unknown =>
    typeof value === "object" && value !== null ? (copies.get(value) ?? value) : value;
  for (const [object, copy] of copies) fill(object, copy, replace);
  return {
    value: replace(payload),
    instances: [...instances.values()].map(({ name, encoded }) => ({ name, encoded: replace(encoded) })),
    references,
  };
}

function emptyCopyOf(
  object: object,
  reference: PlannedView | number | undefined,
  references: Map<object, PlannedView | number>,
): object | undefined {
  if (reference !== undefined) {
    if (ArrayBuffer.isView(object)) return undefined;
    const marker = new Uint8Array(NO_BYTES);
    references.set(marker, reference);
    return marker;
  }
  if (Array.isArray(object)) return new Array(object.length);
  if (Object.getPrototypeOf(object) === Object.prototype) return {};
  if (object instanceof Map) return new Map();
  if (object instanceof Set) return new Set();
  return undefined;
}

function fill(object: object, copy: object, replace: (value: unknown) => unknown): void {
  if (ArrayBuffer.isView(copy)) return;
  if (copy instanceof Map && object instanceof Map)
    for (const [key, value] of object) copy.set(replace(key), replace(value));
  else if (copy instanceof Set && object instanceof Set) for (const value of object) copy.add(replace(value));
  else {
    for (const key of Object.keys(object)) setOwn(copy, key, replace(propertyOf(object, key)));
  }
}
