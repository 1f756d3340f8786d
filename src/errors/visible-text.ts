/**
 * Characters that move a cursor, reorder a line or are invisible: control characters, line
 * separators, marks of direction, invisible characters, and halves of surrogate pairs. Text from a
 * disk, from names and from foreign errors may hold them.
 */
const UNSEEN =
  /\r\n|[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}\u00ad\u200b\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/**
 * Most text is ASCII and has nothing unseen. To look for these takes a tenth of the time that the
 * classes of Unicode take.
 */
const MAY_HIDE = /[^\n\t\x20-\x7e]/;
const MAY_HIDE_OR_BREAK = /[^\t\x20-\x7e]/;

/**
 * Returns text for people, with everything unseen escaped (`\u001b`). Line breaks and tabs stay.
 */
export function visibleText(text: string): string {
  if (!MAY_HIDE.test(text)) return text;
  return text.replace(UNSEEN, (found) => (STAYS.has(found) ? found : escaped(found)));
}

/** A carriage return alone is escaped: it would overwrite its line. */
const STAYS = new Set(["\n", "\r\n", "\t"]);

/**
 * Like {@link visibleText}, but escapes line breaks too: one in a value must not look like the end
 * of a message.
 */
export function visibleLine(text: string): string {
  if (!MAY_HIDE_OR_BREAK.test(text)) return text;
  return text.replace(UNSEEN, (found) => (found === "\t" ? found : escaped(found)));
}

/** Replaces each unseen character with `�`, for places with a limited number of columns. */
export function blankedText(text: string): string {
  return text.replace(UNSEEN, (found) => (found === "\r\n" ? "\ufffd\ufffd" : "\ufffd"));
}

function escaped(found: string): string {
  return Array.from({ length: found.length }, (_, i) => escapedUnit(found.charAt(i))).join("");
}

function escapedUnit(unit: string): string {
  if (unit === "\n") return "\\n";
  if (unit === "\r") return "\\r";
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
