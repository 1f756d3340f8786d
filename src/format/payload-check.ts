import { UnsupportedPayloadError } from "../errors/format-errors.ts";
import { defaultDecodeLimits } from "./decode-limits.ts";
import { hasExtraKeys, hasOddKeys, isGetter, isSetter, propertyOf } from "./own-keys.ts";

/**
 * Walks through a payload of plain objects and arrays before a format encodes it, and throws at the
 * first value that the format would change. The subclass of a format says which values those are.
 */
export abstract class PayloadCheck {
  /** The path of the value that is being checked. */
  protected readonly path: (string | number)[];
  /** The containers along the path. */
  protected readonly above: object[] = [];
  readonly #format: string;
  #nodes = 0;

  constructor(format: string, path: readonly (string | number)[]) {
    this.#format = format;
    this.path = [...path];
  }

  /** @throws {@link UnsupportedPayloadError} */
  abstract check(value: unknown): void;

  /** Throws with the advice that fits the value. */
  protected abstract refuseValue(value: unknown, what: string): never;

  /** Counts a value, which a reader of the payload counts too. */
  protected countNode(whole: "text" | "payload"): void {
    this.#nodes += 1;
    if (this.#nodes > defaultDecodeLimits.maxNodes)
      this.refuse(
        `brings the ${whole} to more than ${defaultDecodeLimits.maxNodes} values`,
        "Keep numbers in typed arrays, or records in a table().",
      );
  }

  protected checkArray(array: readonly unknown[]): void {
    if (hasExtraKeys(array)) this.refuseValue(array, "is an array with holes or keys of its own");
    for (let i = 0; i < array.length; i++) {
      if (!Object.hasOwn(array, i)) this.refuseValue(array, "is an array with holes or keys of its own");
      this.checkProperty(array, i);
    }
  }

  /** Returns the keys of an object that has no others, such as symbols or hidden ones. */
  protected plainKeys(object: object): string[] {
    const keys = Object.keys(object);
    if (hasOddKeys(object, keys.length)) this.#refuseOddKey(object);
    return keys;
  }

  protected checkProperty(container: object, key: string | number): void {
    this.path.push(key);
    if (isGetter(container, key)) this.#refuseHidden();
    const value = propertyOf(container, key);
    if (value === undefined && isSetter(container, key)) this.#refuseHidden();
    this.check(value);
    this.path.pop();
  }

  protected refuseDepth(): never {
    this.refuse(`is nested more than ${defaultDecodeLimits.maxDepth} levels deep`, "Give a flatter payload.");
  }

  protected refuse(what: string, suggestion: string): never {
    throw new UnsupportedPayloadError(this.#format, this.path, what, suggestion);
  }

  #refuseOddKey(object: object): never {
    const [symbol] = Object.getOwnPropertySymbols(object);
    if (symbol !== undefined) this.refuse(`has a symbol key, ${String(symbol)}`, "Use text keys.");
    const shown = new Set(Object.keys(object));
    this.path.push(Object.getOwnPropertyNames(object).find((name) => !shown.has(name)) ?? "");
    this.#refuseHidden();
  }

  #refuseHidden(): never {
    this.refuse("is a getter, or hidden", "Give the value itself.");
  }
}
