import { visibleText } from "../../errors/visible-text.ts";

/**
 * Returns an answer whose texts can be shown. Characters that are invisible, or that reorder a
 * line, become escapes: names and values come from a disk, and may pretend to be something else.
 */
export function visible(value: unknown): unknown {
  if (typeof value === "string") return visibleText(value);
  if (Array.isArray(value)) return value.map(visible);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [visibleText(key), visible(inner)]));
}
