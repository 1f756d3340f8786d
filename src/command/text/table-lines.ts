import stringWidth from "string-width";
import { fitText, padText } from "../../display/fit-text.ts";

const MOST_COLUMNS = 40;

/**
 * Returns rows as lines of aligned columns, below the column names. A cell that is too wide is cut.
 */
export function tableLines(
  names: readonly string[],
  rows: readonly (readonly string[])[],
  widest = MOST_COLUMNS,
): readonly string[] {
  const all = [names, ...rows].map((row) => row.map((cell) => fitText(cell, widest)));
  const widths = names.map((_, column) => Math.max(...all.map((row) => stringWidth(row[column] ?? ""))));
  return all.map((row) =>
    row
      .map((cell, column) => padText(cell, widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
