import { InvalidSweepError } from "../../errors/pipeline-errors.ts";
import { itemAt } from "../item-at.ts";

/**
 * The values of one parameter in a sweep. Made by {@link axis}, {@link linear} and
 * {@link logarithmic}; an array in a grid is an axis as well.
 */
export class Axis<out Value = unknown> {
  readonly length: number;
  readonly #valueAt: (index: number) => Value;

  /** @internal */
  constructor(length: number, valueAt: (index: number) => Value) {
    this.length = length;
    this.#valueAt = valueAt;
    Object.freeze(this);
  }

  /** Returns the value at an index from 0 to below `length`. */
  at(index: number): Value {
    return this.#valueAt(index);
  }
}

/** A single value, even if it is an array. Made by {@link fixed}. */
export class Fixed<out Value = unknown> {
  readonly #value: Value;

  /** @internal */
  constructor(value: Value) {
    this.#value = value;
    Object.freeze(this);
  }

  /** The value itself. */
  get value(): Value {
    return this.#value;
  }
}

/**
 * A range of numbers that random samples draw from. Made by {@link uniform} and {@link logUniform}.
 */
export class Continuous {
  readonly #numberAt: (share: number) => number;

  /** @internal */
  constructor(numberAt: (share: number) => number) {
    this.#numberAt = numberAt;
    Object.freeze(this);
  }

  /** Returns the number at a share of the range, from 0 to below 1. */
  at(share: number): number {
    return this.#numberAt(share);
  }
}

/**
 * Makes an axis of a grid, with one point for each value. An array in the grid means the same;
 * `axis` is needed for a parameter that is itself an array.
 *
 * A value that occurs twice counts once.
 *
 * @example
 * ```ts
 * import { axis, sweep } from "persistable-ts/pipeline";
 * import { network } from "./pipeline.ts";
 *
 * sweep(network, { layers: axis([[64], [64, 32]]), rate: [0.1, 0.01] });
 * ```
 */
export function axis<Value>(values: Iterable<Value>): Axis<Value> {
  // -0 and 0 are different params, but the same value to a Set.
  const distinct = new Map<unknown, Value>();
  for (const value of values) distinct.set(Object.is(value, -0) ? NEGATIVE_ZERO : value, value);
  return listed([...distinct.values()]);
}

const NEGATIVE_ZERO = Symbol("-0");

/** An axis of exactly these values, including repeated ones. */
export function listed<Value>(values: readonly Value[]): Axis<Value> {
  return new Axis(values.length, (index) => itemAt(values, index));
}

/**
 * Marks a single value of a grid. It is needed for a parameter that is an array, since an array in
 * the grid would be an axis.
 *
 * @example
 * ```ts
 * import { fixed, sweep } from "persistable-ts/pipeline";
 * import { network } from "./pipeline.ts";
 *
 * sweep(network, { layers: fixed([64, 32]), rate: [0.1, 0.01] });
 * ```
 */
export function fixed<Value>(value: Value): Fixed<Value> {
  return new Fixed(value);
}

/**
 * Makes an axis of `count` numbers at equal distances, with both ends. Fractions are rounded to 15
 * digits, so that 0.3 is not 0.30000000000000004.
 *
 * @throws {@link InvalidSweepError} if an end is not finite, or if `count` is not a whole number
 * from 1
 *
 * @example
 * ```ts
 * import { linear, sweep } from "persistable-ts/pipeline";
 * import { network } from "./pipeline.ts";
 *
 * sweep(network, { dropout: linear(0, 0.5, 6) }); // 0, 0.1, 0.2, 0.3, 0.4, 0.5
 * ```
 */
export function linear(from: number, to: number, count: number): Axis<number> {
  assertRange("linear", from, to, count);
  return new Axis(count, (index) => {
    if (index === 0) return from;
    if (index === count - 1) return to;
    // Not from + index * step: that would multiply the rounding error of the step.
    const value = from + (index * (to - from)) / (count - 1);
    return Number.isInteger(value) ? value : Number(value.toPrecision(15));
  });
}

/**
 * Makes an axis of `count` numbers with equal ratios, with both ends. The numbers between the ends
 * are rounded to 12 digits.
 *
 * @throws {@link InvalidSweepError} if an end is not above 0, or if `count` is not a whole number
 * from 1
 *
 * @example
 * ```ts
 * import { logarithmic, sweep } from "persistable-ts/pipeline";
 * import { network } from "./pipeline.ts";
 *
 * sweep(network, { rate: logarithmic(1e-4, 1, 5) }); // 0.0001, 0.001, 0.01, 0.1, 1
 * ```
 */
export function logarithmic(from: number, to: number, count: number): Axis<number> {
  assertRange("logarithmic", from, to, count);
  assertAboveZero("logarithmic", from, to);
  return new Axis(count, (index) => {
    if (index === 0) return from;
    return index === count - 1 ? to : between(from, to, index / (count - 1));
  });
}

/**
 * Makes a range from which a random sample draws: all numbers from `low` to below `high` are
 * equally likely.
 *
 * @throws {@link InvalidSweepError} if an end is not finite
 *
 * @example
 * ```ts
 * import { sweep, uniform } from "persistable-ts/pipeline";
 * import { network } from "./pipeline.ts";
 *
 * sweep(network, { dropout: uniform(0, 0.5) }, { sample: { count: 20, seed: 1 } });
 * ```
 */
export function uniform(low: number, high: number): Continuous {
  assertRange("uniform", low, high, 1);
  return new Continuous((share) => low + share * (high - low));
}

/**
 * Makes a range from which a random sample draws: all orders of magnitude from `low` to `high` are
 * equally likely. The numbers are rounded to 12 digits.
 *
 * @throws {@link InvalidSweepError} if an end is not above 0
 *
 * @example
 * ```ts
 * import { logUniform, sweep } from "persistable-ts/pipeline";
 * import { network } from "./pipeline.ts";
 *
 * sweep(network, { rate: logUniform(1e-5, 1e-1) }, { sample: { count: 20, seed: 1 } });
 * ```
 */
export function logUniform(low: number, high: number): Continuous {
  assertRange("logUniform", low, high, 1);
  assertAboveZero("logUniform", low, high);
  return new Continuous((share) => between(low, high, share));
}

/**
 * The number at a share of a logarithmic range. JavaScript engines may compute powers with other
 * last digits, so the number is rounded: it is in the address, which must be the same on every
 * machine.
 */
function between(from: number, to: number, share: number): number {
  return Number((from * (to / from) ** share).toPrecision(12));
}

function assertRange(name: string, from: number, to: number, count: number): void {
  if (!Number.isFinite(to - from))
    throw new InvalidSweepError(`${name}(${from}, ${to})`, "does not go from one finite number to another", "");
  if (!Number.isSafeInteger(count) || count < 1)
    throw new InvalidSweepError(
      `${name}(${from}, ${to}, ${count})`,
      "has no whole number of values",
      "Give a count from 1.",
    );
}

function assertAboveZero(name: string, from: number, to: number): void {
  if (from > 0 && to > 0 && Number.isFinite(to / from)) return;
  throw new InvalidSweepError(`${name}(${from}, ${to})`, "has an end that has no logarithm", "Give two above 0.");
}
