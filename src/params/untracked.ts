import { wrapperKind } from "../util/wrapper-kind.ts";

/** A parameter that is deliberately outside the recipe, and recorded as such. Made by {@link untracked}. */
export class Untracked<Value = unknown> {
  static {
    Object.defineProperty(Untracked.prototype, wrapperKind, { value: "untracked" });
  }

  readonly value: Value;

  constructor(value: Value) {
    this.value = value;
    Object.freeze(this);
  }
}

/**
 * Give a parameter without making it part of the recipe: the payload of another value is taken for the same one.
 *
 * @example
 * ```ts
 * embeddings({ model: "small", batchSize: untracked(96) });
 * ```
 */
export function untracked<Value>(value: Value): Untracked<Value> {
  return new Untracked(value);
}
