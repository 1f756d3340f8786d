import { wrapperKind } from "../util/wrapper-kind.ts";

/**
 * Holds a parameter that is deliberately outside the recipe, and recorded as such. Created by
 * {@link untracked}.
 */
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
 * Passes a parameter without making it part of the recipe: payloads that differ only in its value
 * count as the same.
 *
 * @example
 * ```ts
 * import { untracked } from "persistable-ts";
 * import { network } from "./pipeline.ts";
 *
 * network({ layers: [64], threads: untracked(8) });
 * ```
 */
export function untracked<Value>(value: Value): Untracked<Value> {
  return new Untracked(value);
}
