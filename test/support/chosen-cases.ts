/**
 * Whether tests try every case that they list. CI and the long tests do; `npm test` tries a share
 * of them, so that it ends within minutes.
 */
export const triesAllCases = process.env.PERSISTABLE_TEST_ALL_CASES === "1";

/**
 * The cases to try: by default every nth one. Where cases combine several lists, an `every` without
 * a factor in common with the length of the innermost list reaches each of its values.
 */
export function chosenCases<Case>(cases: readonly Case[], every: number): Case[] {
  return cases.filter((_, index) => triesAllCases || index % every === 0);
}
