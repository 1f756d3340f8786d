import { UnsupportedPayloadError } from "../../errors/format-errors.ts";
import { isProxy } from "../../util/is-proxy.ts";
import { defaultDecodeLimits } from "../decode-limits.ts";
import { hasExtraKeys, hasOddKeys, isGetter, isSetter, propertyOf } from "../own-keys.ts";
import { describeInstance, remedyFor } from "../structured/structured-remedy.ts";

/**
 * Throws at the first value that JSON would change. A value that several others refer to is checked
 * each time, since JSON writes it each time.
 *
 * @param path - the path of the value in the payload
 * @param format - the id of the format that checks its payload
 * @param remedy - advice for values that JSON cannot hold; by default it depends on the value
 * @throws {@link UnsupportedPayloadError}
 */
export function checkJson(
  value: unknown,
  path: readonly (string | number)[] = [],
  format = "json",
  remedy?: string,
): void {
  new JsonCheck(path, format, remedy).check(value);
}

class JsonCheck {
  /** The path of the value that is being checked. */
  readonly #path: (string | number)[];
  readonly #format: string;
  /** Replaces the advice that fits the value. */
  readonly #remedy: string | undefined;
  /** The containers along the path. */
  readonly #above: object[] = [];
  #nodes = 0;

  constructor(path: readonly (string | number)[], format: string, remedy: string | undefined) {
    this.#path = [...path];
    this.#format = format;
    this.#remedy = remedy;
  }

  check(value: unknown): void {
    this.#nodes += 1;
    if (this.#nodes > defaultDecodeLimits.maxNodes)
      this.#refuse(
        `brings the text to more than ${defaultDecodeLimits.maxNodes} values`,
        "Keep numbers in typed arrays, or records in a table().",
      );
    if (value === null || typeof value === "boolean" || typeof value === "string") return;
    if (typeof value === "number") {
      if (!Number.isFinite(value) || Object.is(value, -0))
        this.#refuseValue(value, `is ${Object.is(value, -0) ? "-0" : value}`);
    } else if (typeof value === "object") this.#checkContainer(value);
    else this.#refuseValue(value, value === undefined ? "is undefined" : `is a ${typeof value}`);
  }

  #checkContainer(container: object): void {
    if (this.#above.length >= defaultDecodeLimits.maxDepth) this.#refuseDepth();
    if (isProxy(container)) this.#refuse("is a proxy", "Give the plain object behind it.");
    this.#above.push(container);
    const prototype: object | null = Object.getPrototypeOf(container);
    if (prototype === Object.prototype) this.#checkObject(container);
    else if (prototype === Array.prototype && Array.isArray(container)) this.#checkArray(container);
    else this.#refuseValue(container, describeInstance(prototype));
    this.#above.pop();
  }

  #checkArray(array: readonly unknown[]): void {
    if (hasExtraKeys(array)) this.#refuseValue(array, "is an array with holes or keys of its own");
    for (let i = 0; i < array.length; i++) {
      if (!Object.hasOwn(array, i)) this.#refuseValue(array, "is an array with holes or keys of its own");
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
    const value = propertyOf(container, key);
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

  /** Refuses a payload that is nested too deeply. A payload that contains itself gets here too. */
  #refuseDepth(): never {
    const at = this.#above.findIndex((container, i) => this.#above.indexOf(container) !== i);
    if (at >= 0) {
      this.#path.length = at;
      this.#refuseValue(this.#above[at], "refers back to something that contains it");
    }
    this.#refuse(`is nested more than ${defaultDecodeLimits.maxDepth} levels deep`, "Give a flatter payload.");
  }

  #refuseValue(value: unknown, what: string): never {
    this.#refuse(what, this.#remedy ?? remedyFor(value));
  }

  #refuse(what: string, suggestion: string): never {
    throw new UnsupportedPayloadError(this.#format, this.#path, what, suggestion);
  }
}
