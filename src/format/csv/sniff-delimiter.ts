import type { CsvDelimiter } from "./csv-layout.ts";

/** The number of lines that are looked at. */
const LINES = 50;

/**
 * Guesses the delimiter from the beginning of a file: the one that most lines have as often as the
 * first line has it, and of several the one that comes most often. Text in quotes does not count.
 */
export function sniffDelimiter(beginning: string, comment?: string): CsvDelimiter {
  const lines = withoutQuoted(beginning)
    .split(/\r\n|\n|\r/)
    .filter((line) => line !== "" && (comment === undefined || !line.startsWith(comment)))
    .slice(0, LINES);
  let best: CsvDelimiter = ",";
  let bestScore = 0;
  for (const delimiter of delimiters) {
    const counts = lines.map((line) => line.split(delimiter).length - 1);
    const [inFirst = 0] = counts;
    if (inFirst === 0) continue;
    const alike = counts.filter((count) => count === inFirst).length / counts.length;
    const score = alike + Math.min(inFirst, 1000) / 1000;
    if (score > bestScore) [best, bestScore] = [delimiter, score];
  }
  return best;
}

const delimiters: readonly CsvDelimiter[] = [",", ";", "\t", "|"];

function withoutQuoted(text: string): string {
  return text.replace(/"[^"]*"/g, "");
}
