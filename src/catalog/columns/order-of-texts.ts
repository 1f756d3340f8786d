import { compareTexts } from "../query/sort-entries.ts";
import { orderOfNumbers } from "./order-of-numbers.ts";

/** As few texts as this are compared with each other. */
const FEW_TEXTS = 512;

/**
 * Returns the places of texts in their order, which is that of `<`.
 *
 * A few characters of each text are sorted as one number: those behind the beginning that all have
 * in common. Texts with the same number are sorted by the characters that follow. For a million
 * texts it takes a fraction of the time of a sort with a comparison.
 */
export function orderOfTexts(texts: readonly string[]): Uint32Array {
  const order = new Uint32Array(texts.length);
  for (let place = 0; place < order.length; place++) order[place] = place;
  // A list instead of a recursion: texts may begin alike for longer than the stack is deep.
  const parts = [{ places: order, offset: 0 }];
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    const { places } = part;
    if (places.length <= FEW_TEXTS) {
      places.sort((one, other) => compareTexts(texts[one] ?? "", texts[other] ?? ""));
      continue;
    }
    const offset = commonEnd(texts, places, part.offset);
    const { numbers, width } = numbersOf(texts, places, offset);
    const before = places.slice();
    const sorted = orderOfNumbers(numbers, 1);
    for (let i = 0; i < places.length; i++) places[i] = before[sorted[i] ?? 0] ?? 0;
    for (let start = 0, end = 1; start < places.length; start = end++) {
      const number = numbers[sorted[start] ?? 0] ?? 0;
      while (end < places.length && numbers[sorted[end] ?? 0] === number) end += 1;
      // Texts that have ended are equal.
      if (end - start > 1 && number > 0) parts.push({ places: places.subarray(start, end), offset: offset + width });
    }
  }
  return order;
}

/** The place up to which all of these texts are equal. */
function commonEnd(texts: readonly string[], places: Uint32Array, offset: number): number {
  const first = texts[places[0] ?? 0] ?? "";
  let end = first.length;
  for (let i = 1; i < places.length && end > offset; i++) {
    const text = texts[places[i] ?? 0] ?? "";
    let at = offset;
    while (at < end && at < text.length && text.charCodeAt(at) === first.charCodeAt(at)) at += 1;
    end = at;
  }
  return Math.max(offset, end);
}

/** A number has 53 bits: room for six characters of 8 bits each, or for three of any kind. */
const NARROW = { width: 6, base: 2 ** 8 };
const WIDE = { width: 3, base: 2 ** 17 };

/**
 * Writes the next characters of each text as a number. The end of a text counts as 0, so that a
 * shorter text comes first.
 */
function numbersOf(texts: readonly string[], places: Uint32Array, offset: number) {
  const { width, base } = areNarrow(texts, places, offset) ? NARROW : WIDE;
  const numbers = new Float64Array(places.length);
  for (let i = 0; i < places.length; i++) {
    const text = texts[places[i] ?? 0] ?? "";
    let number = 0;
    for (let at = offset; at < offset + width; at++)
      number = number * base + (at < text.length ? text.charCodeAt(at) + 1 : 0);
    numbers[i] = number;
  }
  return { numbers, width };
}

function areNarrow(texts: readonly string[], places: Uint32Array, offset: number): boolean {
  for (let i = 0; i < places.length; i++) {
    const text = texts[places[i] ?? 0] ?? "";
    const end = Math.min(text.length, offset + NARROW.width);
    for (let at = offset; at < end; at++) if (text.charCodeAt(at) + 1 >= NARROW.base) return false;
  }
  return true;
}
