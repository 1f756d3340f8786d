import { UnsupportedPayloadError } from "../errors/format-errors.ts";
import { isProxy } from "../util/is-proxy.ts";
import { defaultDecodeLimits } from "./decode-limits.ts";
import { hasExtraKeys, hasOddKeys, isGetter, isSetter } from "./own-keys.ts";

const STRUCTURED = "Use structured(), the default, which keeps it.";

/**
 * Throws where JSON would change a value. What is shared is written out each time, so it is looked at each time.
 *
 * @param path - where the value stands in the payload
 * @param format - whose payload it is
 * @param remedy - what to do where JSON cannot hold it
 * @throws {@link UnsupportedPayloadError}
 */
export function checkJson(
  value: unknown,
  path: readonly (string | number)[] = [],
  format = "json",
  remedy = STRUCTURED,
): void {
  new JsonCheck(path, format, remedy).check(value);
}

class JsonCheck {
  /** To the value that is being looked at. */
  readonly #path: (string | number)[];
  readonly #format: string;
  readonly #remedy: string;
  /** The containers along the path. */
  readonly #above: object[] = [];
  #nodes = 0;

  constructor(path: readonly (string | number)[], format: string, remedy: string) {
    this.#path = [...path];
    this.#format = format;
    this.#remedy = remedy;
  }

  check(value: unknown): void {
    this.#nodes += 1;
    if (this.#nodes > defaultDecodeLimits.maxNodes)
      this.#refuse(`brings the text to more than ${defaultDecodeLimits.maxNodes} values`);
    if (value === null || typeof value === "boolean" || typeof value === "string") return;
    if (typeof value === "number") {
      if (!Number.isFinite(value) || Object.is(value, -0)) this.#refuse(`is ${Object.is(value, -0) ? "-0" : value}`);
    } else if (typeof value === "object") this.#checkContainer(value);
    else this.#refuse(value === undefined ? "is undefined" : `is a ${typeof value}`);
  }

  #checkContainer(container: object): void {
    if (this.#above.length >= defaultDecodeLimits.maxDepth) this.#refuseDepth();
    if (isProxy(container)) this.#refuse("is a proxy", "Give the plain object behind it.");
    this.#above.push(container);
    const prototype: unknown = Object.getPrototypeOf(container);
    if (prototype === Object.prototype) this.#checkObject(container);
    else if (prototype === Array.prototype && Array.isArray(container)) this.#checkArray(container);
    else this.#refuse(describeInstance(prototype));
    this.#above.pop();
  }

  #checkArray(array: readonly unknown[]): void {
    if (hasExtraKeys(array)) this.#refuse("is an array with holes or keys of its own");
    for (let i = 0; i < array.length; i++) {
      if (!Object.hasOwn(array, i)) this.#refuse("is an array with holes or keys of its own");
      this.#checkProperty(array, i);
    }
  }

  #checkObject(object: object): void {
    const keys = Object.keys(object);
    if (hasOddKeys(object, keys.length)) this.#refuseOddKey(object);
    for (const key of keys) this.#checkProperty(object, key);
  }

  #checkProperty(container: object, key: string | number): void {
    this.#path.push(key);
    if (isGetter(container, key)) this.#refuse("is a getter, or hidden", "Give the value itself.");
    const value = (container as Record<string | number, unknown>)[key];
    if (value === undefined && isSetter(container, key))
      this.#refuse("is a getter, or hidden", "Give the value itself.");
    this.check(value);
    this.#path.pop();
  }

  #refuseOddKey(object: object): never {
    const [symbol] = Object.getOwnPropertySymbols(object);
    if (symbol !== undefined) this.#refuse(`has a symbol key, ${String(symbol)}`, "Use text keys.");
    const shown = new Set(Object.keys(object));
    this.#path.push(Object.getOwnPropertyNames(object).find((name) => !shown.has(name)) ?? "");
    this.#refuse("is a getter, or hidden", "Give the value itself.");
  }

  /** Whoever goes round in a circle comes here, too. */
  #refuseDepth(): never {
    const at = this.#above.findIndex((container, i) => this.#above.indexOf(container) !== i);
    if (at >= 0) {
      this.#path.length = at;
      this.#refuse("refers back to something that contains it");
    }
    this.#refuse(`is nested more than ${defaultDecodeLimits.maxDepth} levels deep`, "Give a flatter payload.");
  }

  #refuse(what: string, suggestion = this.#remedy): never {
    throw new UnsupportedPayloadError(this.#format, this.#path, what, suggestion);
  }
}

function describeInstance(prototype: unknown): string {
  return prototype === null
    ? "is an object without a prototype"
    : `is an instance of ${(prototype as { constructor?: { name?: string } }).constructor?.name ?? "a class without a name"}`;
}
