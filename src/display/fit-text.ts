import stringWidth from "string-width";
import { blankedText } from "../errors/visible-text.ts";

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** At most so many columns of a terminal; what is cut off is shown by an ellipsis. Without control characters, which would move the cursor. */
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

/** Exactly so many columns. */
export function padText(raw: string, columns: number): string {
  const text = fitText(raw, columns);
  return text + " ".repeat(Math.max(0, columns - stringWidth(text)));
}
