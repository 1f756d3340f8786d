const MOST_COLUMNS = 40;

/**
 * Returns rows as lines of aligned columns, below the column names. A cell that is too wide is cut.
 */
export async function tableLines(
  names: readonly string[],
  rows: readonly (readonly string[])[],
  widest = MOST_COLUMNS,
): Promise<readonly string[]> {
  const { fitText, textWidth } = await rulerFor([names, ...rows]);
  const all = [names, ...rows].map((row) => row.map((cell) => fitText(cell, widest)));
  const widths = names.map((_, column) => Math.max(...all.map((row) => textWidth(row[column] ?? ""))));
  return all.map((row) =>
    row
      .map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - textWidth(cell)))
      .join("  ")
      .trimEnd(),
  );
}

/** Measures and cuts texts by the columns that they take on a terminal. */
interface Ruler {
  fitText(text: string, columns: number): string;
  textWidth(text: string): number;
}

/** Every character of ASCII takes one column, and so does the ellipsis at a cut. */
const asciiRuler: Ruler = {
  fitText: (text, columns) => (text.length <= columns ? text : `${text.slice(0, columns - 1)}…`),
  textWidth: ({ length }) => length,
};

/** To load the widths of all characters takes a fifth of the time of an empty process. */
async function rulerFor(rows: readonly (readonly string[])[]): Promise<Ruler> {
  const isAscii = rows.every((row) => row.every((cell) => /^[ -~]*$/.test(cell)));
  return isAscii ? asciiRuler : import("../../display/fit-text.ts");
}
