/** A name that differs in more characters than this was not a typing mistake. */
const MOST_EDITS = 3;

/** Returns the known name that the user most likely meant; `undefined` if none is similar. */
export function suggest(given: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let fewest = Math.min(MOST_EDITS, Math.ceil(given.length / 2)) + 1;
  for (const name of known) {
    const edits = countEdits(given.toLowerCase(), name.toLowerCase());
    if (edits >= fewest) continue;
    best = name;
    fewest = edits;
  }
  return best;
}

/** ` Did you mean estimator?`, or nothing. */
export function didYouMean(given: string, known: Iterable<string>): string {
  const name = suggest(given, known);
  return name === undefined ? "" : ` Did you mean ${name}?`;
}

/**
 * Counts inserted, removed, replaced and swapped characters (the optimal string alignment
 * distance).
 */
function countEdits(one: string, other: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, j) => j);
  for (let i = 1; i <= one.length; i++) {
    const row = [i];
    for (let j = 1; j <= other.length; j++) {
      const replaced = at(last, j - 1) + (one[i - 1] === other[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      const swapped = isSwap ? at(beforeLast, j - 2) + 1 : Number.POSITIVE_INFINITY;
      row.push(Math.min(replaced, at(last, j) + 1, at(row, j - 1) + 1, swapped));
    }
    beforeLast = last;
    last = row;
  }
  return at(last, other.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
