import { InvalidSweepError } from "../../errors/pipeline-errors.ts";
import { itemAt } from "../item-at.ts";

/** Values that a sweep goes through. Made by {@link axis}, {@link linear} and {@link logarithmic}; an array in a grid is one too. */
export class Axis<out Value = unknown> {
  readonly length: number;
  readonly #valueAt: (index: number) => Value;

  /** @internal */
  constructor(length: number, valueAt: (index: number) => Value) {
    this.length = length;
    this.#valueAt = valueAt;
    Object.freeze(this);
  }

  /** The value at an index from 0 to below `length`. */
  at(index: number): Value {
    return this.#valueAt(index);
  }
}

/** One value, which is an array and no axis. Made by {@link fixed}. */
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

/** A range of numbers that random samples draw from. Made by {@link uniform} and {@link logUniform}. */
export class Continuous {
  readonly #numberAt: (share: number) => number;

  /** @internal */
  constructor(numberAt: (share: number) => number) {
    this.#numberAt = numberAt;
    Object.freeze(this);
  }

  /** The number for a share from 0 to below 1. */
  at(share: number): number {
    return this.#numberAt(share);
  }
}

/**
 * An axis of a grid: one point for each value. The same as an array in the grid, and needed where the parameter itself is an array, and in functions.
 *
 * A value that stands there twice counts once.
 *
 * @example
 * ```ts
 * sweep(network, { layers: axis([[64], [64, 32]]), rate: [0.1, 0.01] });
 * ```
 */
export function axis<Value>(values: Iterable<Value>): Axis<Value> {
  // -0 and 0 are different params, and one value to a Set.
  const distinct = new Map<unknown, Value>();
  for (const value of values) distinct.set(Object.is(value, -0) ? NEGATIVE_ZERO : value, value);
  return listed([...distinct.values()]);
}

const NEGATIVE_ZERO = Symbol("-0");

/** An axis of exactly these values, repeated ones too. */
export function listed<Value>(values: readonly Value[]): Axis<Value> {
  return new Axis(values.length, (index) => itemAt(values, index));
}

/**
 * One value of a grid, taken as it is: for a parameter that is an array.
 *
 * @example
 * ```ts
 * sweep(network, { layers: fixed([64, 32]), rate: [0.1, 0.01] });
 * ```
 */
export function fixed<Value>(value: Value): Fixed<Value> {
  return new Fixed(value);
}

/**
 * `count` numbers at equal distances, both ends among them; fractions are rounded to 15 digits, so that 0.3 is 0.3.
 *
 * @throws {@link InvalidSweepError} where an end is not finite, or `count` no whole number from 1.
 *
 * @example
 * ```ts
 * linear(0, 1, 5); // 0, 0.25, 0.5, 0.75, 1
 * ```
 */
export function linear(from: number, to: number, count: number): Axis<number> {
  assertRange("linear", from, to, count);
  return new Axis(count, (index) => {
    if (index === 0) return from;
    if (index === count - 1) return to;
    // Not from + index * step: a rounded step would be wrong index times over.
    const value = from + (index * (to - from)) / (count - 1);
    return Number.isInteger(value) ? value : Number(value.toPrecision(15));
  });
}

/**
 * `count` numbers with equal ratios, both ends among them, rounded to 12 digits.
 *
 * @throws {@link InvalidSweepError} where an end is not above 0, or `count` no whole number from 1.
 *
 * @example
 * ```ts
 * logarithmic(1e-4, 1, 5); // 0.0001, 0.001, 0.01, 0.1, 1
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
 * Any number from `low` to below `high`, each as likely; for random samples only.
 *
 * @throws {@link InvalidSweepError} where an end is not finite.
 *
 * @example
 * ```ts
 * sweep(network, { dropout: uniform(0, 0.5) }, { sample: { count: 20, seed: 1 } });
 * ```
 */
export function uniform(low: number, high: number): Continuous {
  assertRange("uniform", low, high, 1);
  return new Continuous((share) => low + share * (high - low));
}

/**
 * Any number from `low` to `high`, each order of magnitude as likely, rounded to 12 digits; for random samples only.
 *
 * @throws {@link InvalidSweepError} where an end is not above 0.
 *
 * @example
 * ```ts
 * sweep(network, { rate: logUniform(1e-5, 1e-1) }, { sample: { count: 20, seed: 1 } });
 * ```
 */
export function logUniform(low: number, high: number): Continuous {
  assertRange("logUniform", low, high, 1);
  assertAboveZero("logUniform", low, high);
  return new Continuous((share) => between(low, high, share));
}

/** Powers and logarithms may differ in their last digits from one engine to another, and params may not: they are in addresses. */
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
