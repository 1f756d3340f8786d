import { encodeTagged } from "../../canonical/tagged-json.ts";
import { visibleLine } from "../../errors/visible-text.ts";
import { isPlainObject } from "../../util/fields-of.ts";

/**
 * JSON on one line. What JSON cannot hold is tagged as in records (`{"$number":"NaN"}`); fields
 * that are undefined are left out. Characters that a terminal would act on are escaped, which
 * changes nothing for a reader of JSON.
 */
export function encodeJson(value: unknown): string {
  return visibleLine(JSON.stringify(toPlain(value)));
}

function toPlain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toPlain);
  if (isPlainObject(value)) {
    const entries = Object.entries(value).filter(([, field]) => field !== undefined);
    return Object.fromEntries(entries.map(([key, field]) => [key, toPlain(field)]));
  }
  if (typeof value === "string" || typeof value === "boolean" || value === null) return value;
  return tagged(value);
}

/** An instance of a user's class cannot be tagged without its codec, so a text says what it is. */
function tagged(value: unknown): unknown {
  try {
    return encodeTagged(value);
  } catch {
    return String(value);
  }
}
