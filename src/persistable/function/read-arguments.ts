import { DefinitionError } from "../../errors/persistable-errors.ts";
import { Secret } from "../../params/secret.ts";
import { isPlainObject } from "../../util/fields-of.ts";
import { isProxy } from "../../util/is-proxy.ts";
import type { LivePart, LiveValues } from "../declare/state.ts";

/** A call, taken apart. */
export interface ReadCall {
  readonly params: Readonly<Record<string, unknown>>;
  readonly live: LiveValues | undefined;
  readonly signals: readonly AbortSignal[];
}

/** The options of a persisted function that are about its arguments. */
export interface ArgumentRules {
  readonly parameters?: readonly string[] | undefined;
  readonly untracked?: readonly (string | number)[] | undefined;
  readonly self?: ((self: never) => unknown) | undefined;
}

/** The parameter that stands for what counts of the object on which the function was called. */
export const SELF = "this";

const NO_PARTS: readonly LivePart[] = [];
const NO_SIGNALS: readonly AbortSignal[] = [];

/** How the arguments of one function become params. */
export class ArgumentReader {
  readonly #name: string;
  readonly #parameters: readonly string[];
  readonly #self: ((self: never) => unknown) | undefined;
  readonly #untrackedPaths: readonly (readonly [position: number, ...keys: string[]])[];
  /** The names of the params that are untracked. */
  readonly untracked: readonly string[];

  /** @throws {@link DefinitionError} for a name or a position that cannot be used */
  constructor(name: string, { parameters = [], untracked = [], self }: ArgumentRules) {
    this.#name = name;
    this.#parameters = parameters;
    this.#self = self;
    checkNames(name, parameters);
    this.#untrackedPaths = untracked.map((path) => this.#parse(String(path)));
    this.untracked = this.#untrackedPaths.map(([position, ...keys]) => [this.#keyOf(position), ...keys].join("."));
  }

  /**
   * Takes a call apart. An argument that is a primitive, which most are, costs no more than a
   * parameter.
   */
  read(self: unknown, args: readonly unknown[]): ReadCall {
    const params: Record<string, unknown> = {};
    let reading: Reading | undefined;
    for (let i = 0; i < args.length; i++) {
      const argument = args[i];
      if (typeof argument !== "object" || argument === null) params[this.#parameters[i] ?? String(i)] = argument;
      else {
        reading ??= new Reading(params);
        params[this.#keyOf(i)] = reading.read(argument, [i], this.#keyOf(i));
      }
    }
    if (this.#untrackedPaths.length > 0) {
      reading ??= new Reading(params);
      for (const path of this.#untrackedPaths) this.#setAside(path, args, reading, params);
    }
    const rule = this.#self;
    if (rule !== undefined) {
      reading ??= new Reading(params);
      params[SELF] = reading.read(this.#whatCounts(rule, self), [SELF], SELF);
    }
    const parts = reading?.live ?? NO_PARTS;
    const isLive = rule !== undefined || parts.length > 0;
    return { params, live: isLive ? { self, parts } : undefined, signals: reading?.signals ?? NO_SIGNALS };
  }

  /** Whether params are read from the object on which the function is called. */
  get readsSelf(): boolean {
    return this.#self !== undefined;
  }

  /**
   * Returns the position of the argument from which a parameter is read, and the keys inside it.
   */
  pathOf(key: string): readonly (string | number)[] {
    const [head = "", ...keys] = key.split(".");
    const position = this.#parameters.indexOf(head);
    return [position === -1 ? Number(head) : position, ...keys];
  }

  #keyOf(position: number): string {
    return this.#parameters[position] ?? String(position);
  }

  #parse(path: string): readonly [number, ...string[]] {
    const [head = "", ...keys] = path.split(".");
    const named = this.#parameters.indexOf(head);
    const position = named === -1 && /^\d+$/.test(head) ? Number(head) : named;
    if (position !== -1) return [position, ...keys];
    const names = this.#parameters.length === 0 ? "" : ` or its name (${this.#parameters.join(", ")})`;
    throw new DefinitionError(
      `${this.#name} has untracked: ${JSON.stringify(path)}. Give the position of an argument, from 0${names}, and keys inside it after a dot: "1.verbose".`,
    );
  }

  /**
   * Takes an untracked part out of the tracked argument. A function in it can be handed over, and
   * not recorded.
   */
  #setAside(
    path: readonly [number, ...string[]],
    args: readonly unknown[],
    reading: Reading,
    params: Record<string, unknown>,
  ): void {
    const [position, ...keys] = path;
    const value = keys.reduce<unknown>((inner, key) => ownValue(inner, key), args[position]);
    if (value === undefined) return;
    const top = this.#keyOf(position);
    if (keys.length === 0) delete params[top];
    else params[top] = without(params[top], keys);
    if (typeof value === "function") reading.live.push({ path, value });
    else params[[top, ...keys].join(".")] = reading.read(value, path, top);
  }

  #whatCounts(rule: (self: never) => unknown, self: unknown): unknown {
    if (self === undefined || self === null) {
      throw new DefinitionError(
        `${this.#name} has self: (…) => …, which says what of its object counts, and was called without an object. Call it as a method, or with .call(object, …).`,
      );
    }
    return Reflect.apply(rule, undefined, [self]);
  }
}

/** Reads the arguments of one call that are objects. */
class Reading {
  readonly live: LivePart[] = [];
  readonly signals: AbortSignal[] = [];
  readonly #params: Record<string, unknown>;
  /** Made for the first object that holds others. */
  #known: Map<object, unknown> | undefined;

  constructor(params: Record<string, unknown>) {
    this.#params = params;
  }

  /**
   * The value without properties that are undefined, and without signals, loggers and secrets,
   * which count for nothing. The same object where it has none of them.
   */
  read(value: unknown, path: readonly (string | number)[], key: string): unknown {
    if (typeof value !== "object" || value === null || isProxy(value)) return value;
    const known = this.#known?.get(value);
    if (known !== undefined) return known;
    if (value instanceof Secret && path.length > 1) {
      this.live.push({ path, value });
      this.#params[key] = value;
      return undefined;
    }
    const isOfSignal = isSignal(value);
    if (isOfSignal) this.signals.push(value);
    if (isOfSignal || isLogger(value)) {
      this.live.push({ path, value });
      return undefined;
    }
    if (path.length > MAX_DEPTH || isComplete(value)) return value;
    this.#known ??= new Map();
    // An object that contains itself is not copied: computing the address refuses it.
    this.#known.set(value, value);
    const copy = Array.isArray(value) ? this.#readArray(value, path, key) : this.#readObject(value, path, key);
    this.#known.set(value, copy);
    return copy;
  }

  #readArray(array: readonly unknown[], path: readonly (string | number)[], key: string): unknown {
    let copy: unknown[] | undefined;
    for (let i = 0; i < array.length; i++) {
      const item = array[i];
      if (typeof item !== "object" || item === null) continue;
      const read = this.read(item, [...path, i], `${key}.${i}`);
      if (read === item) continue;
      copy ??= array.slice();
      copy[i] = read;
    }
    return copy ?? array;
  }

  #readObject(object: object, path: readonly (string | number)[], key: string): unknown {
    let copy: object | undefined;
    for (const name of Object.keys(object)) {
      const item = ownValue(object, name);
      if (item !== undefined && (typeof item !== "object" || item === null)) continue;
      // A getter is not called: computing the address refuses it.
      if (item === undefined && !hasValue(object, name)) continue;
      const read = this.read(item, [...path, name], `${key}.${name}`);
      if (read !== undefined && read === item) continue;
      copy ??= Object.defineProperties({}, Object.getOwnPropertyDescriptors(object));
      if (read === undefined) Reflect.deleteProperty(copy, name);
      else Object.defineProperty(copy, name, { value: read, enumerable: true, configurable: true, writable: true });
    }
    return copy ?? object;
  }
}

const MAX_DEPTH = 500;

const NAME = /^[A-Za-z_$][\w$]*$/;

function checkNames(name: string, parameters: readonly string[]): void {
  for (const [i, parameter] of parameters.entries()) {
    const isUsable = typeof parameter === "string" && NAME.test(parameter) && parameter !== SELF;
    if (isUsable && parameters.indexOf(parameter) === i) continue;
    throw new DefinitionError(
      `${name} has ${JSON.stringify(parameter)} among its parameters. Give each argument a name of its own, of letters and digits, in their order: parameters: ["text", "options"].`,
    );
  }
}

/** A copy of plain objects along the keys, without the last of them. */
function without(value: unknown, [key = "", ...rest]: readonly string[]): unknown {
  if (!isPlainObject(value) || !Object.hasOwn(value, key)) return value;
  const copy = Object.defineProperties({}, Object.getOwnPropertyDescriptors(value));
  if (rest.length === 0) Reflect.deleteProperty(copy, key);
  else Reflect.set(copy, key, without(ownValue(value, key), rest));
  return copy;
}

/**
 * Whether the value stays as it is: without a part that is an object or `undefined`, there is
 * nothing to leave out.
 */
function isComplete(value: object): boolean {
  if (Array.isArray(value)) return value.every(isSet);
  if (!isPlainObject(value)) return true;
  return Object.values(Object.getOwnPropertyDescriptors(value)).every(({ value: item }) => isSet(item));
}

function isSet(item: unknown): boolean {
  return item === null || (item !== undefined && typeof item !== "object");
}

function ownValue(object: unknown, key: string): unknown {
  if (typeof object !== "object" || object === null || isProxy(object)) return undefined;
  return Object.getOwnPropertyDescriptor(object, key)?.value;
}

function hasValue(object: object, key: string): boolean {
  const descriptor = Object.getOwnPropertyDescriptor(object, key);
  return descriptor !== undefined && "value" in descriptor;
}

/** Tells a signal of any realm. */
export function isSignal(value: object): value is AbortSignal {
  return (
    !isPlainObject(value) && !Array.isArray(value) && Object.prototype.toString.call(value) === "[object AbortSignal]"
  );
}

const LOGGER_METHODS = ["debug", "info", "warn", "error"];

function isLogger(value: object): boolean {
  return "warn" in value && LOGGER_METHODS.every((method) => typeof Reflect.get(value, method) === "function");
}
