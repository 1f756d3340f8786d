/**
 * What moves a cursor, reorders a line or is not seen at all: control characters, separators of lines, marks of direction, invisible
 * characters, and halves of pairs. Text from a disk, from names and from other people's errors may hold them.
 */
const UNSEEN =
  /\r\n|[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}\u00ad\u200b\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** Text for people, with everything unseen written out (`\u001b`). Line breaks and tabs stay. */
export function visibleText(text: string): string {
  return text.replace(UNSEEN, (found) => (STAYS.has(found) ? found : escaped(found)));
}

/** A carriage return alone would write over its line. */
const STAYS = new Set(["\n", "\r\n", "\t"]);

/** The same on one line: a line break in a value must not look like the end of a message. */
export function visibleLine(text: string): string {
  return text.replace(UNSEEN, (found) => (found === "\t" ? found : escaped(found)));
}

/** The same with `�` for each: for a place that has only so many columns. */
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
