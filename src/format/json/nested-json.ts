import { DecodeError } from "../../errors/format-errors.ts";
import type { DecodeLimits } from "../format.ts";
import { decodeJson } from "./decode-json.ts";

const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
/** From so many digits on, a number may be beyond all numbers of JavaScript without an exponent. */
const MANY_DIGITS = 300;

/**
 * The value of a cell that holds JSON text. It is one that could be written again: JSON's `-0` is read as 0.
 *
 * @throws {@link DecodeError} for what is no JSON, and for a number that is too large for JavaScript, which would be read as Infinity; {@link DecodeLimitError}
 */
export function decodeNestedJson(format: string, column: string, text: Uint8Array, limits: DecodeLimits): unknown {
  let value: unknown;
  try {
    value = decodeJson(text, limits);
  } catch (cause) {
    if (!(cause instanceof DecodeError)) throw cause;
    throw new DecodeError(format, `column ${JSON.stringify(column)} holds what is no JSON (${cause.message})`, {
      cause,
    });
  }
  return mayHoldOddNumber(text) ? writable(value, format, column) : value;
}

/** A value of JSON text as it could be written again, see {@link decodeNestedJson}. Changes arrays and objects in their place. */
export function writable(value: unknown, format: string, column: string): unknown {
  if (value === 0) return 0;
  if (value === Infinity || value === -Infinity)
    throw new DecodeError(format, `column ${JSON.stringify(column)} holds a number that is too large for JavaScript`);
  const open: object[] = typeof value === "object" && value !== null ? [value] : [];
  for (let container = open.pop(); container !== undefined; container = open.pop()) {
    const slots = container as Record<string, unknown>;
    for (const key of Object.keys(slots)) {
      const inner = slots[key];
      if (typeof inner === "object" && inner !== null) open.push(inner);
      else if (typeof inner === "number" && !(Number.isFinite(inner) && !Object.is(inner, -0)))
        Object.defineProperty(slots, key, { value: writable(inner, format, column) });
    }
  }
  return value;
}

/** Whether there is anything like `-0` or an exponent, also in a text: nearly never, and then the value itself is looked at. */
function mayHoldOddNumber(text: Uint8Array): boolean {
  let digits = 0;
  for (let i = 0; i < text.length; i++) {
    const byte = text[i] ?? 0;
    if (byte < ZERO || byte > NINE) {
      // e or E
      if (digits > 0 && (byte | 0x20) === 0x65) return true;
      digits = 0;
      continue;
    }
    digits += 1;
    if ((byte === ZERO && text[i - 1] === MINUS) || digits > MANY_DIGITS) return true;
  }
  return false;
}
