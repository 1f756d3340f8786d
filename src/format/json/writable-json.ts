import { DecodeError } from "../../errors/format-errors.ts";

/**
 * Matches the numbers that `JSON.parse` may turn into `-0` or Infinity: a zero with a sign, an
 * exponent of three digits, or at least 200 digits.
 */
const ODD_NUMBER = /-0(?!\.?\d*[1-9])|\d[eE][+-]?\d{3}|\d{200}/;

/**
 * Changes a parsed value so that it can be written again: `-0` becomes 0, in arrays and objects
 * too, which are changed in place.
 *
 * @param text - the JSON text of the value. It is searched first: hardly any text has such a
 * number.
 * @param where - the beginning of a message, such as `column "a" holds`.
 * @throws {@link DecodeError} for a number that is too large for JavaScript, which is parsed as
 * Infinity.
 */
export function writableJson(format: string, value: unknown, text: string, where = "there is"): unknown {
  return ODD_NUMBER.test(text) ? writable(value, format, where) : value;
}

/** Like {@link writableJson}, but looks at every value and needs no text. */
export function writable(value: unknown, format: string, where: string): unknown {
  if (value === 0) return 0;
  if (value === Infinity || value === -Infinity)
    throw new DecodeError(format, `${where} a number that is too large for JavaScript`);
  const open: object[] = typeof value === "object" && value !== null ? [value] : [];
  for (let container = open.pop(); container !== undefined; container = open.pop()) {
    const slots = container as Record<string, unknown>;
    for (const key of Object.keys(slots)) {
      const inner = slots[key];
      if (typeof inner === "object" && inner !== null) open.push(inner);
      else if (typeof inner === "number" && !(Number.isFinite(inner) && !Object.is(inner, -0)))
        Object.defineProperty(slots, key, { value: writable(inner, format, where) });
    }
  }
  return value;
}
