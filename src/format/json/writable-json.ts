import { DecodeError } from "../../errors/format-errors.ts";

const ZERO_WITH_SIGN = /-0(?!\.?\d*[1-9])/;
const LONG_EXPONENT = /\d[eE][+-]?\d{3}/;
const LONG_DIGITS = 200;
const LONG_NUMBER = new RegExp(`\\d{${LONG_DIGITS}}`);
/** The number of digits that 200 digits in a row have at least at places this far apart. */
const SAMPLES = 9;
const SAMPLE_STEP = 20;

/**
 * Whether the text may have a number that `JSON.parse` turns into `-0` or Infinity: a zero with a
 * sign, an exponent of three digits, or at least 200 digits. One expression for the three of them
 * would take as long as `JSON.parse` itself.
 */
function hasOddNumber(text: string): boolean {
  if (LONG_EXPONENT.test(text)) return true;
  if (text.includes("-0") && ZERO_WITH_SIGN.test(text)) return true;
  return mayHaveLongNumber(text) && LONG_NUMBER.test(text);
}

function mayHaveLongNumber(text: string): boolean {
  let digits = 0;
  for (let i = 0; i < text.length; i += SAMPLE_STEP) {
    const unit = text.charCodeAt(i);
    digits = unit >= 0x30 && unit <= 0x39 ? digits + 1 : 0;
    if (digits === SAMPLES) return true;
  }
  return false;
}

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
  return hasOddNumber(text) ? writable(value, format, where) : value;
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
