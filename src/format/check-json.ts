import { UnsupportedPayloadError } from "../errors/format-errors.ts";
import type { ValuePath } from "../errors/value-path.ts";
import { isProxy } from "../util/is-proxy.ts";
import { defaultDecodeLimits } from "./decode-limits.ts";

interface Visit {
  readonly value: object;
  readonly path: PathLink | undefined;
  readonly depth: number;
}

/** A path that shares its beginning with others. */
interface PathLink {
  readonly key: string | number;
  readonly above: PathLink | undefined;
}

const STRUCTURED = "Use structured(), the default, which keeps it.";

/**
 * Throws where JSON would change a value.
 *
 * @throws {@link UnsupportedPayloadError}
 */
export function checkJson(payload: unknown): void {
  const { maxDepth } = defaultDecodeLimits;
  const stack: Visit[] = [];
  const open = new Map<object, number>();
  enter(payload, undefined, 1);
  for (let visit = stack.pop(); visit !== undefined; visit = stack.pop()) {
    const { value, path, depth } = visit;
    // A negative depth marks the way back up: what is below has been checked.
    if (depth < 0) {
      open.delete(value);
      continue;
    }
    if (open.has(value)) refuse(path, "refers back to something that contains it");
    if (depth > maxDepth) refuse(path, `is nested more than ${maxDepth} levels deep`, "Give a flatter payload.");
    open.set(value, depth);
    stack.push({ value, path, depth: -1 });
    if (Array.isArray(value)) checkArray(value, path, depth);
    else checkObject(value, path, depth);
  }

  function checkArray(array: readonly unknown[], path: PathLink | undefined, depth: number): void {
    if (Object.getPrototypeOf(array) !== Array.prototype) refuse(path, "is an instance of a subclass of Array");
    const keys = Reflect.ownKeys(array);
    if (keys.length !== array.length + 1) refuse(path, "is an array with holes or keys of its own");
    for (let i = 0; i < array.length; i++) enter(data(array, String(i), path), { key: i, above: path }, depth + 1);
  }

  function checkObject(object: object, path: PathLink | undefined, depth: number): void {
    if (Object.getPrototypeOf(object) !== Object.prototype) refuse(path, describeInstance(object));
    for (const key of Reflect.ownKeys(object)) {
      if (typeof key === "symbol") refuse(path, `has a symbol key, ${String(key)}`, "Use text keys.");
      enter(data(object, key, path), { key, above: path }, depth + 1);
    }
  }

  function enter(value: unknown, path: PathLink | undefined, depth: number): void {
    if (value === null || typeof value === "boolean" || typeof value === "string") return;
    if (typeof value === "number") {
      if (!Number.isFinite(value) || Object.is(value, -0)) refuse(path, `is ${Object.is(value, -0) ? "-0" : value}`);
    } else if (typeof value !== "object") refuse(path, value === undefined ? "is undefined" : `is a ${typeof value}`);
    else {
      if (isProxy(value)) refuse(path, "is a proxy", "Give the plain object behind it.");
      stack.push({ value, path, depth });
    }
  }
}

function data(object: object, key: string, path: PathLink | undefined): unknown {
  const descriptor = Object.getOwnPropertyDescriptor(object, key);
  if (descriptor === undefined || !("value" in descriptor) || descriptor.enumerable !== true) {
    refuse({ key, above: path }, "is a getter, or hidden", "Give the value itself.");
  }
  return descriptor.value;
}

function describeInstance(object: object): string {
  const prototype = Object.getPrototypeOf(object) as { constructor?: { name?: string } } | null;
  return prototype === null
    ? "is an object without a prototype"
    : `is an instance of ${prototype.constructor?.name ?? "a class without a name"}`;
}

function refuse(path: PathLink | undefined, what: string, suggestion = STRUCTURED): never {
  throw new UnsupportedPayloadError("json", pathOf(path), what, suggestion);
}

function pathOf(link: PathLink | undefined): ValuePath {
  const path: (string | number)[] = [];
  for (let at = link; at !== undefined; at = at.above) path.push(at.key);
  return path.reverse();
}
