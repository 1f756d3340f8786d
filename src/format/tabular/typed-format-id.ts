import type { ColumnType } from "../../table/column.ts";

/**
 * Builds a format id from details that the files themselves do not hold, so that a file is never
 * read in another way than it was written: `csv(tab,int32,float64=12)`.
 *
 * @param words - the details besides the types
 */
export function typedFormatId(name: string, words: readonly string[], types: Iterable<ColumnType>): string {
  const runs: { type: string; length: number }[] = [];
  for (const type of types) {
    const last = runs.at(-1);
    if (last?.type === type) last.length += 1;
    else runs.push({ type, length: 1 });
  }
  const parts = [...words, ...runs.map(({ type, length }) => (length === 1 ? type : `${type}=${length}`))];
  return parts.length === 0 ? name : `${name}(${parts.join(",")})`;
}
