import stringWidth from "string-width";
import { blankedText } from "../errors/visible-text.ts";

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/**
 * Cuts a text to a number of terminal columns, with an ellipsis at the cut, and blanks control
 * characters, which would move the cursor.
 */
export function fitText(raw: string, columns: number): string {
  const text = blankedText(raw);
  if (columns <= 0) return "";
  if (stringWidth(text) <= columns) return text;
  let fitted = "";
  let width = 0;
  for (const { segment } of graphemes.segment(text)) {
    const own = stringWidth(segment);
    if (width + own > columns - 1) break;
    fitted += segment;
    width += own;
  }
  return `${fitted}…`;
}

/** How many terminal columns a text takes. */
export function textWidth(text: string): number {
  return stringWidth(text);
}

/** Cuts or pads a text to exactly this number of columns. */
export function padText(raw: string, columns: number): string {
  const text = fitText(raw, columns);
  return text + " ".repeat(Math.max(0, columns - stringWidth(text)));
}
