import { MAX_TAGGED_DEPTH } from "../../canonical/tagged-depth.ts";
import { UnsupportedValueError } from "../../errors/params-errors.ts";
import { formatPath } from "../../errors/value-path.ts";
import { type ClassCodec, findCodec } from "../../util/class-codec.ts";
import { isPlainOfAnyRealm } from "../../util/fields-of.ts";
import { isProxy } from "../../util/is-proxy.ts";

/** A value, the number of levels of a record's JSON around it, and the value that holds it. */
interface Visit {
  readonly value: unknown;
  readonly depth: number;
  readonly part: string | number;
  readonly parent: Visit | undefined;
}

/**
 * Refuses a parameter that is nested deeper than a record can hold, before other code walks it: the
 * caller gets the error at once, not after the payload was generated. The walk does not recurse,
 * and it stops at the first value that is too deep.
 *
 * @throws {@link UnsupportedValueError}
 */
export function assertDepth(key: string, param: unknown, classes: readonly ClassCodec[]): void {
  // A shared value is walked again only if it is found deeper than before.
  const deepest = new Map<object, number>();
  const stack: Visit[] = [{ value: param, depth: 0, part: key, parent: undefined }];
  for (let visit = stack.pop(); visit !== undefined; visit = stack.pop()) {
    const { value } = visit;
    const depth = visit.depth + levelsOf(value);
    if (depth > MAX_TAGGED_DEPTH) {
      // A cycle has no depth, and is refused as a cycle where the address is computed.
      if (holdsItself(visit)) return;
      throw tooDeep(visit);
    }
    if (typeof value !== "object" || value === null || isProxy(value)) continue;
    if ((deepest.get(value) ?? -1) >= depth) continue;
    deepest.set(value, depth);
    pushParts(stack, visit, value, depth, classes);
  }
}

/** Returns the number of levels of JSON that a value itself takes in a record. */
function levelsOf(value: unknown): number {
  switch (typeof value) {
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0) ? 0 : 1;
    case "string":
      return value.isWellFormed() ? 0 : 1;
    case "undefined":
    case "bigint":
      return 1;
    case "object":
      return value === null ? 0 : levelsOfObject(value);
    default:
      return 0;
  }
}

function levelsOfObject(object: object): number {
  if (Array.isArray(object) || object instanceof Date || object instanceof URL) return 1;
  if (object instanceof Map) return 3;
  return isPlainOfAnyRealm(object) ? 1 : 2;
}

function pushParts(stack: Visit[], parent: Visit, object: object, depth: number, classes: readonly ClassCodec[]): void {
  const push = (value: unknown, part: string | number, extra = 0): void => {
    const isFlat = typeof value === "number" || typeof value === "boolean";
    if (!isFlat || levelsOf(value) > 0) stack.push({ value, depth: depth + extra, part, parent });
  };
  if (Array.isArray(object)) {
    // Holes are pushed as well: a record needs one more level to encode a hole.
    for (let i = 0; i < object.length; i++) push(Object.getOwnPropertyDescriptor(object, i)?.value, i);
  } else if (object instanceof Map) {
    let i = 0;
    for (const [key, item] of Map.prototype.entries.call(object)) {
      push(key, `key ${i}`);
      push(item, typeof key === "string" ? key : `value ${i}`);
      i += 1;
    }
  } else if (object instanceof Set) {
    let i = 0;
    for (const item of Set.prototype.values.call(object)) push(item, i++);
  } else if (isPlainOfAnyRealm(object)) {
    const keys = Object.keys(object);
    // Keys that JSON cannot hold are written as pairs, which are two levels more.
    const extra = keys.every((key) => key.isWellFormed()) ? 0 : 2;
    for (const key of keys) push(Object.getOwnPropertyDescriptor(object, key)?.value, key, extra);
  } else {
    const codec = findCodec(classes, object);
    // A codec that fails is reported where the address is computed.
    if (codec !== undefined) push(tryEncode(codec, object), "encoded");
  }
}

function tryEncode(codec: ClassCodec, object: object): unknown {
  try {
    return codec.encode(object);
  } catch {
    return undefined;
  }
}

function holdsItself(visit: Visit): boolean {
  const seen = new Set<unknown>();
  for (let step: Visit | undefined = visit; step !== undefined; step = step.parent) {
    const { value } = step;
    if (typeof value !== "object") continue;
    if (seen.has(value)) return true;
    seen.add(value);
  }
  return false;
}

function tooDeep(visit: Visit): UnsupportedValueError {
  const path: (string | number)[] = [];
  for (let step: Visit | undefined = visit; step !== undefined; step = step.parent) path.push(step.part);
  return new UnsupportedValueError(
    `${formatPath("params", path.reverse().slice(0, 8))}…`,
    `nested more than ${MAX_TAGGED_DEPTH} levels deep`,
    "Records are read by people and parsed within limits: give a flatter value, or a dependency.",
  );
}
