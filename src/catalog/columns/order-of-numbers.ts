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
  let places = new Uint32Array(numbers.length);
  for (let place = 0; place < places.length; place++) places[place] = place;
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
  const number = new Float64Array(1);
  const words = new Uint32Array(2);
  const bits = new Uint32Array(number.buffer);
  for (let i = 0; i < numbers.length; i++) {
    // Zero is added, since -0 and 0 are equal and have different bits.
    number[0] = sign * (numbers[i] ?? 0) + 0;
    const high = bits[HIGH] ?? 0;
    const low = bits[1 - HIGH] ?? 0;
    const isLast = Number.isNaN(numbers[i]);
    // The bits of negative numbers grow with their distance from zero, so they are reversed.
    const isNegative = high >= 0x80000000;
    words[0] = isLast ? 0xffffffff : isNegative ? ~low : low;
    words[1] = isLast ? 0xffffffff : isNegative ? ~high : high | 0x80000000;
    const at = i * DIGIT_COUNT;
    for (let word = 0; word < 2; word++) {
      const value = words[word] ?? 0;
      digits[at + word * 2] = value;
      digits[at + word * 2 + 1] = value >>> DIGIT_BITS;
    }
  }
  return digits;
}

/** The place of the more important half of a number, which depends on the processor. */
const HIGH = new Uint32Array(new Float64Array([1]).buffer)[0] === 0 ? 1 : 0;
