const DIGIT_BITS = 16;
const DIGITS = 2 ** DIGIT_BITS;
/** The four digits of a number, the least important one first. */
const DIGIT_COUNT = 4;

/**
 * Returns the places of numbers in their order, the smallest first, or the greatest first if `sign`
 * is -1. Equal numbers stay in their order, and NaN comes last in both directions.
 *
 * A radix sort: the bits of a number, seen as four digits, have its order. For a million numbers it
 * takes a fraction of the time of a sort with a comparison.
 */
export function orderOfNumbers(numbers: Float64Array, sign: 1 | -1): Uint32Array {
  const digits = digitsOf(numbers, sign);
  let places = Uint32Array.from(numbers, (_, place) => place);
  let spare = new Uint32Array(numbers.length);
  for (let digit = 0; digit < DIGIT_COUNT; digit++) {
    const starts = startsOf(digits, digit);
    // All numbers have the same digit: small whole numbers differ in the first two alone.
    if (starts === undefined) continue;
    for (let i = 0; i < places.length; i++) {
      const place = places[i] ?? 0;
      const value = digits[place * DIGIT_COUNT + digit] ?? 0;
      const next = starts[value] ?? 0;
      starts[value] = next + 1;
      spare[next] = place;
    }
    [places, spare] = [spare, places];
  }
  return places;
}

/** Returns for each value of a digit where its numbers begin; `undefined` if there is one value. */
function startsOf(digits: Uint16Array, digit: number): Uint32Array | undefined {
  const starts = new Uint32Array(DIGITS);
  for (let at = digit; at < digits.length; at += DIGIT_COUNT) {
    const value = digits[at] ?? 0;
    starts[value] = (starts[value] ?? 0) + 1;
  }
  const total = digits.length / DIGIT_COUNT;
  let start = 0;
  for (let value = 0; value < DIGITS; value++) {
    const count = starts[value] ?? 0;
    if (count === total) return undefined;
    starts[value] = start;
    start += count;
  }
  return starts;
}

/** Writes each number as digits that have its order. */
function digitsOf(numbers: Float64Array, sign: 1 | -1): Uint16Array {
  const digits = new Uint16Array(numbers.length * DIGIT_COUNT);
  const view = new DataView(new ArrayBuffer(8));
  for (let i = 0; i < numbers.length; i++) {
    // Zero is added, since -0 and 0 are equal and have different bits.
    view.setFloat64(0, sign * (numbers[i] ?? 0) + 0);
    const [high, low] = Number.isNaN(numbers[i]) ? LAST : inOrder(view.getUint32(0), view.getUint32(4));
    const at = i * DIGIT_COUNT;
    digits[at] = low;
    digits[at + 1] = low >>> DIGIT_BITS;
    digits[at + 2] = high;
    digits[at + 3] = high >>> DIGIT_BITS;
  }
  return digits;
}

const LAST = [0xffffffff, 0xffffffff] as const;

/** The bits of negative numbers grow with their distance from zero, so they are reversed. */
function inOrder(high: number, low: number): readonly [number, number] {
  return high >= 0x80000000 ? [~high, ~low] : [high | 0x80000000, low];
}
