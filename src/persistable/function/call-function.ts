import { DefinitionError } from "../../errors/persistable-errors.ts";
import { fieldsOf, setOwn } from "../../util/fields-of.ts";
import { GeneratorContext } from "../context/generate-context.ts";
import type { GenerateContext } from "../declare/hooks.ts";
import type { LiveValues } from "../declare/state.ts";
import { type ArgumentReader, isSignal, SELF } from "./read-arguments.ts";

/**
 * Calls a function with the arguments for which params stand. It may change them: they are copies.
 * A signal of one caller is replaced by that of the generator, which is aborted when no caller
 * waits any more.
 */
export function callFunction(
  name: string,
  fn: (...args: never) => unknown,
  reader: ArgumentReader,
  context: GenerateContext<unknown, unknown>,
): unknown {
  const { signal } = context;
  const params = fieldsOf(context.params);
  const live = liveValuesOf(context);
  const args: unknown[] = [];
  // An argument is put back before the parts that were taken out of it.
  const byDepth = Object.keys(params)
    .filter((key) => key !== SELF)
    .map((key) => ({ path: reader.pathOf(key), value: thaw(params[key], new Map()) }))
    .sort((a, b) => a.path.length - b.path.length);
  for (const { path, value } of byDepth) putAt(args, path, value);
  for (const { path, value } of live?.parts ?? []) {
    const [first] = path;
    if (first !== SELF)
      putAt(args, path, typeof value === "object" && value !== null && isSignal(value) ? signal : value);
  }
  const self = live?.self ?? refuseSelf(name, reader.readsSelf);
  return Reflect.apply(fn, self, Array.from(args));
}

/** There are none if the call was built from a record, or on another thread. */
function liveValuesOf(context: unknown): LiveValues | undefined {
  return context instanceof GeneratorContext ? context.liveValues : undefined;
}

/** Puts a value into the arguments, and makes the objects that are missing on its path. */
function putAt(args: unknown[], path: readonly (string | number)[], value: unknown): void {
  let holder: object = args;
  for (const [depth, key] of path.entries()) {
    const isLast = depth === path.length - 1;
    const inner: unknown = Object.getOwnPropertyDescriptor(holder, key)?.value;
    if (!isLast && typeof inner === "object" && inner !== null) holder = inner;
    else {
      const made = isLast ? value : {};
      Object.defineProperty(holder, key, { value: made, enumerable: true, configurable: true, writable: true });
      if (!isLast) holder = Object(made);
    }
  }
}

/**
 * A copy of what is frozen: functions that were not written for frozen arguments may change them.
 */
function thaw(value: unknown, copies: Map<object, unknown>): unknown {
  if (typeof value !== "object" || value === null || !Object.isFrozen(value)) return value;
  const known = copies.get(value);
  if (known !== undefined) return known;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (Array.isArray(value)) {
    const copy: unknown[] = [];
    copies.set(value, copy);
    for (const item of value) copy.push(thaw(item, copies));
    return copy;
  }
  if (prototype !== Object.prototype && prototype !== null) return value;
  const copy = {};
  copies.set(value, copy);
  for (const key of Object.keys(value)) {
    setOwn(copy, key, thaw(Reflect.get(value, key), copies));
  }
  return copy;
}

/**
 * Returns the `this` of a function whose object counts for nothing: reading from it fails, since no
 * key has it.
 */
function refuseSelf(name: string, hasRule: boolean): object {
  const refuse = (_: object, key: string | symbol): never => {
    throw new DefinitionError(
      hasRule
        ? `${name} reads this.${String(key)}, and its object cannot be handed to where it runs: call it on the object in this process, without worker.`
        : `${name} reads this.${String(key)}, which is not part of its key. Say what of the object counts, self: (it) => ({ … }), or give it as an argument.`,
    );
  };
  return new Proxy({}, { get: refuse, set: refuse, has: refuse });
}
